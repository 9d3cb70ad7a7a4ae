"""Running agents and MCP servers as instances, one per process tree, from process events or else from sweeps."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, cast

from agent.records import AiAgent, Diagnostic, Evidence, Instance, McpServer, Record
from agent.records.ai_agent import ClientKey
from collectors.contract import Collector, Context, Observation, Scope, Watcher
from collectors.processes.classifier import Classifier, Judged
from collectors.processes.command import is_title
from collectors.processes.instances import NAME, instance, is_instance
from collectors.processes.quota import Quota
from collectors.processes.tree import ProcessTree
from collectors.sources.process.row import ProcessKey, ProcessRow
from collectors.sources.process.table import ProcessTable, Sweep

if TYPE_CHECKING:
    from collectors.processes.watch import ProcessWatch
    from collectors.sources.process.events import ProcessEvent


class ProcessCollector(Collector):
    """Looks closely only at processes that are new. With process events none is missed between two sweeps."""

    name = NAME
    settles = False

    def __init__(self, table: ProcessTable | None = None) -> None:
        self._table = table or ProcessTable()
        self._tree = ProcessTree()
        self._sweep = Sweep()
        self._judge: Classifier | None = None
        self._known: object = None
        self._told: dict[Scope, tuple[Record, ...]] = {}
        self._watch: ProcessWatch | None = None
        self._ended: list[int] = []

    def collect(self, context: Context) -> Iterator[Observation]:
        if not context.live:
            return
        known = [judged.row for judged in self._tree.judged.values() if judged.interesting] if self._watch else []
        self._forget()
        self._look(context)
        # A full collection answers for the events that wait too: nobody may come back for them.
        for event in self._watch.drain() if self._watch else ():
            self._take_in(event)
        self._keep(known)
        self._told = dict(self._trees(context))
        for scope, records in self._told.items():
            yield Observation(scope, records)
        if self._watch and self._ended:
            self._watch.again()

    def refresh(self, context: Context, scopes: Iterable[Scope]) -> Iterator[Observation]:
        """Take in the process events that wait; what ended before it could be told is told once, then taken back."""
        if context.live and self._watch:
            self._prepare(context)
            ended = [self._tree.drop(pid) for pid in self._ended]
            self._ended.clear()
            changes = [self._take_in(event) for event in self._watch.drain()]
            if any(changes) or any(ended):
                yield from self._changes(context)
            if self._ended:
                self._watch.again()

    def poll(self, context: Context) -> Iterator[Observation]:
        if context.live and self._look(context):
            yield from self._changes(context)

    def depends_on(self, context: Context) -> object:
        servers = tuple(sorted((server.id, server.launch_hash) for server in _servers(context)))
        return servers, _present(context)

    def watch(self, notify: Callable[[Scope | None], None]) -> Watcher | None:
        if sys.platform == "linux":
            from collectors.processes.watch import ProcessWatch

            self._watch = ProcessWatch.start(notify, self._table)
        return self._watch

    def _changes(self, context: Context) -> Iterator[Observation]:
        told = dict(self._trees(context))
        for scope in self._told.keys() - told.keys():
            yield Observation(scope)
        for scope, records in told.items():
            before = self._told.get(scope, ())
            if len(before) != len(records) or not all(map(Record.same_facts, before, records)):
                yield Observation(scope, records)
        self._told = told

    def _look(self, context: Context) -> bool:
        """Bring the tree up to date by a sweep; whether an interesting process came, went or changed."""
        self._prepare(context)
        came: list[bool] = []
        left: list[bool] = []
        self._sweep = self._table.follow(
            self._sweep, lambda row: came.append(self._put(row)), lambda key: left.append(self._dropped(key))
        )
        return any(came) or any(left)

    def _dropped(self, key: ProcessKey) -> bool:
        judged = self._tree.drop(key.pid)
        return judged is not None and _matters(judged)

    def _take_in(self, event: ProcessEvent) -> bool:
        """Follow one process event; whether an instance came, went or changed by it."""
        if event.kind == "fork" and event.parent is not None:
            self._tree.forked(event.pid, event.parent)
        elif event.kind == "exec" and event.row:
            return self._put(event.row)
        elif event.kind == "exit":
            judged = self._tree.judged.get(event.pid)
            if judged and judged.interesting and not self._is_told(event.pid):
                self._ended.append(event.pid)
                return True
            judged = self._tree.drop(event.pid)
            return judged is not None and judged.interesting
        return False

    def _put(self, row: ProcessRow) -> bool:
        assert self._judge is not None
        before = self._tree.judged.get(row.pid)
        judged = self._judge(_as_started(row, before))
        self._tree.put(judged)
        agent_works = before is None and self._tree.started(judged)
        return agent_works or _matters(judged) or (before is not None and _matters(before))

    def _is_told(self, pid: int) -> bool:
        return any(pid in r.pids for records in self._told.values() for r in records if isinstance(r, Instance))

    def _prepare(self, context: Context) -> None:
        """A judge that knows today's definitions; with other ones every process is looked at as if it were new."""
        known = self.depends_on(context)
        if self._judge is None or known != self._known:
            self._judge, self._known = Classifier(context, _servers(context), _present(context)), known
            self._forget()

    def _forget(self) -> None:
        self._tree.clear()
        self._sweep = Sweep()

    def _keep(self, rows: Iterable[ProcessRow]) -> None:
        """What has ended since it was told may not be in the journal yet: it is told once more, then taken back."""
        for row in rows:
            if row.pid not in self._tree.judged:
                self._put(row)
                self._ended.append(row.pid)

    def _trees(self, context: Context) -> Iterator[tuple[Scope, tuple[Record, ...]]]:
        members: dict[int, list[Judged]] = {}
        quota = Quota(context.limits.account_instances)
        for judged in self._tree.judged.values():
            if judged.interesting:
                members.setdefault(self._tree.top(judged).row.pid, []).append(judged)
            elif judged.impersonates and quota.admits(judged.row.owner or ""):
                yield _scope(judged, "/title"), (_pretence(context, judged),)
        # What was told stays told: who starts more than is told one by one hides nothing that was there.
        for pid in sorted(members, key=lambda pid: _scope(self._tree.judged[pid]) not in self._told):
            top, judged_members = self._tree.judged[pid], members[pid]
            parent, children = self._tree.parent_agent(top), self._tree.children(pid)
            if is_instance(top, judged_members, parent) and quota.admits(top.row.owner or ""):
                yield (
                    _scope(top),
                    (instance(context, top, judged_members, parent, children, self._tree.parent_server(top)),),
                )
        yield from quota.left_out(context)


def _as_started(row: ProcessRow, before: Judged | None) -> ProcessRow:
    """The row with the arguments it was started with, where the process has since written a title over them."""
    if before is None or (before.row.start_ticks, before.row.exe) != (row.start_ticks, row.exe):
        return row
    return row._replace(argv=before.row.argv) if before.interesting and is_title(row.argv) else row


def _matters(judged: Judged) -> bool:
    return judged.interesting or judged.impersonates is not None


def _servers(context: Context) -> Iterator[McpServer]:
    return (cast(McpServer, record) for record in context.view.records("mcp_server"))


def _present(context: Context) -> frozenset[ClientKey]:
    """Whose homes hold files of clients that their executable's name alone does not tell."""
    unsure = {client.id for client in context.catalog.clients.values() if client.process.namesake}
    agents = (cast(AiAgent, record) for record in context.view.records("ai_agent"))
    return frozenset((a.owner, a.agent) for a in agents if a.agent in unsure and a.evidence.confidence != "inferred")


def _scope(judged: Judged, part: str = "") -> Scope:
    row = judged.row
    return Scope(NAME, row.owner or "", f"{row.pid}:{row.started:.2f}{part}")


def _pretence(context: Context, judged: Judged) -> Diagnostic:
    return Diagnostic(
        endpoint_id=context.endpoint_id,
        owner=judged.row.owner,
        evidence=Evidence(collector=NAME, source=f"pid:{judged.row.pid}", confidence="confirmed"),
        severity="info",
        code="process.title_disagrees",
        message=f"calls itself {judged.impersonates}, but neither its program nor its script is",
        path=judged.row.exe,
        agent=judged.impersonates,
    )
