"""What the journal costs beside what it is made of: SQLite, SHA-256, the disk."""

from __future__ import annotations

import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from agent.journal.checkpoints import Checkpoints
from agent.journal.entry import canonical
from agent.journal.head_file import HeadFile
from agent.journal.history import history
from agent.journal.journal import FILE, Journal
from agent.journal.keys import load_keys, published_key
from agent.journal.retention import Keep, Retention
from agent.journal.selection import Selection
from agent.journal.settings import JournalSettings
from agent.journal.verdict import Outside, examine
from tests.bench import machine
from tests.bench.table import Row

ENDPOINT = "e" * 32
_BATCH = 100
_NOW = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)


def run(quick: bool) -> list[Row]:
    count = 20_000 if quick else 1_000_000
    with machine.folder() as place:
        rows = [*_appending(place / "append", 200 if quick else 2_000)]
        journal, checkpoints = _signed(place / "long")
        _fill(journal, checkpoints, count)
        rows += [_verifying(journal, place / "long"), _checkpoint(journal, checkpoints), _history(journal, count)]
        rows += _cutting(journal, checkpoints, min(count, 110_000))
        journal.close()
    return rows


def _record(number: int) -> dict[str, object]:
    """One of ordinary size: 1.1 KB as an entry."""
    fields = {f"field_{index}": f"a value of ordinary length {index}" for index in range(16)}
    return {
        "kind": "mcp_server",
        "id": f"{number % 5_000:032x}",
        "owner": "alice",
        "name": f"server-{number}",
        **fields,
    }


def _signed(folder: Path) -> tuple[Journal, Checkpoints]:
    journal = Journal.open(folder / FILE, ENDPOINT)
    checkpoints = Checkpoints(journal, load_keys(folder), JournalSettings())
    checkpoints.start()
    return journal, checkpoints


def _fill(journal: Journal, checkpoints: Checkpoints, count: int) -> None:
    for first in range(0, count, 1_000):
        with journal.transaction() as step:
            for number in range(first, first + 1_000):
                step.append("changed", _record(number), controls=("A.4",))
            checkpoints.append_if_due(step)


def _appending(folder: Path, count: int) -> list[Row]:
    """Steps of one entry and of a hundred, against the same bytes put into a bare table with the same durability."""
    journal, checkpoints = _signed(folder)
    rows = []
    for size in (1, _BATCH):
        steps = max(count // size, 20)

        def append(size: int = size, steps: int = steps) -> None:
            for first in range(0, steps * size, size):
                with journal.transaction() as step:
                    for number in range(first, first + size):
                        step.append("changed", _record(number), controls=("A.4",))
                    checkpoints.append_if_due(step)

        ours = _seconds(append) / (steps * size)
        bare = _bare(folder / f"bare-{size}.db", steps, size) / (steps * size)
        what = f"journal: an entry appended, {size} a step"
        goal = 2.0 if size == 1 else None
        rows.append(Row(what, ours * 1e6, "us", bare * 1e6, "the same bytes in a bare table", goal, False, True))
    journal.close()
    return rows


def _bare(path: Path, steps: int, size: int) -> float:
    bodies = [
        canonical(seq=n, at=_NOW, op="changed", record=_record(n), changes=(), controls=("A.4",), chain="c" * 36)
        for n in range(size)
    ]
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("CREATE TABLE entries (seq INTEGER PRIMARY KEY, body BLOB NOT NULL, hash BLOB NOT NULL)")

        def insert() -> None:
            for _ in range(steps):
                connection.execute("BEGIN IMMEDIATE")
                for body in bodies:
                    connection.execute("INSERT INTO entries (body, hash) VALUES (?, ?)", (body, body[:32]))
                connection.execute("COMMIT")

        return _seconds(insert)


def _verifying(journal: Journal, folder: Path) -> Row:
    """Everything that `audit verify` asks, against `sha256sum` over the same bytes."""
    outside = Outside(published_key(folder), "journal.pub", HeadFile(folder / "journal.head").read())
    bodies = folder / "bodies"
    with journal.reading() as connection, bodies.open("wb") as file:
        file.writelines(body for (body,) in connection.execute("SELECT body FROM entries ORDER BY seq"))
    verdict = []
    ours = _seconds(lambda: verdict.append(examine(journal, outside)))
    assert not [check for check in verdict[0].checks if check.state == "FAILED" and check.by != "replay"]
    theirs = _seconds(lambda: subprocess.run(["sha256sum", bodies], check=True, stdout=subprocess.DEVNULL))
    megabytes = bodies.stat().st_size / 1e6
    bodies.unlink()
    what = f"journal: verify, {megabytes:.0f} MB"
    return Row(what, ours * 1e3, "ms", theirs * 1e3, "sha256sum", 1 / 0.3, False, True)


def _checkpoint(journal: Journal, checkpoints: Checkpoints) -> Row:
    times = []
    for _ in range(50):
        with journal.transaction() as step:
            times.append(_seconds(lambda step=step: checkpoints.append(step, "interval")))
    return Row("journal: a checkpoint", sorted(times)[25] * 1e3, "ms", goal=1.0, strictly=False)


def _history(journal: Journal, count: int) -> Row:
    selection = Selection(subjects=(f"{7:032x}",))
    found = []
    seconds = _seconds(lambda: found.extend(history(journal, selection)))
    assert len(found) == count // 5_000
    return Row(f"journal: history of one subject in {count} entries", seconds * 1e3, "ms", goal=200, strictly=False)


def _cutting(journal: Journal, checkpoints: Checkpoints, count: int) -> list[Row]:
    """The longest that one piece of cutting `count` entries stops the daemon, and what the file loses."""
    with journal.transaction() as step:
        snapshot = step.append("snapshot_begin").seq
        step.append("snapshot_end")
        checkpoints.append(step, "snapshot")
    path = Path(journal.database.place)
    before, head = _size(journal, path), journal.head().seq
    keep = Keep(days=10_000, bytes=int(before * (1 - count / head) / 0.9))
    retention, pieces, more = Retention(journal, checkpoints, ()), [], True
    while more:
        start = time.perf_counter()
        more = retention.step(keep, snapshot, "digest")
        pieces.append(time.perf_counter() - start)
    given_back = (before - _size(journal, path)) / 1e6
    what = f"journal: longest piece of cutting {journal.cut().seq} entries"
    return [
        Row(what, max(pieces) * 1e3, "ms", goal=50, strictly=False),
        Row("journal: given back to the disk by that", given_back, "MB", before / 1e6, "the file before"),
    ]


def _size(journal: Journal, path: Path) -> int:
    with journal.reading() as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return path.stat().st_size


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
