"""Rules about tools of MCP servers: what changed since they were first seen, what came and went, who shadows whom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from agent.governance.agent_reach import reach
from agent.governance.rules.rule import Rule, RuleContext, proof
from agent.records import AiAgent, PinnedTool, Proof, Tool

_MOST_NAMED = 10


def _changed(tool: Tool, facts: RuleContext) -> Iterator[Proof]:
    """With what is different; never a text of either definition."""
    pin = tool.pinned
    if pin is None or tool.state == "gone" or not tool.differs_from(pin):
        return
    yield from _differences(tool, pin)
    yield proof("definition hash", f"from {pin.definition_hash} to {tool.definition_hash}")


def _differences(tool: Tool, pin: PinnedTool) -> Iterator[Proof]:
    if tool.description_hash != pin.description_hash:
        before, after = pin.description_size or 0, tool.description_size or 0
        verb = "grew" if after > before else "shrank" if after < before else "changed"
        yield proof(f"the description {verb}", f"from {before} to {after} bytes")
    if new := [name for name in tool.parameters if name not in pin.parameters]:
        yield proof("new parameters", ", ".join(new))
    if gone := [name for name in pin.parameters if name not in tool.parameters]:
        yield proof("parameters gone", ", ".join(gone))
    if tool.hints != pin.hints:
        yield proof("what it declares", f"from {_said(pin.hints)} to {_said(tool.hints)}")


def _said(hints: Iterable[str]) -> str:
    return ", ".join(hint.replace("_", " ") for hint in hints) or "nothing"


def _added(tool: Tool, facts: RuleContext) -> Iterator[Proof]:
    if tool.state == "new":
        yield proof("its server offered other tools before this one", f"{tool.server}/{tool.name}")


def _removed(tool: Tool, facts: RuleContext) -> Iterator[Proof]:
    if tool.state == "gone":
        yield proof("its server offers it no more", f"{tool.server}/{tool.name}")


def _shadowing(agent: AiAgent, facts: RuleContext) -> Iterator[Proof]:
    """Names that several servers of the agent give to different tools."""
    named = facts.shared_tool_names.get((agent.owner, agent.agent), {})
    for name, servers in list(named.items())[:_MOST_NAMED]:
        yield proof(f"{name} is a tool of", ", ".join(servers))
    if len(named) > _MOST_NAMED:
        yield proof("further names", len(named) - _MOST_NAMED)


def _trifecta(agent: AiAgent, facts: RuleContext) -> Iterator[Proof]:
    """The three legs, each with the tools it stands on."""
    tools = facts.tools_of_agent.get((agent.owner, agent.agent))
    if not tools:
        return
    near = (
        p for p in facts.of("posture") if p.basis == "effective" and (p.owner, p.agent) == (agent.owner, agent.agent)
    )
    legs = reach(agent, near, tools, facts.servers).trifecta()
    for what, abilities in zip(_LEGS, legs or (), strict=False):
        named = list(dict.fromkeys(f"{ability.by} ({_EFFECTS[ability.effect]})" for ability in abilities))
        more = f" and {len(named) - _MOST_NAMED} more" if len(named) > _MOST_NAMED else ""
        yield proof(what, ", ".join(named[:_MOST_NAMED]) + more)


_LEGS = ("private data it can read unasked:", "what strangers wrote it can take in unasked:", "a way out unasked:")
_EFFECTS = {
    "reads_files": "reads files", "credentials": "credentials", "network": "network", "messages": "messages",
}  # fmt: skip
_WATCH = ("A.10", "A.6", "clause 9")

RULES = (
    Rule("tools.changed", "MCP tool changed since it was first seen", "high", "tool", _WATCH,
         "Look at it with `rollcall tools show`; accept a new baseline if the change was meant.", _changed),
    Rule("tools.added", "New tool of a known MCP server", "medium", "tool", ("A.5", *_WATCH),
         "Look at what it does and who may call it, then accept a new baseline.", _added),
    Rule("tools.removed", "Tool gone from an MCP server", "info", "tool", _WATCH,
         "Accept a new baseline if it was meant to go.", _removed),
    Rule("tools.shadowing", "Tools of one name in several MCP servers", "low", "ai_agent", ("A.10", "A.6"),
         "Remove one of the servers, or hide its tool: a model may call the one for the other.", _shadowing,
         cross_record=True),
    Rule("reach.trifecta", "Private data, untrusted content and a way out, unasked", "high", "ai_agent",
         ("A.5", "A.6", "A.7"), "Let one of the three be asked for: what strangers write can else carry data out.",
         _trifecta, cross_record=True),
)  # fmt: skip
