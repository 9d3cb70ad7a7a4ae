"""Records on their way out: every format whole, every file replaced at once and private."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.reports.output import emit
from agent.reports.report import INVENTORY
from agent.runtime.files import replace_file
from tests import made

RECORDS = [made.server("ünï \x1b[2J"), made.agent(), made.owner()]


def text(form: str, records: list[object] | None = None) -> str:
    lines = INVENTORY.lines(RECORDS if records is None else records, form)  # type: ignore[arg-type]  # any records
    return "".join(f"{line}\n" for line in lines)


def test_ndjson_is_one_record_a_line() -> None:
    assert [json.loads(line) for line in text("ndjson").splitlines()] == [json.loads(r.to_json()) for r in RECORDS]
    assert text("ndjson", []) == ""


def test_json_is_one_array() -> None:
    assert json.loads(text("json")) == [json.loads(record.to_json()) for record in RECORDS]


def test_json_without_records_is_an_empty_array() -> None:
    assert json.loads(text("json", [])) == []


def test_a_table_is_for_people() -> None:
    assert "AGENT" in text("table") and "\x1b" not in text("table")


def test_a_file_is_private_and_whole(tmp_path: Path) -> None:
    path = tmp_path / "out.ndjson"
    path.write_text("before")
    path.chmod(0o644)
    emit(["one", "two"], path)
    assert path.read_text() == "one\ntwo\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["out.ndjson"]


def test_what_fails_on_the_way_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_text("before")

    def failing() -> Iterator[str]:
        yield "half"
        raise OSError("no more")

    with pytest.raises(OSError, match="no more"):
        replace_file(path, failing())
    assert path.read_text() == "before" and os.listdir(tmp_path) == ["out"]


def test_a_link_is_replaced_and_not_written_through(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("untouched")
    link.symlink_to(target)
    replace_file(link, ["new"])
    assert (target.read_text(), link.read_text(), link.is_symlink()) == ("untouched", "new", False)


def test_a_trap_at_the_temporary_name_is_not_written_through(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    (tmp_path / f".out.{os.getpid()}.tmp").symlink_to(victim)
    replace_file(tmp_path / "out", ["new"])
    assert (victim.read_text(), (tmp_path / "out").read_text()) == ("untouched", "new")


def test_without_a_file_it_goes_to_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    emit(["one"], None)
    assert capsys.readouterr() == ("one\n", "")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_a_device_is_written_to_and_stays_and_a_pipe_of_others_gets_nothing(tmp_path: Path) -> None:
    emit(["nothing"], Path("/dev/null"))
    assert Path("/dev/null").is_char_device()
    trap, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(trap)
    link.symlink_to("/dev/null")
    reader = os.open(trap, os.O_RDONLY | os.O_NONBLOCK)
    for path in (trap, link):
        emit(["one"], path)
        assert (path.read_text(), path.is_symlink(), stat.S_IMODE(path.stat().st_mode)) == ("one\n", False, 0o600)
    assert os.read(reader, 100) == b""
    os.close(reader)
