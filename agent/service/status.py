"""`rollcall status`: what the running daemon last said of itself, with the backlog as the journal has it now."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from agent.delivery.failure import Failure
from agent.journal.journal import FILE
from agent.records import Heartbeat, Supervision
from agent.runtime.lock import AlreadyRunningError, lock
from agent.service import group_status, public_status
from agent.service.health import STATUS
from agent.service.pulse import seconds_since
from agent.service.room import fault

_STANDS_SECONDS = 60.0
"""No step of the loop takes so long, however busy it is."""


class _Said(BaseModel):
    """What the status file holds."""

    pid: int
    written_at: str
    journal_error: str | None
    heartbeat: Heartbeat


class _Positions(NamedTuple):
    """Head of the journal, and of each target the last settled entry, the number of dead letters and what fails."""

    head: int
    settled: dict[str, int]
    dead: dict[str, int]
    failures: dict[str, Failure]


@dataclass(frozen=True, slots=True)
class Report:
    """Text for a person, a document for a program, and whether a daemon runs and does its work."""

    text: str
    running: bool
    document: dict[str, Any]


def report(folder: Path) -> Report:
    """The state of the daemon of this folder. Raises `OSError` where the caller may not read it."""
    try:
        found = (folder / STATUS).exists()
    except PermissionError:
        found = False
    if not found and (text := group_status.read()):
        return _for_the_group(text)
    if not found and (public := public_status.read()):
        return Report(f"{public_status.text_of(public)}\n", True, public_status.document_of(public))
    if not found:
        text = f"no daemon has run with the state folder {folder}"
        return Report(f"{text}\n", False, {"state": text, "running": False})
    text = (folder / STATUS).read_text(encoding="utf-8", errors="replace")
    running = _running(folder)
    turned = seconds_since(folder) if running else None
    try:
        said = _Said.model_validate_json(text)
    except ValidationError:
        state = "running" if running else "not running"
        text = f"rollcall: {state}; what it last said of itself is of another version"
        return Report(f"{text}\n", running, {"state": text, "running": running})
    if not said.journal_error:  # a disk that fails keeps the daemon from saying so there
        said.journal_error = fault(folder)
    turns = running and (turned is None or turned < _STANDS_SECONDS)
    state = _state(said, running, turned)
    document = {"state": state, "running": turns, **json.loads(text), "journal_error": said.journal_error}
    return Report("\n".join(_lines(folder, said, state)) + "\n", turns, document)


def _state(said: _Said, running: bool, turned: float | None) -> str:
    if not running:
        return "not running"
    if turned is None:
        return f"running, pid {said.pid}"
    if turned < _STANDS_SECONDS:
        return f"running, pid {said.pid}, its main loop last turned {turned:.0f} s ago"
    return f"NOT RESPONDING, pid {said.pid}: its main loop last turned {turned:.0f} s ago"


def _running(folder: Path) -> bool:
    try:
        lock(folder / "lock", patience=0).close()
    except AlreadyRunningError:
        return True
    return False


def _for_the_group(text: str) -> Report:
    """From the copy that its members may read. It is gone as soon as the service stops."""
    said = _Said.model_validate_json(text)
    state = f"running, pid {said.pid}"
    document = {"state": state, "running": True, **json.loads(text)}
    return Report("\n".join(_lines(None, said, state)) + "\n", True, document)


def _lines(folder: Path | None, said: _Said, state: str) -> Iterator[str]:
    """Without the folder, what the heartbeat knows must do."""
    beat = said.heartbeat
    yield f"rollcall {beat.rollcall_version}: {state}"
    yield f"  as of {said.written_at}, up {beat.uptime_seconds:.0f} s, endpoint {beat.endpoint_id}"
    if said.journal_error:
        yield f"  NOT JOURNALED: {said.journal_error}"
    at = _told_positions(beat)
    if folder:
        try:
            at = _positions(folder / FILE)
        except sqlite3.Error as error:
            yield f"  journal not readable now: {error.sqlite_errorname}"
    yield f"  journal: {at.head} entries"
    if use := beat.own_use:
        slower = f"; WORKS MORE SLOWLY: {use.exceeded}" if use.exceeded else ""
        disk = f"{use.state_bytes / 1e6:.0f} MB on disk"
        yield f"  own use: {use.cpu_share:.1%} of a core, {use.resident_bytes / 1e6:.0f} MB, {disk}{slower}"
    yield "  collector     ok   mode       last success                      seconds  records"
    for c in beat.collectors:
        ok, mode = "yes" if c.ok else "NO", c.mode or "-"
        yield f"  {c.name:<13} {ok:<4} {mode:<10} {c.last_success or 'never':<33} {c.seconds:<8.3f} {c.records}"
    if folder:
        yield from _supervision(folder / FILE)
    for target in beat.targets:
        backlog = at.head - at.settled.get(target.name, 0)
        letters = at.dead.get(target.name, 0)
        more = [f"{letters} dead letters (`rollcall delivery dead-letters`)"] if letters else []
        failure = at.failures.get(target.name)
        more += [f"FAILING since {failure.since}: {failure.reason}"] if failure else []
        yield ", ".join([f"  target {target.name}: backlog {backlog}", *more])


def _supervision(path: Path) -> Iterator[str]:
    """How agents were supervised, a line each for account, client and project."""
    found = []
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            query = "SELECT record FROM inventory WHERE instr(record, ?) > 0"
            rows = connection.execute(query, ('"kind": "supervision"',)).fetchall()
        found = [Supervision.model_validate_json(text) for (text,) in rows]
    except (sqlite3.Error, ValidationError):
        return
    for record in sorted(found, key=lambda record: -record.calls):
        unasked = "not told" if record.unasked is None else f"{record.unasked:.0%}"
        bypass = f", first without checks {record.first_bypass_at:%Y-%m-%d}" if record.first_bypass_at else ""
        where = f"{record.agent} ({record.owner or '-'}) in {record.project or 'no project'}"
        yield f"  actions of {where}: {record.calls}, asked nobody about {unasked}{bypass}"


def _told_positions(beat: Heartbeat) -> _Positions:
    """As of the heartbeat, which counts no dead letters."""
    failures = {t.name: Failure(t.last_error, t.failing_since or "") for t in beat.targets if t.last_error}
    return _Positions(beat.journal_head, {target.name: target.acknowledged for target in beat.targets}, {}, failures)


def _positions(path: Path) -> _Positions:
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        head = int(connection.execute("SELECT head_seq FROM meta").fetchone()[0])
        dead = connection.execute("SELECT target, count(*) FROM dead_letters GROUP BY target")
        failures = connection.execute("SELECT name, reason, since FROM target_failures").fetchall()
        settled = dict(connection.execute("SELECT name, done FROM targets"))
        return _Positions(head, settled, dict(dead), {name: Failure(*rest) for name, *rest in failures})
    finally:
        connection.close()
