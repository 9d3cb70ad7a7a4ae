"""Who may do what unasked: a row an agent and project, a column a question."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from agent.records import AiAgent, Posture
from agent.records.posture import Rule
from agent.reports.html.elements import Html, capped, code, joined, left_out, name, row, short, table, tag
from agent.reports.html.subject import Machine

_HEAD = ("Agent", "Account", "Where", "Approvals", "Sandbox", "Network", "Allowed", "Asked", "Denied", "Set by")
_MOST = 500
_ORDER = ("bypasses", "auto_approves", "unknown", "asks_risky", "asks_always", None)
_WORDS = {
    "bypasses": "checks off",
    "auto_approves": "acts unasked",
    "asks_risky": "asks when risky",
    "asks_always": "always asks",
    "none": "none",
    "on": "open",
    "off": "off",
}
_BAD = ("bypasses", "none", "on")
_DOUBTFUL = ("auto_approves", "unknown", "partial")


def permissions(machine: Machine) -> Html:
    """What follows from all settings, and what was seen to run; the least safe first."""
    postures = [p for p in machine.of(Posture) if p.basis != "configured"]
    names = {(agent.owner, agent.agent): agent.name for agent in machine.of(AiAgent)}
    postures.sort(key=lambda p: (_ORDER.index(p.approval_mode), p.agent, p.owner or "", p.project or ""))
    return tag(
        "section",
        tag("h2", "Permissions"),
        tag("p", "What each agent may do, after all of its settings files, and as it was seen to run.", class_="fine"),
        table("Permissions", _HEAD, [_row(p, names.get((p.owner, p.agent), p.agent)) for p in capped(postures, _MOST)]),
        left_out(len(postures), min(len(postures), _MOST), "rows"),
        id="permissions",
    )


def words(value: str | None) -> str:
    """A mode, a sandbox or a network as a person calls it."""
    return _WORDS.get(value, value.replace("_", " ")) if value else "not said"


def rules_in_words(rules: Sequence[Rule], most: int = 6) -> Html:
    """The first rules of a posture."""
    told = [f"{rule.effect} {' '.join(filter(None, (rule.tool, rule.pattern)))}" for rule in rules]
    if not told:
        return Html("")
    more = f" and {len(told) - most:,} more" if len(told) > most else ""
    return joined(", rules: ", [joined("; " if n else "", code(one, 80)) for n, one in enumerate(told[:most])], more)


def _row(posture: Posture, agent: str) -> Html:
    count = Counter(rule.effect for rule in posture.rules)
    where = code(posture.project, 80) if posture.project else "everywhere"
    observed = " (seen running)" if posture.basis == "observed" else ""
    cells = (
        name(agent),
        name(posture.owner or "(machine)"),
        joined(where, observed),
        _cell(posture.approval_mode),
        _cell(posture.sandbox),
        _cell(posture.network),
        _rules(posture.rules, "allow", count["allow"]),
        count["ask"],
        count["deny"],
        posture.set_by,
    )
    return row(_HEAD, cells)


def _cell(value: str | None) -> Html:
    grade = "bad" if value in _BAD else "doubtful" if value in _DOUBTFUL else "good" if value else "none"
    return tag("span", words(value), class_=f"grade {grade}")


def _rules(rules: Sequence[Rule], effect: str, count: int) -> Html:
    if not count:
        return Html("0")
    told = ", ".join(short(" ".join(filter(None, (r.tool, r.pattern))), 60) for r in rules if r.effect == effect)
    return joined(f"{count:,}: ", code(told, 120))
