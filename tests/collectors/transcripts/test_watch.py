"""Which transcripts are looked at because something was written to them."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from agent.records.action import Action
from collectors.transcripts.actions import ActionSource
from collectors.transcripts.watch import TranscriptWatch
from tests.collectors.transcripts.driven_homes import EVER, context_of, machine, told


class Woken:
    """A watch, and what it told by the time it woke its owner."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self.seconds = 0.0
        self.watch = TranscriptWatch(self._wake)

    def _wake(self, seconds: float) -> None:
        self.seconds = seconds
        self._event.set()

    def told(self, path: Path) -> set[str]:
        """All that is told until this is; the notices of one change may come in one piece or in several."""
        found: set[str] = set()
        while str(path) not in found:
            assert self._event.wait(60)
            self._event.clear()
            found |= self.watch.take() or set()
        return found

    def settled(self, *folders: Path) -> None:
        """Watching these, and nothing left that nobody told of."""
        for _ in range(2):
            self.watch.take()
            self.watch.follow({str(folder) for folder in folders}, 0.0)
        self._event.clear()


@pytest.fixture
def woken() -> Iterator[Woken]:
    one = Woken()
    yield one
    one.watch.close()


def test_it_tells_who_was_written_to_and_nothing_twice(woken: Woken, tmp_path: Path) -> None:
    assert woken.watch.take() is None
    woken.settled(tmp_path)
    assert woken.watch.take() == frozenset()
    one, other, last = (tmp_path / f"{name}.jsonl" for name in ("one", "other", "last"))
    with one.open("w") as file:
        for _ in range(2):
            file.write("x\n")
            file.flush()
            assert woken.told(one) <= {str(one), str(tmp_path)}
            woken.watch.follow({str(tmp_path)}, 0.0)
        # Notices come in order: with that of the next file all of this one were told.
        other.write_text("y\n")
        woken.told(other)
        last.write_text("z\n")
        assert str(one) not in woken.told(last)


def test_what_was_written_before_a_folder_was_watched_is_looked_for(woken: Woken, tmp_path: Path) -> None:
    woken.settled(tmp_path)
    woken.watch.follow({str(tmp_path), str(tmp_path / "new")}, 0.0)
    assert woken.watch.take() is None


def test_what_was_left_is_looked_at_again(woken: Woken, tmp_path: Path) -> None:
    woken.settled(tmp_path)
    woken.watch.look_again()
    assert woken.watch.take() is None


def test_under_a_flood_it_rests_and_everything_is_looked_at(woken: Woken, tmp_path: Path) -> None:
    woken.settled(tmp_path)
    for number in range(1000):
        (tmp_path / f"{number}.jsonl").write_text("x")
    deadline = time.monotonic() + 60
    while woken.watch.take() is not None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    woken.watch.follow({str(tmp_path)}, 0.0)
    for _ in range(3):
        assert woken.watch.take() is None  # it does not watch now
        woken.watch.follow({str(tmp_path)}, 0.0)


def test_after_a_long_look_the_next_one_waits(woken: Woken, tmp_path: Path) -> None:
    woken.settled(tmp_path)
    woken.watch.follow({str(tmp_path)}, 3600.0)
    (tmp_path / "one.jsonl").write_text("x")
    woken.told(tmp_path / "one.jsonl")
    assert 1 < woken.seconds <= 2


def test_only_what_changed_is_read_and_new_sessions_are_found(shared: Path, tmp_path: Path) -> None:
    root = machine(shared, "claude", tmp_path / "root")
    source = ActionSource({}, EVER)
    context = context_of(root)
    assert len([action for action in told(context, source) if action.call_id]) == 54
    folder = "/home/dev/.claude/projects/-home-dev-proj"
    assert folder in source.folders and "/home/dev/.claude/projects" in source.folders
    one = next((root / folder[1:]).glob("11111111*.jsonl"))
    lines = [line for line in one.read_bytes().splitlines(keepends=True) if b"toolu_main000024aeec" in line]

    def calls(*changed: str) -> set[str | None]:
        batch = source.read(context, changed=changed)
        return {event.call_id for event in batch.events if isinstance(event, Action) and event.call_id}

    with one.open("ab") as file:
        file.writelines(line.replace(b"toolu_main000024aeec", b"toolu_new") for line in lines)
    assert calls() == set()
    assert calls(f"{folder}/notes.txt", "/home/dev/.codex/x") == set()
    assert calls(f"{folder}/{one.name}") == {"toolu_new"}
    other = root / "home/dev/.claude/projects/-other"
    other.mkdir()
    (other / "s.jsonl").write_bytes(b"".join(line.replace(b"toolu_main000024aeec", b"toolu_other") for line in lines))
    assert calls("/home/dev/.claude/projects/-other") == {"toolu_other"}
    one.unlink()
    one.symlink_to("/etc/passwd")
    batch = source.read(context, changed=(f"{folder}/{one.name}",))
    assert not batch.diagnostics and batch.positions[f"dev\nclaude-code\n{folder}/{one.name}"] == ""


def test_a_write_to_the_log_of_a_database_is_one_to_the_database(shared: Path, tmp_path: Path) -> None:
    root = machine(shared, "opencode", tmp_path / "root")
    context, source = context_of(root), ActionSource({}, EVER)
    known = next(action.call_id for action in told(context, source) if action.call_id)
    database = next(root.rglob("opencode.db"))
    with closing(sqlite3.connect(database)) as client:
        client.execute("PRAGMA journal_mode = WAL")
        columns = [name for _, name, *_ in client.execute("PRAGMA table_info(part)") if name not in ("id", "data")]
        copied = ", ".join(columns)
        client.execute(
            f"INSERT INTO part (id, data, {copied}) SELECT 'new', replace(data, ?, 'call_new'), {copied} FROM part"
            " WHERE instr(data, ?) LIMIT 1",
            (known, known),
        )
        client.commit()
        log = f"/{database.relative_to(root)}-wal"
        batch = source.read(context, changed=(log,))
    assert {event.call_id for event in batch.events if isinstance(event, Action)} == {"call_new"}
