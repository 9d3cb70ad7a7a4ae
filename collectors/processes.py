"""Running agents and MCP servers as instances, one per process tree, from the process table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import cast

from agent.records import Evidence, Instance, McpServer, record_id, redact
from collectors.contract import Context, Observation, Scope, Watcher
from collectors.programs import Programs
from collectors.recognise import AgentSignatures, Definitions, looks_like_server
from collectors.sources.processes import ProcessRow, ProcessTable, Sweep

NAME = "processes"


@dataclass(frozen=True, slots=True)
class _Judged:
    """One process and what it was recognised as."""

    row: ProcessRow
    agent: str | None = None
    servers: tuple[McpServer, ...] = ()
    package: str | None = None

    @property
    def is_server(self) -> bool:
        return self.agent is None and (bool(self.servers) or looks_like_server(self.package))

    @property
    def interesting(self) -> bool:
        return self.agent is not None or self.is_server

    def same_program(self, other: _Judged) -> bool:
        """Whether both are the same agent, or share a package or a definition."""
        if self.agent or other.agent:
            return self.agent == other.agent
        if not (self.is_server and other.is_server):
            return False
        shared = {server.id for server in self.servers} & {server.id for server in other.servers}
        return bool(shared) or (self.package is not None and self.package == other.package)


class _Judge:
    """Recognises processes with the definitions known at one time."""

    def __init__(self, context: Context) -> None:
        self._programs = Programs(context.files)
        self._agents = AgentSignatures(context.catalog)
        self._definitions = Definitions(_servers(context))

    def __call__(self, row: ProcessRow) -> _Judged:
        package = self._programs.package(row)
        agent = self._agents.match(row, package)
        servers = () if agent else tuple(self._definitions.match(row, package))
        judged = _Judged(row, agent, servers, package)
        # Ten thousand command lines that are of no interest need not be kept.
        return judged if judged.interesting else _Judged(replace(row, argv=(), exe=None, cwd=None))


class ProcessCollector:
    """Looks closely only at processes that are new since the last look."""

    name = NAME

    def __init__(self, table: ProcessTable | None = None) -> None:
        self._table = table or ProcessTable()
        self._judge: _Judge | None = None
        self._judged: dict[int, _Judged] = {}
        self._sweep = Sweep()
        self._known: object = None
        self._told: dict[Scope, Instance] = {}

    def collect(self, context: Context) -> Iterator[Observation]:
        if not context.live:
            return
        self._forget()
        self._look(context)
        self._told = dict(self._instances(context))
        for scope, instance in self._told.items():
            yield Observation(scope, (instance,))

    def refresh(self, context: Context, scopes: Iterable[Scope]) -> Iterator[Observation]:
        return self.poll(context)

    def poll(self, context: Context) -> Iterator[Observation]:
        if not context.live or not self._look(context):
            return
        told = dict(self._instances(context))
        for scope in self._told.keys() - told.keys():
            yield Observation(scope)
        for scope, instance in told.items():
            if scope not in self._told or not self._told[scope].same_facts(instance):
                yield Observation(scope, (instance,))
        self._told = told

    def depends_on(self, context: Context) -> object:
        return tuple(sorted((server.id, server.launch_hash) for server in _servers(context)))

    def watch(self, notify: Callable[[Scope | None], None]) -> Watcher | None:
        return None

    def _look(self, context: Context) -> bool:
        """Bring the judged processes up to date; whether an interesting one came, went or changed."""
        known = self.depends_on(context)
        if self._judge is None or known != self._known:
            self._judge, self._known = _Judge(context), known
            self._forget()
        rows, gone, self._sweep = self._table.changes(self._sweep)
        left = [self._judged.pop(key.pid, None) for key in gone]
        before = [self._judged.get(row.pid) for row in rows]
        self._judged.update((row.pid, self._judge(row)) for row in rows)
        touched = [*left, *before, *(self._judged[row.pid] for row in rows)]
        return any(judged.interesting for judged in touched if judged)

    def _forget(self) -> None:
        """Look at every process as if it were new."""
        self._judged.clear()
        self._sweep = Sweep()

    def _instances(self, context: Context) -> Iterator[tuple[Scope, Instance]]:
        trees: dict[int, list[_Judged]] = {}
        for judged in self._judged.values():
            if judged.interesting:
                trees.setdefault(self._top(judged).row.pid, []).append(judged)
        for pid, members in trees.items():
            top = self._judged[pid]
            instance = self._instance(context, top, members)
            yield Scope(NAME, top.row.owner or "", f"{pid}:{top.row.started:.2f}"), instance

    def _ancestors(self, judged: _Judged) -> Iterator[_Judged]:
        seen = {judged.row.pid}
        above = self._judged.get(judged.row.ppid)
        while above and above.row.pid not in seen:
            yield above
            seen.add(above.row.pid)
            above = self._judged.get(above.row.ppid)

    def _top(self, judged: _Judged) -> _Judged:
        """The outermost process of the same tree: a launcher such as npx stands above the server it starts."""
        top = judged
        for above in self._ancestors(judged):
            if above.same_program(judged):
                top = above
            elif above.agent:
                break
        return top

    def _parent_agent(self, judged: _Judged) -> _Judged | None:
        for above in self._ancestors(judged):
            if above.agent and above.agent != judged.agent:
                return self._top(above)
        return None

    def _instance(self, context: Context, top: _Judged, members: list[_Judged]) -> Instance:
        parent = self._parent_agent(top)
        servers = _joined(members, parent)
        package = next((judged.package for judged in members if judged.package), None)
        row = top.row
        return Instance.of(
            endpoint_id=context.endpoint_id,
            owner=row.owner,
            evidence=Evidence(collector=NAME, source=f"pid:{row.pid}", confidence="confirmed"),
            subject="agent" if top.agent else "mcp_server",
            agent=top.agent or (parent.agent if parent else None),
            name=top.agent or (servers[0].name if servers else package or "unknown"),
            server_ids=tuple(sorted(server.id for server in servers)),
            package=package,
            pid=row.pid,
            pids=tuple(sorted(judged.row.pid for judged in members)),
            started_at=_time(row),
            parent_id=_instance_id(context, parent.row) if parent else None,
            uid=row.uid,
            exe=row.exe,
            args=redact.argv(row.argv[1:]).args,
            cwd=row.cwd,
        )


def _joined(members: list[_Judged], parent: _Judged | None) -> list[McpServer]:
    """The definitions of this owner the tree is an instance of; those of the agent it runs under come first."""
    owner = members[0].row.owner
    found = {s.id: s for judged in members for s in judged.servers if s.owner in (owner, None)}
    of_parent = [server for server in found.values() if parent and server.agent == parent.agent]
    return of_parent or list(found.values())


def _servers(context: Context) -> Iterator[McpServer]:
    return (cast(McpServer, record) for record in context.view.records("mcp_server"))


def _time(row: ProcessRow) -> datetime:
    return datetime.fromtimestamp(round(row.started, 2), UTC)


def _instance_id(context: Context, row: ProcessRow) -> str:
    return record_id("instance", context.endpoint_id, row.pid, _time(row))
