"""The one contract between a collector and whoever runs it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

from agent.records import Endpoint, Record
from collectors.sources.account import Home
from collectors.sources.limits import Limits

if TYPE_CHECKING:
    from collectors.catalog.catalog import Catalog
    from collectors.sources.account import Os
    from collectors.sources.filesystem.file_tree import FileTree


class Scope(NamedTuple):
    """The smallest thing a collector can re-read whole."""

    collector: str
    owner: str
    """Account name, or "" for what belongs to the machine."""
    key: str
    """A path, or `<pid>:<start>`; keys below an unknown folder are unknown with it."""

    def covers(self, other: Scope) -> bool:
        """Whether `other` is this scope or lies below it."""
        return self[:2] == other[:2] and (other.key == self.key or other.key.startswith(self.key.rstrip("/") + "/"))


@dataclass(frozen=True, slots=True)
class Observation:
    """All records that are true of a scope now. `unknown`: it could not be read, so what was known before stands,
    there and in every scope below it, but for what `records` says anew."""

    scope: Scope
    records: tuple[Record, ...] = ()
    unknown: bool = False


class View(Protocol):
    """What is known so far, for collectors whose answer depends on another's."""

    def records(self, kind: str) -> Iterable[Record]: ...


@dataclass(frozen=True, slots=True)
class Context:
    """What a collector may look at."""

    endpoint: Endpoint
    files: FileTree
    homes: tuple[Home, ...]
    catalog: Catalog
    view: View
    limits: Limits = field(default_factory=Limits)

    @property
    def endpoint_id(self) -> str:
        return self.endpoint.endpoint_id

    @property
    def os(self) -> Os:
        """Of the observed machine, not of this process."""
        return self.endpoint.os

    def os_of(self, home: Home | None) -> Os:
        """The system whose folders a home has (None: the machine)."""
        return (home.os if home else None) or self.os

    @property
    def live(self) -> bool:
        """False for a mounted image: there are no processes and no sockets to look at."""
        return not self.endpoint.root


class Watcher(Protocol):
    """A running source of change notices."""

    mode: str

    def close(self) -> None: ...


class Collector(Protocol):
    """A discovery plug-in. It keeps no truth of its own: everything it says it can say again from the source."""

    name: str
    settles: bool
    """Whether a source that changed is best left alone for a moment: files are written in bursts."""

    def collect(self, context: Context) -> Iterator[Observation]:
        """Every scope that exists now; one known before and not yielded is gone, unless an unknown one covers it."""
        ...

    def refresh(self, context: Context, scopes: Iterable[Scope]) -> Iterator[Observation]:
        """Just these scopes, read again."""
        ...

    def depends_on(self, context: Context) -> object:
        """A comparable digest of what `collect` takes from `context.view`; when it changes, `collect` runs again."""
        ...

    def poll(self, context: Context) -> Iterator[Observation]:
        """A cheap periodic look that yields only what changed since the last one."""
        ...

    def watch(self, notify: Callable[[Scope | None], None]) -> Watcher | None:
        """Start telling which scopes became dirty (None: all of them); None when only `poll` can tell."""
        ...
