"""Tools of MCP servers, for a person: a line each, or everything about one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from agent.records import Tool
from agent.reports.columns import columns

_HEAD = ("AGENT", "OWNER", "SERVER", "TOOL", "EXPOSURE", "EFFECTS", "DECLARED", "CALLS", "KNOWN FROM", "HASH")
_HASH = 12


@dataclass(frozen=True, slots=True)
class ToolText:
    """A tool with what it says of itself, where that is still on this machine."""

    tool: Tool
    definition: dict[str, object] | None


def lines(tools: Sequence[Tool]) -> Iterator[str]:
    """A line a tool."""
    yield from columns(_HEAD, map(_row, tools)) if tools else ["No tools are known."]


def details(subject: Iterable[ToolText]) -> Iterator[str]:
    """Everything about each tool, its texts too: they are what a model is told, and whoever reads them here is none."""
    for number, one in enumerate(subject):
        yield from ("",) if number else ()
        yield f"{one.tool.server}/{one.tool.name} in {one.tool.agent} ({one.tool.owner})"
        yield from (f"  {name}: {value}" for name, value in _facts(one.tool).items() if value)
        if one.definition is None:
            yield "  its definition is not on this machine, or only its name is known"
            continue
        yield "  definition, in the server's own words:"
        yield from (f"    {line}" for line in _definition(one.definition))


def _row(tool: Tool) -> tuple[str, ...]:
    return (
        tool.agent,
        tool.owner or "-",
        tool.server,
        tool.name if tool.state == "known" else f"{tool.name} ({tool.state})",
        tool.exposure,
        ", ".join(effect.replace("_", " ") for effect in tool.effects) or "-",
        _declared(tool) or "-",
        str(tool.called.times) if tool.called else "-",
        tool.known_from,
        (tool.definition_hash or "-")[:_HASH],
    )


def _declared(tool: Tool) -> str:
    """The hints, which are the server's own word."""
    return ", ".join(hint.replace("_", " ") for hint in tool.hints)


def _facts(tool: Tool) -> dict[str, str | None]:
    return {
        "title": tool.title,
        "exposure": f"{tool.exposure} ({tool.exposure_by})" if tool.exposure_by else tool.exposure,
        "effects, inferred": ", ".join(effect.replace("_", " ") for effect in tool.effects),
        "declared by the server, not to be trusted": _declared(tool),
        "parameters": ", ".join(tool.parameters),
        "definition hash": f"{tool.definition_hash}{'' if tool.whole else ' (of what this source keeps)'}"
        if tool.definition_hash
        else None,
        "hash when first seen": tool.pinned.definition_hash if tool.pinned else None,
        "size": f"{tool.size} bytes, of which the description {tool.description_size or 0}" if tool.size else None,
        "calls": f"{tool.called.times}, last {_time(tool.called.last)}" if tool.called else None,
        "state": None if tool.state == "known" else tool.state,
        "known from": f"{tool.known_from}, {_time(tool.known_at)}: {tool.evidence.source}",
    }


def _definition(definition: dict[str, object]) -> Iterator[str]:
    for name, value in definition.items():
        text = value if isinstance(value, str) else json.dumps(value, indent=1, ensure_ascii=False)
        first, *rest = text.split("\n")
        yield f"{name}: {first}"
        yield from (f"  {line}" for line in rest)


def _time(at: datetime | None) -> str:
    return at.astimezone().strftime("%Y-%m-%d %H:%M") if at else "at a time that is not known"
