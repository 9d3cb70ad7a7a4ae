"""Each fault with each type of target, through the real process that delivers: nothing lost, nothing doubled by its id.

HTTP targets are reached through a real nginx, syslog is a real rsyslog. `ROLLCALL_MATRIX=long` sends more and meets
each fault three times; what came of each is printed (`-rP`).
"""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.delivery.cursor import Cursor
from agent.journal.errors import JournalError, JournalFullError
from agent.journal.journal import Journal
from tests.delivery.targets.every_kind import journal_of_everything
from tests.e2e.matrix.ends import KINDS, LONG, End, named, other_end
from tests.e2e.matrix.sending import ENDPOINT, Sending
from tests.waiting import wait_for

ROUNDS = 3 if LONG else 1
SOME = 1000 if LONG else 30
DISK = 64 if LONG else 8
PATIENCE = 600 if LONG else 60
"""Megabytes."""


@pytest.fixture
def disk(as_root: None, tmp_path: Path) -> Iterator[Path]:
    """A small one, for the journal."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK}m", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("tmpfs cannot be mounted here")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.mark.parametrize("kind", KINDS)
def test_no_fault_loses_or_doubles_an_entry(kind: str, disk: Path, tmp_path: Path) -> None:
    journal = Journal.open(disk / "journal.db", ENDPOINT)
    with other_end(kind, tmp_path) as end:
        sending = Sending(tmp_path / "sending", disk / "journal.db", end.settings, end.stdout)
        sending.start()
        try:
            trial = Trial(kind, journal, end, sending, disk)
            trial.of("no fault", trial.no_fault())
            for fault in list(end.faults) * ROUNDS:
                trial.of(fault, trial.fault_of_the_end(fault))
            for _ in range(ROUNDS):
                if end.hang_up:
                    trial.of("name gone", trial.name_gone())
                trial.of("disk full", trial.disk_full())
                trial.of("clock jump", trial.clock_jump())
                trial.of("a day offline", trial.day_offline())
                trial.of("killed at random", trial.killed_at_random())
        finally:
            sending.kill()
    journal.close()


@dataclass
class Trial:
    """Faults that come and go while there is something to send. Each is a generator that ends when it is over."""

    kind: str
    journal: Journal
    end: End
    sending: Sending
    disk: Path

    def of(self, what: str, fault: Iterator[None]) -> None:
        """Let a fault come and go, and count what came of it."""
        before = len(self.end.received())
        first = self.journal.head().seq
        for _ in fault:
            pass
        assert wait_for(lambda: self._cursor.status().backlog == 0, PATIENCE), (what, self._cursor.status())
        expected = [named(line.body) for line in self.journal.lines(0, 1_000_000, 1 << 40)]
        wait_for(lambda: len(set(self.end.received())) >= len(expected))
        came = self.end.received()
        found = list(dict.fromkeys(came))
        lost, again = len(set(expected) - set(found)), len(came) - before - (len(expected) - first)
        print(f"{self.kind:12} {what:18} {len(expected) - first:5} entries, {lost} lost, {again} came again")
        assert (came if self.end.once else found) == expected or (
            not self.end.ordered and sorted(found) == sorted(expected)
        ), what
        assert self._cursor.dead_letters() == [], what

    def no_fault(self) -> Iterator[None]:
        journal_of_everything(self.journal)
        self.sending.wake()
        yield

    def fault_of_the_end(self, fault: str) -> Iterator[None]:
        self.end.server.fail(fault)
        yield from self._meets(self.end.faults[fault])
        self.end.server.mend(fault)

    def name_gone(self) -> Iterator[None]:
        self.sending.resolves(False)
        assert self.end.hang_up
        self.end.hang_up()
        yield from self._meets("cannot be resolved")
        self.sending.resolves(True)

    def disk_full(self) -> Iterator[None]:
        with self._offline():
            self._grow(SOME)
            with (self.disk / "ballast").open("wb", buffering=0) as ballast, suppress(OSError):
                while ballast.write(b"\0" * 100_000):
                    pass
            with pytest.raises(JournalFullError):
                while True:
                    self._grow(100)
            yield
        time.sleep(0.5)
        waiting = self._cursor.status().backlog
        (self.disk / "ballast").unlink()
        assert waiting, "with a full disk nothing could be said to be delivered"
        self._grow(1)

    def clock_jump(self) -> Iterator[None]:
        for days in (4000, -7000):
            with self._offline():
                self._grow(SOME)
                yield
                self.sending.clock(timedelta(days=days))
            year = str((datetime.now(UTC) + timedelta(days=days)).year)
            assert wait_for(lambda: self._cursor.status().backlog == 0, PATIENCE), self._cursor.status()
            assert (self._cursor.load().last_success or "").startswith(year)
        self.sending.clock(timedelta())

    def day_offline(self) -> Iterator[None]:
        with self._offline():
            for hour in range(25):
                self.sending.clock(timedelta(hours=hour))
                self._grow(SOME // 5)
                yield
                assert self.kind == "stdout" or wait_for(self._cursor.failure)
            since = self._cursor.status().failing_since
        self._grow(1)
        assert wait_for(lambda: self._cursor.status().backlog == 0, PATIENCE), self._cursor.status()
        until = self._cursor.load().last_success
        # Standard output that ended is noticed with a later entry.
        least = timedelta(hours=22 if self.kind == "stdout" else 24)
        assert since and until and datetime.fromisoformat(until) - datetime.fromisoformat(since) >= least
        self.sending.clock(timedelta())

    def killed_at_random(self) -> Iterator[None]:
        dice = random.Random(7)
        for _ in range(4 if LONG else 2):
            before = self._cursor.load().done
            self._grow(SOME if LONG else 150)
            yield
            # Most of the first second is the start; what matters is what comes when batches are under way.
            wait_for(lambda before=before: self._cursor.load().done > before)  # type: ignore[misc]  # bound now
            time.sleep(dice.uniform(0, 0.05))
            self.sending.kill()
            self.sending.start()

    @contextmanager
    def _offline(self) -> Iterator[None]:
        fault = next(iter(fault for fault in ("gone", "killed") if fault in self.end.faults))
        self.end.server.fail(fault)
        yield
        self.end.server.mend(fault)

    def _meets(self, words: str | None) -> Iterator[None]:
        """Until delivery says so, where it does; a connection that is open may still serve a while."""
        for _ in range(20):
            self._grow(SOME)
            yield
            if words is None or wait_for(lambda: words in (self._cursor.status().last_error or ""), 3):
                return
        raise AssertionError((words, self._cursor.status()))

    def _grow(self, count: int) -> None:
        while not self._appended(count):
            # Another process was at it for too long, as on a machine under load: like the daemon, once more.
            time.sleep(0.1)
        self.sending.wake()

    def _appended(self, count: int) -> bool:
        try:
            with self.journal.transaction() as step:
                for number in range(count):
                    step.append("notice", {"kind": "diagnostic", "id": str(number), "severity": "info"})
        except JournalError as error:
            if "SQLITE_BUSY" not in str(error):
                raise
            return False
        return True

    @property
    def _cursor(self) -> Cursor:
        return Cursor(self.journal, self.end.settings.name)
