"""Which servers of an inventory can be asked for their tools, how, and what those answer that a policy has asked."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Final, cast

from agent.governance.policy.in_force import InForce
from agent.governance.policy.probing import Probing
from agent.governance.supply_chain.server_policy import identity
from agent.inventory.runner import Engine
from agent.probe.conversation import ProbeError
from agent.probe.eligible import refusal
from agent.probe.helper import HelperRun, is_there
from agent.probe.messages import Answer
from agent.probe.plan import Plan, Terms, plan
from agent.probe.run import ProbeRun
from agent.records import Approval, Diagnostic, Evidence, McpServer, ToolList
from agent.redaction import redact
from collectors.configs.collector import ConfigCollector
from collectors.contract import Collector, Context, Observation, Scope
from collectors.locate.interest import Interest
from collectors.readers.started_entry import entry_of
from collectors.sources.account import Home
from collectors.sources.filesystem.unreadable import UnreadableError
from collectors.sources.formats.unparseable import UnparseableError

NAME: Final = "probe"
_AGAIN_SECONDS: Final = 3_600.0
"""After which a server is asked again that gave no answer."""


class Planner:
    """Reads the definition of a server again, as it stands in its file, when that server is to be asked."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def servers(self) -> list[McpServer]:
        """All that are known."""
        return [record for record in self._engine.inventory.all() if isinstance(record, McpServer)]

    def plan(self, server: McpServer, terms: Terms) -> Plan:
        """Raises `ProbeError` where it may not or cannot be asked."""
        records = self._engine.inventory.all()
        if why := refusal(server, [cast(Approval, record) for record in records if record.kind == "approval"]):
            raise ProbeError(why)
        home, path, interests = self._file(server)
        try:
            entry = entry_of(self._engine.context, home, path, interests, server)
        except (OSError, UnreadableError, UnparseableError):
            entry = None
        if entry is None:
            raise ProbeError("its definition changed since it was judged")
        planned = plan(server, entry, home.path if home else None, terms)
        self._demand_reach(planned, home, path)
        return planned

    def _demand_reach(self, planned: Plan, home: Home | None, path: str) -> None:
        """What is shown to the server lies where its account, and whoever defines it, could go themselves: their links
        may lead elsewhere."""
        files = self._engine.context.files
        account = files.at_word_of(path, home)
        for shown in planned.question.visible:
            if shown not in planned.terms.shared and files.status(shown, account) is None:
                raise ProbeError(f"it needs {shown}, where its account may not go")

    def _file(self, server: McpServer) -> tuple[Home | None, str, list[Interest]]:
        files = self._engine.context.files
        for configs in self._engine.collectors:
            if isinstance(configs, ConfigCollector):
                for home, path, interests in configs.files():
                    theirs = (home.owner if home else None) == server.owner
                    if theirs and redact.path(files.shown(path)) == server.source.path:
                        return home, path, interests
        raise ProbeError("it is not defined in a file that is read here")


class ProbeCollector(Collector):
    """Asks the servers that a signed policy names, one after the other, each by a process of its own. What a server
    answered stands until it is asked again; what it did not answer leaves what was known."""

    name = NAME
    settles = False

    def __init__(self, in_force: Callable[[], InForce]) -> None:
        self.engine: Engine | None = None
        """Set before anything is collected: it is made of the collectors."""
        self._in_force = in_force
        self._waiting: list[McpServer] = []
        self._asking: tuple[Plan, ProbeRun | HelperRun] | None = None
        self._judged = frozenset[str]()
        """Servers that were to be asked when this last collected."""
        self._obstacle = ""
        """Why this service can start no program itself; empty where that was not asked, or it can."""
        self._failed: dict[str, float] = {}
        """When servers were asked that gave no answer, by id."""

    def collect(self, context: Context) -> Iterator[Observation]:
        """Every server that is to be asked: what is known of it stands, and it waits if that is too old."""
        wanted = self._wanted()
        self._judged = frozenset(server.id for server in wanted)
        known = {cast(ToolList, record).source: cast(ToolList, record) for record in context.view.records("tool_list")
                 if record.evidence.collector == NAME}  # fmt: skip
        self._waiting = [server for server in wanted if self._is_due(server, known.get(server.source))]
        for server in wanted:
            yield Observation(_scope(server), unknown=True)
        if self._obstacle and not is_there():
            yield _no_sandbox(context, self._obstacle)

    def poll(self, context: Context) -> Iterator[Observation]:
        # Whether a server is sanctioned is known when what all collectors saw has been judged: after they collected.
        if not self._asking and self._judged != frozenset(server.id for server in self._wanted()):
            yield from self.collect(context)
        if self._asking:
            plan, run = self._asking
            if answer := run.answer():
                self._asking = None
                yield self._told(context, plan.server, answer)
        while self._waiting and not self._asking:
            server = self._waiting.pop(0)
            if server.transport == "stdio" and self._can_start_none():
                yield _no_sandbox(context, self._obstacle)
                continue
            try:
                self._asking = self._start(server)
            except (ProbeError, OSError) as error:
                yield self._told(context, server, Answer("failed", str(error)))

    def _can_start_none(self) -> bool:
        """Whether nobody can start one here: that is one thing to tell, and no failure of each server."""
        from agent.probe.sandbox import obstacle

        self._obstacle = self._obstacle or obstacle()
        return bool(self._obstacle) and not is_there()

    def depends_on(self, context: Context) -> object:
        """The policy, and the servers that are there: each is judged when all collectors have told what they saw."""
        probing = self._probing()
        if probing is None:
            return None
        return probing, frozenset((record.id, cast(McpServer, record).launch_hash)
                                  for record in context.view.records("mcp_server"))  # fmt: skip

    def close(self) -> None:
        if self._asking:
            self._asking[1].close()
            self._asking = None

    def _probing(self) -> Probing | None:
        """What a signed policy says; None where nothing is to be asked."""
        force = self._in_force()
        signed = force.good is not None and bool(force.good.signed_by)
        return force.policy.probe if signed and force.policy.probe.servers else None

    def _wanted(self) -> list[McpServer]:
        probing = self._probing()
        if probing is None or self.engine is None:
            return []
        servers = [server for server in Planner(self.engine).servers if server.sanction == "sanctioned"]
        return [s for s in servers if any(fnmatchcase(identity(s) or "", pattern) for pattern in probing.servers)]

    def _is_due(self, server: McpServer, known: ToolList | None) -> bool:
        probing = self._probing()
        if probing is None or (self._asking and self._asking[0].server.id == server.id):
            return False
        if time.monotonic() - self._failed.get(server.id, -_AGAIN_SECONDS) < _AGAIN_SECONDS:
            return False
        return known is None or known.at is None or known.at + timedelta(hours=probing.every_hours) < datetime.now(UTC)

    def _start(self, server: McpServer) -> tuple[Plan, ProbeRun | HelperRun]:
        probing = self._probing()
        if probing is None or self.engine is None:
            raise ProbeError("no signed policy asks it")
        planned = Planner(self.engine).plan(server, Terms(probing.secrets, probing.network))
        elsewhere = self._obstacle and server.transport == "stdio"
        return planned, HelperRun(planned.question) if elsewhere else ProbeRun(planned.question)

    def _told(self, context: Context, server: McpServer, answer: Answer) -> Observation:
        evidence = Evidence(collector=NAME, source=server.source.path, confidence="confirmed")
        if answer.kind == "failed":
            self._failed[server.id] = time.monotonic()
            trouble = Diagnostic(
                endpoint_id=context.endpoint_id, owner=server.owner, evidence=evidence, code="probe.failed",
                message=f"{server.name} was not asked for its tools: {answer.reason}", path=server.source.path,
                key=server.source.key, agent=server.agent,
            )  # fmt: skip
            return Observation(_scope(server), (trouble,), unknown=True)
        self._failed.pop(server.id, None)
        told = ToolList(
            endpoint_id=context.endpoint_id, owner=server.owner, evidence=evidence, agent=server.agent,
            server=server.name, known_from="probe", complete=answer.complete, whole=True, at=datetime.now(UTC),
            source=server.source, tools=answer.tools,
        )  # fmt: skip
        return Observation(_scope(server), (told,))


def _no_sandbox(context: Context, why: str) -> Observation:
    trouble = Diagnostic(
        endpoint_id=context.endpoint_id, evidence=Evidence(collector=NAME, confidence="confirmed"),
        code="probe.no_sandbox",
        message=f"the policy has programs asked for their tools, but this service can make no sandbox ({why}), and "
        "rollcall-probe.socket is not there for it: none is started; servers at addresses are asked, and "
        "`rollcall tools probe` by an administrator asks the others",
    )  # fmt: skip
    return Observation(Scope(NAME, "", "<sandbox>"), (trouble,))


def _scope(server: McpServer) -> Scope:
    return Scope(NAME, server.owner or "", f"{server.source.path}/<{server.id}>")
