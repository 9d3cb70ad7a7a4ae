"""The one contract between a collector and whoever runs it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

from agent.records import Endpoint, Record

if TYPE_CHECKING:
    from collectors.catalog.client import Catalog, Os
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


@dataclass(frozen=True, slots=True)
class Home:
    """One account and its home as the observed machine names it."""

    owner: str
    path: str
    uid: int | None
    gids: frozenset[int] = frozenset()
    account: Literal["root", "human", "service", "unknown"] = "unknown"
    reachable: bool = True
    """False when this process has no right to enter it; nothing in it is looked at then."""
    full_name: str | None = None
    """As the account database gives it."""
    groups: tuple[str, ...] = ()
    """Names of the account's groups, sorted."""
    network: str = ""
    """Where it really lies, if that is on a network file system; it is `reachable` only if that was asked for."""
    os: Os | None = None
    """The system whose layout it has, where that is not the machine's own."""

    @property
    def drives(self) -> str:
        """What the letter of a drive is put behind, for a Windows home on another system: in WSL `/mnt/`."""
        return self.path.partition("/Users/")[0][:-1] if self.os == "windows" else ""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on hostile or merely huge input."""

    file_bytes: int = 16 * 1024 * 1024
    depth: int = 200
    """Nesting of a parsed document."""
    links: int = 40
    folder_entries: int = 20_000
    """Entries read from one folder."""
    walk_depth: int = 6
    """Folders below a home that the project walk descends."""
    walk_entries: int = 400_000
    walk_seconds: float = 10.0
    servers_per_file: int = 2_000
    file_seconds: float = 4.0
    """Processor time for turning one file into records."""
    account_projects: int = 2_000
    """Project and plug-in folders of one account."""
    account_files: int = 10_000
    account_records: int = 10_000
    """Records from the files of one account."""
    account_seconds: float = 10.0
    """For reading the files of one account in one look."""
    account_instances: int = 250
    """Running agents and servers of one account that are told one by one."""
    instance_peers: int = 250
    """Peers of one instance that are told one by one."""


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
