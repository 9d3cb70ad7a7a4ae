from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from agent.delivery.contract import Accepted, Misconfigured, Retry
from agent.delivery.targets.file import FileSettings, FileTarget
from agent.journal.journal import Journal
from tests.delivery.targets.every_kind import journal_of_everything


def target(path: Path, **more: object) -> FileTarget:
    return FileTarget(FileSettings.model_validate({"path": path, **more}), lambda *_: None)


def test_each_entry_is_one_line_however_often_it_is_sent_and_wherever_a_crash_was(
    journal: Journal, tmp_path: Path
) -> None:
    path, batches = tmp_path / "out.ndjson", journal_of_everything(journal)
    lines = [line for batch in batches for line in batch.lines]
    for batch in (batches[0], *batches):
        assert target(path).send(batch) == Accepted()
        whole = path.read_bytes()
        # What a crash leaves: a batch of which a part, or a part of a line, was written.
        path.write_bytes(whole[: -len(batch.lines[-1]) // 2])
        assert target(path).send(batch) == Accepted()
        assert path.read_bytes() == whole
    assert path.read_bytes().splitlines() == lines
    assert path.stat().st_mode & 0o777 == 0o640


def test_it_is_rotated_and_no_entry_is_lost_or_doubled_by_that(journal: Journal, tmp_path: Path) -> None:
    path = tmp_path / "out.ndjson"
    with journal.transaction() as step:
        for number in range(6):
            step.append("discovered", {"kind": "ai_agent", "id": str(number), "name": "x" * 400_000})
    batches = journal_of_everything(journal)
    for batch in batches:
        for _ in range(2):
            assert target(path, rotate_bytes=1_000_000, keep=2).send(batch) == Accepted()
    kept = [path.with_name("out.ndjson.2"), path.with_name("out.ndjson.1"), path]
    found = [line for file in kept for line in file.read_bytes().splitlines()]
    lines = [line for batch in batches for line in batch.lines]
    assert found == lines[-len(found) :]
    assert not path.with_name("out.ndjson.3").exists()
    assert all(file.stat().st_size <= 1_000_000 for file in kept)


def test_a_link_and_a_folder_that_is_missing_are_errors_of_the_settings(journal: Journal, tmp_path: Path) -> None:
    batch = journal_of_everything(journal)[0]
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for path in (tmp_path / "link", tmp_path / "missing/out", tmp_path):
        assert isinstance(target(path).send(batch), Misconfigured), path
    assert not (tmp_path / "elsewhere").exists()


def test_on_a_full_disk_nothing_is_half_written(
    journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, batches = tmp_path / "out.ndjson", journal_of_everything(journal)
    assert target(path).send(batches[0]) == Accepted()
    before, room = path.read_bytes(), [1000]
    real = os.write

    def write(descriptor: int, data: bytes) -> int:
        if not room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(descriptor, data[: room.pop()])

    journal_of_everything(journal)
    monkeypatch.setattr(os, "write", write)
    outcome = target(path).send(journal_of_everything_after(journal, batches[0].last_seq))
    monkeypatch.undo()
    assert isinstance(outcome, Retry) and "No space left" in outcome.reason
    assert path.read_bytes() == before


def journal_of_everything_after(journal: Journal, seq: int) -> object:
    from agent.delivery.batch import next_batch
    from agent.delivery.position import Position

    return next_batch(journal, Position(seq, seq), 500, 900_000)


@pytest.mark.parametrize("last", ["[" * 100_000, '{"chain": "c", "seq": Infinity}', '{"chain": "c", "seq": "x"}', "\0"])
def test_a_last_line_of_somebody_else_stops_nothing(journal: Journal, tmp_path: Path, last: str) -> None:
    path, batch = tmp_path / "out.ndjson", journal_of_everything(journal)[0]
    path.write_text(f"{last}\n")
    assert target(path).send(batch) == Accepted()
    assert path.read_bytes().splitlines()[1:] == list(batch.lines)
