"""Lists of tools, a server and source each, out of the tools that files tell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from agent.records import Diagnostic, Evidence, Source, ToolList
from agent.redaction import redact
from agent.redaction.redact import printable
from collectors.catalog.client import Client
from collectors.catalog.tools import ToolsAt
from collectors.contract import Context
from collectors.sources.account import Home

if TYPE_CHECKING:
    from collectors.tools.read import Answer

NAME = "tools"

_MOST_TOOLS = 1_000
"""Of one list; from a longer one tools are missing, and it does not count as complete."""


class Place(NamedTuple):
    """Where tools were read."""

    shown: str
    """The file, as the observed machine names it."""
    part: ToolsAt
    written: datetime


def lists(
    context: Context,
    home: Home,
    client: Client,
    places: Iterable[tuple[Place, list[Answer]]],
    most: int,
) -> Iterator[ToolList | Diagnostic]:
    """With at most so many tools in all."""
    for (server, source, _), (place, found) in _grouped(places).items():
        answers = _latest(found) if place.part.complete else found
        named = {tool.name: tool for one in answers for tool in one.tools}
        kept = tuple(islice(named.values(), max(0, min(most, _MOST_TOOLS))))
        most -= len(kept)
        if len(kept) < len(named):
            yield _left_out(context, home, client, source)
        yield ToolList(
            endpoint_id=context.endpoint_id,
            owner=home.owner,
            evidence=Evidence(collector=NAME, source=source, confidence="confirmed"),
            agent=client.id,
            server=server,
            known_from=place.part.known_from,
            complete=place.part.complete and len(kept) == len(named),
            whole=place.part.whole,
            at=max((one.at for one in found if one.at), default=place.written),
            source=Source(path=source, key=server),
            tools=kept,
        )


def _grouped(
    places: Iterable[tuple[Place, list[Answer]]],
) -> dict[tuple[str, str, int], tuple[Place, list[Answer]]]:
    """Answers by server, source and kind of source. Where each has a file of its own, the folder is the source."""
    groups: dict[tuple[str, str, int], tuple[Place, list[Answer]]] = {}
    for place, found in places:
        source = place.shown if place.part.beside is None else place.shown.replace("\\", "/").rpartition("/")[0]
        for one in found:
            groups.setdefault((_shown(one.server), source, id(place.part)), (place, []))[1].append(one)
    return groups


def _latest(found: list[Answer]) -> list[Answer]:
    """The last of several."""
    last = max(one.number for one in found)
    return [one for one in found if one.number == last]


@lru_cache(maxsize=1_024)
def _shown(server: str) -> str:
    """As definitions are called in their records."""
    return redact.name(printable(server))[:256]


def _left_out(context: Context, home: Home, client: Client, source: str) -> Diagnostic:
    return Diagnostic(
        endpoint_id=context.endpoint_id,
        owner=home.owner,
        evidence=Evidence(collector=NAME, source=source, confidence="confirmed"),
        code="tools.left_out",
        message=f"not all tools were told: at most {_MOST_TOOLS} of a server, and 5000 of an account, are",
        path=source,
        agent=client.id,
    )
