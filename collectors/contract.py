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
    """The smallest thing a collector can re-read whole: a file, a process, a folder's list."""

    collector: str
    """Name of the collector whose scope it is."""
    owner: str
    """Account name, or "" for what belongs to the machine."""
    key: str
    """A path, or `<pid>:<start>`; keys below an unknown folder are unknown with it."""

    def covers(self, other: Scope) -> bool:
        """Whether `other` is this scope or lies below it."""
        return self[:2] == other[:2] and (other.key == self.key or other.key.startswith(self.key.rstrip("/") + "/"))


class Observation(NamedTuple):
    """All records that are true of a scope now; they replace what was known of it."""

    scope: Scope
    records: tuple[Record, ...] = ()
    """Nothing: the scope is gone or says nothing."""
    unknown: bool = False
    """It could not be read, so what was known before stands, there and in every scope below it, but for what `records`
    says anew: at best a diagnostic that says why."""


class View(Protocol):
    """What is known so far, for collectors whose answer depends on another's."""

    def records(self, kind: str) -> Iterable[Record]:
        """The records of one kind, such as `mcp_server`, as the collectors before this one gave them."""
        ...


@dataclass(frozen=True, slots=True)
class Context:
    """What a collector may look at."""

    endpoint: Endpoint
    """The observed machine, as the operating system or the mounted image describes it."""
    files: FileTree
    """Its files, and the only way to them: bounded, never outside of a mounted image, never further than the owner of
    a home could read. Raises `FileNotFoundError` for what is not there and `UnreadableError` for what is and cannot be
    read."""
    homes: tuple[Home, ...]
    """Its accounts, from the account database and the folders of homes; only a `reachable` one is to be looked into."""
    catalog: Catalog
    """The AI clients that are known."""
    view: View
    """The inventory of this machine so far."""
    limits: Limits = field(default_factory=Limits)
    """Bounds that the settings put on reading."""
    descriptions: bool = False
    """Whether the policy wants to know what tools say of themselves."""
    alive: Callable[[], None] = lambda: None
    """To be called now and then by what takes long."""

    @property
    def endpoint_id(self) -> str:
        """What every record carries as `endpoint_id`."""
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
    """How it learns of changes, such as `inotify`; the heartbeat says so."""

    def close(self) -> None:
        """Stop; no notice comes after it."""
        ...


class Collector(Protocol):
    """A discovery plug-in. It keeps no truth of its own: everything it says it can say again from the source.

    `name` and `collect` are all that a subclass needs. Whatever a method raises becomes a diagnostic and ends neither
    the run nor another collector; what was known of the scopes that were not told stands.
    """

    name: str
    """What diagnostics, evidence and the setting `collect.disabled` call it."""
    settles: bool = True
    """Whether a source that changed is best left alone for a moment: files are written in bursts."""

    def collect(self, context: Context) -> Iterator[Observation]:
        """Every scope that exists now; one known before and not yielded is gone, unless an unknown one covers it."""
        ...

    def refresh(self, context: Context, scopes: Iterable[Scope]) -> Iterator[Observation]:
        """Just these scopes, read again; by default from a whole `collect`."""
        missing = set(scopes)
        for seen in self.collect(context):
            told = {scope for scope in missing if scope == seen.scope or (seen.unknown and seen.scope.covers(scope))}
            if told:
                missing -= told
                yield seen
        yield from map(Observation, missing)

    def depends_on(self, context: Context) -> object:
        """A comparable digest of what `collect` takes from `context`, above all from `context.view`; when it changes,
        `collect` runs again. By default nothing."""
        return None

    def poll(self, context: Context) -> Iterator[Observation]:
        """A cheap periodic look, every few seconds, that yields only what changed since the last one. By default
        nothing: then changes are found by `watch`, and by `collect` every `collect.reconcile_seconds`."""
        yield from ()

    def watch(self, notify: Callable[[Scope | None], None]) -> Watcher | None:
        """Start telling, from any thread, which scopes became dirty (None: all of them). By default None: nothing
        tells."""
        return None
