"""The topology at a glance: accounts, their agents, and what the servers of each reach, as lines of that thickness."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from math import log2
from typing import TypeVar

from agent.records import AiAgent, McpServer
from agent.reports.html.elements import Html, joined, short, tag
from agent.reports.html.subject import Machine

_COLUMNS = (0, 300, 640)
_BOX = 220
_WIDTH = _COLUMNS[-1] + _BOX
_ROW = 34
_MOST_OWNERS = 12
_MOST_AGENTS = 20
_LABEL = 26
_REST = "all others"
_UNKNOWN = "nothing known"

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True)
class _Flow:
    """How many servers lead from one box to another."""

    owners: Counter[tuple[str, str]]
    reach: Counter[tuple[str, str]]


def picture(machine: Machine) -> Html:
    """Drawn at most 20 agents high, whatever the machine holds: the others are one box."""
    flow = _flow(machine)
    columns = (_ranked(flow.owners, 0), _ranked(flow.owners, 1), _ranked(flow.reach, 1))
    if not columns[0]:
        return Html("")
    height = max(map(len, columns)) * _ROW + _ROW
    places = [{label: n for n, label in enumerate(column)} for column in columns]
    lines = [_line(places, side, pair, count) for side, counts in enumerate((flow.owners, flow.reach))
             for pair, count in sorted(counts.items())]  # fmt: skip
    totals = (_totals(flow.owners, 0), _totals(flow.owners, 1), _totals(flow.reach, 1))
    boxes = [
        _box(side, n, label, totals[side][label])
        for side, column in enumerate(columns)
        for n, label in enumerate(column)
    ]
    heads = [tag("text", head, x=_COLUMNS[n] + 8, y=16, class_="head")
             for n, head in enumerate(("Account", "Agent", "Its servers reach"))]  # fmt: skip
    drawing = tag(
        "svg",
        tag("title", "Accounts, their agents and what the agents' servers reach; the tree below says it in words"),
        heads, lines, boxes,
        viewBox=f"0 0 {_WIDTH} {height}", role="img", class_="picture",
    )  # fmt: skip
    return tag("div", drawing, class_="scroll", tabindex=0, role="region", aria_label="Picture of the topology")


def _flow(machine: Machine) -> _Flow:
    names = {(agent.owner, agent.agent): agent.name for agent in machine.of(AiAgent)}
    held: Counter[tuple[str, str]] = Counter()
    reach: Counter[tuple[str, str]] = Counter()
    for agent in machine.of(AiAgent):
        held[agent.owner or "(machine)", agent.name] += 0
    for server in machine.of(McpServer):
        agent_name = names.get((server.owner, server.agent), server.agent)
        held[server.owner or "(machine)", agent_name] += 1
        kinds: set[str] = {source.kind for source in server.data}
        for kind in kinds or {_UNKNOWN}:
            reach[agent_name, kind] += 1
    owners, agents = _largest(held, 0, _MOST_OWNERS), _largest(held, 1, _MOST_AGENTS)
    return _Flow(_folded(held, owners, agents), _folded(reach, agents, {kind for _, kind in reach}))


def _largest(counts: Counter[tuple[str, str]], side: int, most: int) -> set[str]:
    return set(_ranked(counts, side)[:most])


def _ranked(counts: Counter[tuple[str, str]], side: int) -> list[str]:
    totals = _totals(counts, side)
    return sorted(totals, key=lambda label: (label in (_REST, _UNKNOWN), -totals[label], label))


def _totals(counts: Counter[tuple[str, str]], side: int) -> Counter[str]:
    totals: Counter[str] = Counter()
    for pair, count in counts.items():
        totals[pair[side]] += count
    return totals


def _folded(counts: Counter[tuple[str, str]], starts: set[str], ends: set[str]) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for (start, end), count in counts.items():
        found[start if start in starts else _REST, end if end in ends else _REST] += count
    return found


def _line(places: Sequence[dict[str, int]], side: int, pair: tuple[str, str], count: int) -> Html:
    x1, x2 = _COLUMNS[side] + _BOX, _COLUMNS[side + 1]
    y1, y2 = (_middle(places[side + n][label]) for n, label in enumerate(pair))
    bend = (x2 - x1) // 2
    path = f"M{x1} {y1} C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}"
    told = f"{short(pair[0], 60)} to {short(pair[1], 60)}: {count:,} servers"
    return tag("path", tag("title", told), d=path, stroke_width=f"{1 + log2(1 + count):.1f}")


def _middle(place: int) -> int:
    return _ROW + place * _ROW + 7


def _box(side: int, place: int, label: str, count: int) -> Html:
    x, y = _COLUMNS[side], _middle(place) - 13
    shown = label if len(label) <= _LABEL else label[: _LABEL - 1] + "…"
    text = tag("text", shown, x=x + 8, y=y + 18)
    number = tag("text", f"{count:,}", x=x + _BOX - 8, y=y + 18, text_anchor="end", class_="head")
    return joined(tag("rect", x=x, y=y, width=_BOX, height=26, rx=4, class_="box"), text, number)
