"""What an agent can do without asking anybody: by its own tools, and by those of its servers. All of it is inferred."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from agent.records import AiAgent, McpServer, Posture, Record, Tool
from agent.records.posture import ApprovalMode, least_safe
from agent.records.tool_list import Effect

Asked = Literal["nobody", "unknown", "somebody"]
OWN = "its own tools"
_MODES: tuple[ApprovalMode, ...] = ("asks_always", "asks_risky", "unknown", "auto_approves", "bypasses")
_OWN: dict[ApprovalMode, dict[Effect, Asked]] = {
    "asks_always": {"reads_files": "nobody"},
    "asks_risky": {
        "reads_files": "nobody", "writes_files": "somebody", "runs_programs": "somebody", "network": "somebody",
    },
    "unknown": {"reads_files": "nobody", "writes_files": "unknown", "runs_programs": "unknown", "network": "unknown"},
    # Edits, commands or tools: which of them, depends on the client.
    "auto_approves": {
        "reads_files": "nobody", "writes_files": "unknown", "runs_programs": "unknown", "network": "unknown",
    },
    "bypasses": {"reads_files": "nobody", "writes_files": "nobody", "runs_programs": "nobody", "network": "nobody"},
}  # fmt: skip
_PRIVATE: frozenset[Effect] = frozenset({"reads_files", "credentials"})
_OUTSIDE: frozenset[Effect] = frozenset({"network", "messages"})
"""What brings in what strangers wrote, and what carries something out: an address that is fetched does both."""


@dataclass(frozen=True, slots=True)
class Ability:
    """One thing that an agent can do, by one tool."""

    effect: Effect
    asked: Asked
    by: str
    """`server/tool`, or its own tools."""
    why: str | None = None
    """What decides who is asked."""
    targets: tuple[str, ...] = ()
    """What the server was given, as far as its definition shows."""


class Reach(NamedTuple):
    """All that an agent can do, as far as anything is known."""

    agent: AiAgent
    abilities: tuple[Ability, ...]
    unknown_servers: tuple[str, ...]
    """Servers in use of which no tool is known: they may do anything."""

    def by_whom(self, asked: Asked) -> Iterator[Ability]:
        """What somebody, or nobody, is asked about."""
        return (ability for ability in self.abilities if ability.asked == asked)

    def trifecta(self) -> tuple[list[Ability], list[Ability], list[Ability]] | None:
        """Private data, what strangers write, and a way out, all unasked and one of them by a server; else None."""
        free = list(self.by_whom("nobody"))
        private = [ability for ability in free if ability.effect in _PRIVATE]
        outside = [ability for ability in free if ability.effect in _OUTSIDE]
        if not (private and outside) or all(ability.by == OWN for ability in (*private, *outside)):
            return None
        return private, outside, outside


def reach(
    agent: AiAgent, postures: Iterable[Posture], tools: Iterable[Tool], servers: Mapping[str, McpServer]
) -> Reach:
    """Of one agent, by the effective postures of all its projects: what frees it most counts."""
    own = [server for server in servers.values() if (server.owner, server.agent) == (agent.owner, agent.agent)]
    offered = [tool for tool in tools if tool.state != "gone" and _in_use(tool, servers)]
    abilities = [*_own(list(postures)), *(one for tool in offered for one in _of_tool(tool, servers))]
    known = {tool.server for tool in offered}
    silent = dict.fromkeys(server.name for server in own if server.effective and server.name not in known)
    return Reach(agent, tuple(abilities), tuple(silent))


def reach_of(agent: AiAgent, records: Iterable[Record]) -> Reach:
    """Of one agent, out of a whole inventory."""
    postures: list[Posture] = []
    tools: list[Tool] = []
    servers: dict[str, McpServer] = {}
    for record in records:
        if isinstance(record, McpServer):
            servers[record.id] = record
        elif isinstance(record, Posture | Tool) and (record.owner, record.agent) == (agent.owner, agent.agent):
            if isinstance(record, Tool):
                tools.append(record)
            elif record.basis == "effective":
                postures.append(record)
    return reach(agent, postures, tools, servers)


def _in_use(tool: Tool, servers: Mapping[str, McpServer]) -> bool:
    """Whether its server starts at all; one without a definition may come with the client."""
    defined = [servers[id_] for id_ in tool.server_ids if id_ in servers]
    return not defined or any(server.effective or server.running for server in defined)


_ASKED: Mapping[str, Asked] = {"allowed": "nobody", "ask": "somebody", "unknown": "unknown"}
"""By a tool's exposure; one that is denied or filtered out is no ability."""


def _own(postures: Sequence[Posture]) -> Iterator[Ability]:
    """By the client's own tools, in the project that frees it most."""
    mode = least_safe(_MODES, (posture.approval_mode for posture in postures if posture.approval_mode))
    loosest = next((posture for posture in postures if posture.approval_mode == mode), None)
    if mode is None or loosest is None:
        return
    where = f" in {loosest.project}" if loosest.project else ""
    for effect, asked in _OWN[mode].items():
        if not (effect == "network" and loosest.network == "off"):
            yield Ability(effect, asked, OWN, f"mode {mode.replace('_', ' ')}{where}")


def _of_tool(tool: Tool, servers: Mapping[str, McpServer]) -> Iterator[Ability]:
    asked = _ASKED.get(tool.exposure)
    if asked is None:
        return
    data = (source for id_ in tool.server_ids if id_ in servers for source in servers[id_].data)
    targets = tuple(dict.fromkeys(source.target for source in data))
    for effect in tool.effects:
        yield Ability(effect, asked, f"{tool.server}/{tool.name}", tool.exposure_by, targets)
