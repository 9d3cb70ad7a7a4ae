"""The collectors, in the order they run: the built-in list, then third-party ones from the entry point group."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.metadata import EntryPoint, entry_points

from collectors.configs.collector import ConfigCollector
from collectors.contract import Collector, Context, Observation
from collectors.host import HostCollector
from collectors.processes.collector import ProcessCollector
from collectors.sockets.collector import SocketCollector
from collectors.tools.collector import ToolCollector
from collectors.transcripts.sessions import SessionCollector

ENTRY_POINTS = "rollcall.collectors"


def built_in() -> list[Collector]:
    """The collectors of this package. Processes are judged by what is configured; that an agent works in a project
    nobody had known is the exception, for which configurations are collected once more."""
    return [
        HostCollector(),
        ConfigCollector(),
        ProcessCollector(),
        SocketCollector(),
        SessionCollector(),
        ToolCollector(),
    ]


def all_collectors(disabled: Iterable[str] = ()) -> list[Collector]:
    """Built-in and installed third-party collectors but the disabled ones.

    An entry point of the group `rollcall.collectors` names a callable that takes nothing and returns a `Collector`.
    One that cannot be loaded is replaced by one that fails: it then shows in the diagnostics and stops nothing.
    """
    without = set(disabled)
    collectors = (*built_in(), *(_load(point) for point in entry_points(group=ENTRY_POINTS)))
    return [collector for collector in collectors if collector.name not in without]


def _load(point: EntryPoint) -> Collector:
    try:
        collector: Collector = point.load()()
        if not isinstance(collector.name, str):
            raise TypeError("a collector needs a name")
    except Exception as error:
        return _Broken(point.name, error)
    return collector


class _Broken(Collector):
    """Stands in for a third-party collector that could not be loaded."""

    def __init__(self, name: str, error: Exception) -> None:
        self.name = name
        self._error = error

    def collect(self, context: Context) -> Iterator[Observation]:
        yield from ()  # a generator: the error is met where every collector's errors are
        raise self._error
