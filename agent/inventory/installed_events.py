"""Event sources that other distributions bring, read in turn as one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime
from importlib.metadata import EntryPoint, entry_points

from agent.records import Diagnostic, Evidence
from agent.records.action import Action
from collectors.contract import Context
from collectors.events import Batch, EventSource

ENTRY_POINTS = "rollcall.events"

Make = Callable[[Mapping[str, str], datetime], EventSource]
"""What an entry point names. It is given the positions of the source's batches that are durable, and the time from
which on events are told."""


class InstalledEvents:
    """Each source has names of its own for its positions, and one that fails is told and stops no other."""

    name = "installed events"

    def __init__(self, disabled: Collection[str] = ()) -> None:
        self._points = [point for point in entry_points(group=ENTRY_POINTS) if point.name not in disabled]
        self._sources: list[tuple[EntryPoint, EventSource | Exception]] = []

    @property
    def names(self) -> tuple[str, ...]:
        """Of the sources, as their entry points are called."""
        return tuple(point.name for point in self._points)

    def start(self, positions: Mapping[str, str], since: Mapping[str, datetime]) -> None:
        """Make the sources: `positions` are those of earlier batches of all, `since` is by source."""
        self._sources = [(point, _made(point, positions, since[point.name])) for point in self._points]

    def read(self, context: Context) -> Batch:
        """What happened since the last batch. Only actions are told."""
        return together(_read(point, source, context) for point, source in self._sources)


def together(batches: Iterable[Batch]) -> Batch:
    """One of several."""
    held = list(batches)
    return Batch(
        tuple(event for batch in held for event in batch.events),
        tuple(event for batch in held for event in batch.known),
        {name: position for batch in held for name, position in batch.positions.items()},
        any(batch.more for batch in held),
        tuple(diagnostic for batch in held for diagnostic in batch.diagnostics),
    )


def _made(point: EntryPoint, positions: Mapping[str, str], since: datetime) -> EventSource | Exception:
    prefix = _name(point, "")
    own = {name.removeprefix(prefix): text for name, text in positions.items() if name.startswith(prefix)}
    try:
        make: Make = point.load()
        return make(own, since)
    except Exception as error:
        return error


def _read(point: EntryPoint, source: EventSource | Exception, context: Context) -> Batch:
    try:
        if isinstance(source, Exception):
            raise source
        batch = source.read(context)
        return Batch(
            tuple(_actions(batch.events)),
            tuple(_actions(batch.known)),
            {_name(point, name): str(position) for name, position in batch.positions.items()},
            bool(batch.more),
            tuple(batch.diagnostics),
        )
    except Exception as error:
        return Batch(diagnostics=(_failed(context, point, error),))


def _name(point: EntryPoint, position: str) -> str:
    """As positions of transcripts are named, of no account."""
    return f"\n{point.name}\n{position}"


def _actions(events: Iterable[object]) -> Iterator[Action]:
    return (event for event in events if isinstance(event, Action))


def _failed(context: Context, point: EntryPoint, error: Exception) -> Diagnostic:
    return Diagnostic(
        endpoint_id=context.endpoint_id,
        evidence=Evidence(collector=point.name, confidence="confirmed"),
        severity="error",
        code="events.failed",
        # Its text may quote what was read.
        message=f"the event source failed: {type(error).__name__}",
        key=point.name,
    )
