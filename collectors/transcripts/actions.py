"""What agents did, from the transcripts that their clients keep: an event source."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache

from agent.records import Diagnostic, Evidence
from agent.records.action import Action
from collectors.catalog.client import Client
from collectors.catalog.transcripts import Transcript
from collectors.contract import Context
from collectors.events import Batch
from collectors.sources.account import Home
from collectors.sources.filesystem.file_tree import UnreadableError
from collectors.sources.filesystem.recent import Recent
from collectors.sources.formats.unparseable import UnparseableError
from collectors.transcripts.calls import TELEMETRY, Calls, in_order
from collectors.transcripts.follow import Follower, TranscriptReader
from collectors.transcripts.heard import Heard, from_position, to_position
from collectors.transcripts.listing import Listed, as_it_is, may_bring_one, of_database, opened, patterns, transcripts
from collectors.transcripts.mcp_names import defined_servers
from collectors.transcripts.position import Position
from collectors.transcripts.records import NAME, Scene, record
from collectors.transcripts.session_project import project_of

_MOST_BYTES = 32 << 20
"""Bytes that are read in one step."""
_LONGEST_OPEN = timedelta(hours=24)
"""A call that has no result for so long is told without one."""
_BEFORE = timedelta(days=30)
"""Files that were last written so long before the time that is asked for are known to be old without being opened."""


@dataclass(slots=True)
class _Followed:
    """The transcripts of one client and account."""

    calls: Calls = field(default_factory=Calls)
    files: dict[str, Follower] = field(default_factory=dict)
    heard: list[Heard] = field(default_factory=list)
    """What telemetry says of calls that are open: its sender takes it for delivered, so it stays in the position."""

    hears: bool = False
    folders: set[str] = field(default_factory=set)
    """Where its transcripts, or new ones, stand."""

    def position_heard(self) -> str:
        """The same as a position; what is told by now is dropped."""
        self.heard = [one for one in self.heard if self.calls.is_open(one.statement)]
        self.hears = bool(self.heard)
        return to_position(self.heard)


@dataclass(slots=True)
class _Read:
    """What one step has read so far."""

    everything: bool
    more: bool = False
    """Not everything was read that there is."""
    events: list[Action] = field(default_factory=list)
    known: list[Action] = field(default_factory=list)
    positions: dict[str, str] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)

    def tell(self, actions: Iterable[Action], since: datetime) -> None:
        for action in actions:
            (self.events if action.at is None or action.at >= since else self.known).append(action)


class ActionSource:
    """Reads what is new in the transcripts of every account and client."""

    name = NAME

    def __init__(
        self,
        positions: Mapping[str, str],
        since: datetime | Mapping[str, datetime],
        *,
        programs: bool = True,
        most_bytes: int = _MOST_BYTES,
        telemetry: Callable[[], Iterable[Heard]] = tuple,
    ) -> None:
        """`positions`: how far transcripts were read, from earlier batches. Actions before `since` are not told: of all
        clients, or of those that are named, and others are not read. `telemetry` gives what was newly heard."""
        self._positions = {
            name: Position.from_json(text) for name, text in positions.items() if not name.endswith(f"\n{TELEMETRY}")
        }
        self._heard = {name: from_position(text) for name, text in positions.items() if name.endswith(f"\n{TELEMETRY}")}
        self._telemetry = telemetry
        self._since = since
        self._programs = programs
        self._most_bytes = most_bytes
        self._followed: dict[tuple[str, str], _Followed] = {}
        self._readers: dict[int, TranscriptReader] = {}
        self._left = 0

    @property
    def folders(self) -> list[str]:
        """Where transcripts stand, and then where new ones may."""
        everyone = self._followed.values()
        held = (path.rpartition("/")[0] for followed in everyone for path in followed.files)
        return list(dict.fromkeys((*held, *(folder for followed in everyone for folder in followed.folders))))

    def read(self, context: Context, *, everything: bool = False, changed: Collection[str] | None = None) -> Batch:
        """What is new. `everything`: calls without a result are told too, as nothing more will come. `changed`: where
        something was written since the last time; None where that is not known."""
        self._left = self._most_bytes
        heard = _by_sender(self._telemetry())
        read = _Read(everything)
        for home in context.homes:
            for client in context.catalog.clients.values() if home.reachable else ():
                since = self._since if isinstance(self._since, datetime) else self._since.get(client.id)
                if client.actions and since:
                    self._listen(home, client, heard.get((home.uid, client.id), []))
                    self._look(context, home, client, since, read, changed)
        return Batch(tuple(read.events), tuple(read.known), read.positions, read.more, tuple(read.diagnostics))

    def _look(
        self,
        context: Context,
        home: Home,
        client: Client,
        since: datetime,
        read: _Read,
        changed: Collection[str] | None,
    ) -> None:
        """Take in what one client of one account has written, and tell what is complete."""
        followed = self._followed.setdefault((home.owner, client.id), _Followed())
        some = None if changed is None or followed.hears else _written(context, home, client, followed, changed)
        if some is None:
            followed.folders.clear()
            listed = list(transcripts(context, home, client, since - _BEFORE, followed.folders))
        elif some:
            listed = some
        else:
            return
        # Most looks find nothing new, and the names of all servers are gathered for nothing.
        scene = cache(lambda: _scene(context, home, client, self._programs))
        written = self._take_in(context, home, client, followed, listed, since, read, scene)
        is_read = self._left > 0 and all(follower.is_complete for follower in written)
        read.more = read.more or not is_read
        before = None if read.everything and is_read else datetime.now(UTC) - _LONGEST_OPEN
        found = in_order(followed.calls.take(before=before))
        read.tell((record(scene(), followed.calls, one) for one in found), since)
        told = written or (followed.files.values() if found else ())
        open_from = followed.calls.open_from() if told else {}
        for follower in told:
            position = follower.durable(open_from.get(follower.path))
            read.positions[_name(home, client, follower.path)] = position.to_json()
        if followed.hears:
            read.positions[_name(home, client, TELEMETRY)] = followed.position_heard()
        if some is None:
            for path in followed.files.keys() - {one.file.path for one in listed}:
                # Gone, or written so long ago that others have taken its place: what it holds is told.
                del followed.files[path]
                read.positions[_name(home, client, path)] = ""

    def _take_in(
        self,
        context: Context,
        home: Home,
        client: Client,
        followed: _Followed,
        listed: Iterable[Listed],
        since: datetime,
        read: _Read,
        scene: Callable[[], Scene],
    ) -> list[Follower]:
        """Read what is new in these files; the followers of those that had something."""
        written: list[Follower] = []
        for captures, file, transcript in listed:
            follower = followed.files.get(file.path) or self._follower(
                followed, transcript, captures, file.path, home, client
            )
            if follower.is_current(file) or self._left <= 0:
                continue
            try:
                with opened(context, home, file, transcript) as descriptors:
                    read.known += self._read(followed, scene(), follower, descriptors, file, since)
                written.append(follower)
            except FileNotFoundError:
                continue
            except (OSError, UnreadableError, UnparseableError) as error:
                read.diagnostics.append(_diagnostic(context, home, client, file.path, error))
                follower.give_up(file)
        return written

    def _listen(self, home: Home, client: Client, new: list[Heard]) -> None:
        """Say what telemetry says."""
        kept = self._heard.pop(_name(home, client, TELEMETRY), [])
        if not (kept or new):
            return
        followed = self._followed.setdefault((home.owner, client.id), _Followed())
        followed.heard += [*kept, *new]
        followed.hears = True
        for heard in (*kept, *new):
            followed.calls.add(heard.statement, heard.session, "", TELEMETRY, 0)

    def _follower(
        self,
        followed: _Followed,
        transcript: Transcript,
        captures: tuple[str, ...],
        path: str,
        home: Home,
        client: Client,
    ) -> Follower:
        position = self._positions.pop(_name(home, client, path), None)
        reader = self._readers.get(id(transcript))
        if reader is None:
            reader = self._readers[id(transcript)] = TranscriptReader(transcript)
        follower = followed.files[path] = Follower(reader, captures, path, followed.calls, position)
        return follower

    def _read(
        self,
        followed: _Followed,
        scene: Scene,
        follower: Follower,
        descriptors: tuple[int, int | None],
        file: Recent,
        since: datetime,
    ) -> list[Action]:
        """Read one file; the actions of one that is older than what is asked for, which are not to be told."""
        is_old = file.modified < since.timestamp() * 1e9
        if is_old and follower.can_skip:
            follower.skip(*descriptors, file)
            return []
        self._left -= follower.read(*descriptors, file, self._left)
        if not is_old:
            return []
        return [record(scene, followed.calls, one) for one in followed.calls.take(source=follower.path)]


def _written(
    context: Context, home: Home, client: Client, followed: _Followed, changed: Collection[str]
) -> list[Listed] | None:
    """The transcripts that something was written to; None where that may be one that is not followed yet."""
    found: dict[str, Listed] = {}
    for path in changed:
        if follower := followed.files.get(of_database(path)):
            file = as_it_is(context, home, follower.path, follower.transcript)
            if file is None:
                return None
            found[file.path] = Listed(follower.captures, file, follower.transcript)
        elif any(may_bring_one(context, home, pattern.path, path) for pattern in patterns(context, home, client)):
            return None
    return list(found.values())


def _scene(context: Context, home: Home, client: Client, programs: bool) -> Scene:
    assert client.actions is not None
    return Scene(
        context.endpoint_id,
        home.owner,
        client.id,
        client.actions,
        defined_servers(context, home, client),
        cache(lambda folder: project_of(context, home, folder)),
        lambda path: _evidence(context.files.shown(path) if path else None),
        programs,
    )


@lru_cache(maxsize=4096)
def _evidence(source: str | None) -> Evidence:
    return Evidence(collector=NAME, source=source, confidence="confirmed")


def _by_sender(heard: Iterable[Heard]) -> dict[tuple[int | None, str], list[Heard]]:
    found: dict[tuple[int | None, str], list[Heard]] = {}
    for one in heard:
        found.setdefault((one.uid, one.client), []).append(one)
    return found


def client_of(name: str) -> str:
    """The client whose transcript a position is of."""
    return name.split("\n")[1] if name.count("\n") >= 2 else ""


def _name(home: Home, client: Client, path: str) -> str:
    return f"{home.owner}\n{client.id}\n{path}"


def _diagnostic(
    context: Context, home: Home, client: Client, path: str, error: OSError | UnreadableError | UnparseableError
) -> Diagnostic:
    code = getattr(error, "code", None) or "file.unreadable"
    return Diagnostic(
        endpoint_id=context.endpoint_id,
        owner=home.owner,
        evidence=Evidence(collector=NAME, source=context.files.shown(path)),
        severity="warning",
        code=f"actions.{code}",
        message="actions in this transcript could not be read",
        path=context.files.shown(path),
        agent=client.id,
    )
