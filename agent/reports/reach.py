"""What one agent can do, who is asked about it, and by which server and tool: for a person, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict

from agent.governance.agent_reach import Ability, Asked, Reach
from agent.runtime.terminal import plain_json

_HEADS: dict[Asked, str] = {
    "nobody": "without asking anybody",
    "unknown": "perhaps without asking anybody: who is asked is not known",
    "somebody": "after somebody was asked",
}
_WORDS = {
    "reads_files": "read files",
    "writes_files": "write files",
    "runs_programs": "run programs",
    "network": "talk to the network",
    "messages": "read or send messages",
    "money": "move money",
    "credentials": "handle credentials",
}
_MOST = 12
"""Tools that are named for one effect."""


def lines(subject: Sequence[Reach]) -> Iterator[str]:
    """For a person: what each agent can do, by who is asked."""
    for number, each in enumerate(subject):
        yield from ("",) if number else ()
        yield f"{each.agent.name} ({each.agent.owner or 'machine'}) can, as far as names, schemas and hints tell,"
        for asked, head in _HEADS.items():
            yield from _section(head, list(each.by_whom(asked)))
        if each.unknown_servers:
            yield "  of these servers no tool is known, and so not what they can do:"
            yield f"    {', '.join(each.unknown_servers)}"
        if each.trifecta():
            yield "  private data, what strangers write and a way out meet unasked: `rollcall findings reach.trifecta`"


def as_json(subject: Sequence[Reach]) -> Iterator[str]:
    """A list of agents with their abilities."""
    told = [
        {
            "agent": each.agent.agent,
            "owner": each.agent.owner,
            "inferred": True,
            "abilities": [asdict(ability) for ability in each.abilities],
            "unknown_servers": list(each.unknown_servers),
        }
        for each in subject
    ]
    yield from plain_json(json.dumps(told, indent=1, ensure_ascii=False)).split("\n")


def _section(head: str, abilities: list[Ability]) -> Iterator[str]:
    if not abilities:
        return
    yield f"  {head}:"
    for effect, words in _WORDS.items():
        own = [ability for ability in abilities if ability.effect == effect]
        for why, group in _by_reason(own).items():
            named = [ability.by for ability in group]
            more = f" and {len(named) - _MOST} more" if len(named) > _MOST else ""
            targets = dict.fromkeys(target for ability in group for target in ability.targets)
            yield f"    {words}: {', '.join(named[:_MOST])}{more}{_within(targets)}{f' ({why})' if why else ''}"


def _by_reason(abilities: Iterable[Ability]) -> dict[str | None, list[Ability]]:
    found: dict[str | None, list[Ability]] = {}
    for ability in abilities:
        found.setdefault(ability.why, []).append(ability)
    return found


def _within(targets: Iterable[str]) -> str:
    named = list(targets)
    return f" → {', '.join(named[:5])}{' …' if len(named) > 5 else ''}" if named else ""
