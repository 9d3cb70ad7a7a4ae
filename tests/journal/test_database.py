from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from contextlib import closing
from os import mkfifo
from pathlib import Path

import pytest

from agent.journal.database import Database
from agent.journal.errors import JournalError, JournalFullError
from agent.journal.journal import Journal

ENDPOINT = "e" * 32


def append(journal: Journal, count: int) -> None:
    with journal.transaction() as step:
        for number in range(count):
            step.append("notice", {"kind": "diagnostic", "id": str(number), "pad": "p" * 1000})


def test_a_file_that_may_not_grow_further_is_full_until_it_may(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "journal.db", ENDPOINT)
    journal.database.limit(300_000)
    with pytest.raises(JournalFullError):
        for _ in range(100):
            append(journal, 10)
    journal.database.limit(1 << 30)
    append(journal, 10)
    assert journal.verify().ok
    journal.close()


@pytest.mark.usefixtures("as_root")
def test_one_on_a_medium_that_nobody_can_write_to_is_read(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "journal.db", ENDPOINT)
    append(journal, 10)
    journal.close()
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "none", str(disk)], capture_output=True, check=False).returncode:
        pytest.skip("tmpfs cannot be mounted here")
    try:
        shutil.copy(tmp_path / "journal.db", disk)
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        there = Journal.open(disk / "journal.db", ENDPOINT, readonly=True)
        assert there.verify().entries == 10
        there.close()
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("readonly", [False, True])
@pytest.mark.parametrize("make", [Path.mkdir, mkfifo])
def test_what_is_no_file_is_refused_and_not_waited_for(
    tmp_path: Path, make: Callable[[Path], None], readonly: bool
) -> None:
    make(tmp_path / "journal.db")
    with pytest.raises(JournalError):
        Journal.open(tmp_path / "journal.db", ENDPOINT, readonly=readonly)


def test_only_a_step_that_says_so_does_not_wait_for_the_disk(tmp_path: Path) -> None:
    with closing(Database.open(tmp_path / "journal.db", readonly=False)) as database:

        def waits() -> int:
            with database.reading() as connection:
                return int(connection.execute("PRAGMA synchronous").fetchone()[0])

        full, normal = 2, 1
        with database.writing():
            assert waits() == full
        with database.writing(durable=False):
            assert waits() == normal
        with pytest.raises(ZeroDivisionError), database.writing(durable=False):
            raise ZeroDivisionError
        assert waits() == full
