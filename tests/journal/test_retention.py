from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.delivery.cursor import Cursor
from agent.journal import checkpoints as checkpoints_module
from agent.journal import entry as entry_module
from agent.journal import journal as journal_module
from agent.journal.checkpoints import Checkpoints
from agent.journal.head_file import HeadFile
from agent.journal.journal import FILE, Journal
from agent.journal.keys import load_keys, published_key
from agent.journal.retention import Keep, Retention
from agent.journal.settings import JournalSettings
from agent.journal.verdict import Outside, examine
from agent.runtime import boot_clock

ENDPOINT = "e" * 32
DAY = timedelta(days=1)
FOREVER = Keep(days=10_000, bytes=1 << 40)


class Machine:
    """A journal with a checkpoint after every ten entries."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.journal = Journal.open(folder / FILE, ENDPOINT)
        self.checkpoints = Checkpoints(self.journal, load_keys(folder), JournalSettings(checkpoint_entries=10))
        self.checkpoints.start()

    def append(self, count: int, size: int = 100) -> None:
        for number in range(count):
            with self.journal.transaction() as step:
                step.append(
                    "notice", {"kind": "diagnostic", "id": f"{number:032x}", "pad": os.urandom(size // 2).hex()}
                )
                self.checkpoints.append_if_due(step)

    def snapshot(self) -> int:
        with self.journal.transaction() as step:
            begin = step.append("snapshot_begin", {"kind": "snapshot"}).seq
            step.append("snapshot_end", {"kind": "snapshot"})
            self.checkpoints.append(step, "snapshot")
        return begin

    def retain(self, keep: Keep, snapshot: int, targets: tuple[str, ...] = ()) -> int:
        """Until nothing is left to do; how many pieces that took."""
        retention, pieces = Retention(self.journal, self.checkpoints, targets), 0
        while retention.step(keep, snapshot, "digest"):
            pieces += 1
            assert pieces < 10_000
        return pieces

    def first(self) -> int:
        with self.journal.reading() as connection:
            return int(connection.execute("SELECT min(seq) FROM entries").fetchone()[0])

    def assert_good(self) -> None:
        head = HeadFile(self.folder / "journal.head").read()
        verdict = examine(self.journal, Outside(published_key(self.folder), "journal.pub", head))
        assert [check for check in verdict.checks if check.state == "FAILED"] == []

    def size(self) -> int:
        with self.journal.reading() as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return (self.folder / FILE).stat().st_size


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    made = Machine(tmp_path)
    yield made
    made.journal.close()


def test_nothing_goes_that_is_young_and_small_enough(machine: Machine) -> None:
    machine.append(100)
    assert machine.retain(FOREVER, machine.snapshot()) == 0
    assert machine.first() == 1


def test_what_is_too_old_goes_before_a_checkpoint_and_the_rest_verifies(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.append(100)
    snapshot = machine.snapshot()
    later(monkeypatch, 11)
    machine.retain(Keep(days=10, bytes=1 << 40), snapshot)
    first = machine.journal.read(machine.first() - 1, 1)[0]
    assert first.op == "checkpoint"
    assert snapshot - 12 < first.seq <= snapshot
    last = machine.journal.last_checkpoint()
    assert last and last.cut
    assert (last.reason, last.cut.first_seq, last.cut.last_seq) == ("cut", 1, first.seq - 1)
    assert sum(last.cut.counts.values()) == first.seq - 1
    assert last.cut.counts["diagnostic"] > 80
    assert last.inventory_digest == "digest"
    machine.assert_good()
    machine.append(30)
    machine.assert_good()


def test_a_second_cut_goes_on_from_the_first(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    for days in (11, 22):
        machine.append(50)
        snapshot = machine.snapshot()
        later(monkeypatch, days)
        machine.retain(Keep(days=10, bytes=1 << 40), snapshot)
        machine.assert_good()
    last = machine.journal.last_checkpoint()
    assert last and last.cut and last.cut.first_seq > 1


def test_a_file_that_is_too_large_gives_its_room_back(machine: Machine) -> None:
    machine.append(1500, size=4000)
    snapshot = machine.snapshot()
    before = machine.size()
    assert before > 6_000_000
    machine.retain(Keep(days=10_000, bytes=3_000_000), snapshot)
    assert machine.size() < 3_600_000
    machine.assert_good()


def test_what_a_target_has_not_accepted_stays(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.append(100)
    accepted(machine, "slow", 40)
    snapshot, keep = machine.snapshot(), Keep(days=10, bytes=1 << 40)
    later(monkeypatch, 11)
    machine.retain(keep, snapshot, ("slow", "fast"))
    assert machine.first() == 1, "`fast` has nothing yet"
    accepted(machine, "fast", 90)
    machine.retain(keep, snapshot, ("slow", "fast"))
    assert 29 < machine.first() <= 40
    machine.assert_good()


def accepted(machine: Machine, target: str, seq: int) -> None:
    """Eleven days from now, when entries are old."""
    Cursor(machine.journal, target).accept(seq)
    with machine.journal.transaction() as step:
        at = (datetime.now(UTC) + timedelta(days=11)).isoformat(timespec="seconds")
        step.connection.execute("UPDATE targets SET last_success = ? WHERE name = ?", (at, target))


def test_a_target_that_took_nothing_for_as_long_as_entries_are_kept_is_given_up(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.append(100)
    Cursor(machine.journal, "gone").accept(40)
    snapshot = machine.snapshot()
    later(monkeypatch, 11)
    machine.retain(Keep(days=10, bytes=1 << 40), snapshot, ("gone",))
    last = machine.journal.last_checkpoint()
    assert last and last.cut and last.cut.not_accepted == {"gone": last.cut.last_seq - 40}
    assert Cursor(machine.journal, "gone").load().done == last.cut.last_seq


def test_the_last_snapshot_stays(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.append(20)
    snapshot = machine.snapshot()
    machine.append(100)
    later(monkeypatch, 11)
    machine.retain(Keep(days=10, bytes=1 << 40), snapshot)
    assert machine.first() <= snapshot


def test_a_clock_that_was_set_forward_costs_no_entry(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.append(100)
    snapshot = machine.snapshot()
    retention = Retention(machine.journal, machine.checkpoints, ())
    later(monkeypatch, 4000, with_the_machine=False)
    assert not retention.step(Keep(days=10, bytes=1 << 40), snapshot, "digest")
    assert machine.first() == 1


@pytest.mark.parametrize("before", [0, 50])
def test_a_clock_that_was_in_1970_for_a_while_costs_no_entry_its_time(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, before: int
) -> None:
    machine.append(before)
    with monkeypatch.context() as clock:
        for module in (journal_module, checkpoints_module):
            clock.setattr(module, "datetime", In1970)
        machine.append(50)
    machine.append(50)
    snapshot = machine.snapshot()
    machine.assert_good()
    keep = Keep(days=10, bytes=1 << 40)
    machine.retain(keep, snapshot)
    assert machine.first() == 1
    later(monkeypatch, 11)
    machine.retain(keep, snapshot)
    assert machine.first() > before + 50
    machine.assert_good()


def test_a_cut_that_was_interrupted_is_finished_and_verifies_in_between(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.append(600)
    snapshot = machine.snapshot()
    later(monkeypatch, 11)
    keep = Keep(days=10, bytes=1 << 40)
    retention = Retention(machine.journal, machine.checkpoints, ())
    assert retention.step(keep, snapshot, "digest")
    assert retention.step(keep, snapshot, "digest")
    assert 1 < machine.first() < machine.journal.cut().seq
    machine.assert_good()
    machine.retain(keep, snapshot)
    assert machine.first() == machine.journal.cut().seq + 1
    machine.assert_good()


class In1970(datetime):
    """What a machine without a battery says until it has asked somebody."""

    @classmethod
    def now(cls, tz: object = None) -> datetime:  # type: ignore[override]  # the clock stands still
        return datetime.now(UTC).replace(year=1970)


def later(monkeypatch: pytest.MonkeyPatch, days: int, *, with_the_machine: bool = True) -> None:
    """Put every clock that retention looks at ahead; without the machine's own it is one that somebody set."""

    class Ahead(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]  # the clock stands still
            return datetime.now(UTC) + days * DAY

    from agent.journal import checkpoints, retention

    for module in (retention, checkpoints):
        monkeypatch.setattr(module, "datetime", Ahead)
    if with_the_machine:
        real = boot_clock.boot_time()
        ahead = real._replace(milliseconds=real.milliseconds + days * 86_400_000)
        for module in (retention, checkpoints):
            monkeypatch.setattr(module, "boot_time", lambda: ahead)
    assert entry_module.wire_time(Ahead.now()) > entry_module.wire_time(datetime.now(UTC))
