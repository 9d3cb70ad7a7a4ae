from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.journal.checkpoints import Checkpoints
from agent.journal.export import export
from agent.journal.exported import examine_export
from agent.journal.history import history, subjects_called
from agent.journal.journal import FILE, Journal
from agent.journal.keys import PUBLIC_FILE, load_keys, published_key
from agent.journal.receipts import Receipt, keep_receipt
from agent.journal.selection import Selection
from agent.journal.settings import JournalSettings
from agent.journal.signing import SigningKey

ENDPOINT = "e" * 32
GUIDE = Path(__file__).parents[2] / "docs/audit.md"
RARE = Selection(kinds=("mcp_server",))


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """Three dozen entries, one of them rare, with a checkpoint every seven."""
    opened = Journal.open(tmp_path / FILE, ENDPOINT)
    checkpoints = Checkpoints(opened, load_keys(tmp_path), JournalSettings(checkpoint_entries=7))
    checkpoints.start()
    for number in range(36):
        kind = "mcp_server" if number == 17 else "ai_agent"
        with opened.transaction() as step:
            record = {"kind": kind, "id": f"{number:032x}", "name": f"ünïcødé-{number}", "owner": "alice", "n": 1.5}
            step.append("discovered", record, controls=("A.4",))
            checkpoints.append_if_due(step)
    with opened.transaction() as step:
        keep_receipt(step.connection, Receipt("central", 20, opened.hash_at(20), "2026-01-02T00:00:00Z"))
    yield opened
    opened.close()


def exported(journal: Journal, selection: Selection = Selection()) -> list[bytes]:  # noqa: B008 - frozen
    return list(export(journal, selection))


def ok(lines: list[bytes], folder: Path) -> bool:
    return examine_export(lines, published_key(folder)).ok


def test_everything_is_exported_as_it_was_hashed_and_proves_itself(journal: Journal, tmp_path: Path) -> None:
    lines = exported(journal)
    assert [line.rstrip(b"\n") for line in lines[1:-1]] == [line.body for line in journal.lines(0, 1000)]
    verdict = examine_export(lines, published_key(tmp_path))
    assert verdict.ok
    assert {check.state for check in verdict.checks} == {"proved"}


def test_what_is_left_out_is_shown_to_have_been_there(journal: Journal, tmp_path: Path) -> None:
    lines = exported(journal, RARE)
    kinds = [(json.loads(line).get("record") or {}).get("kind") for line in lines[1:-1]]
    assert kinds.count("mcp_server") == 1
    assert "ai_agent" not in kinds
    whole = [json.loads(line)["left_out"] for line in lines if b'"left_out":{' in line]
    assert whole
    verdict = examine_export(lines, published_key(tmp_path))
    assert verdict.ok
    left_out = journal.head().seq - 1 - kinds.count("checkpoint")
    assert verdict.checks[0].detail == f"{journal.head().seq - left_out} entries, and {left_out} left out"


@pytest.mark.parametrize("selection", [Selection(), RARE], ids=["all", "some"])
def test_whatever_is_done_to_any_line_is_found(journal: Journal, tmp_path: Path, selection: Selection) -> None:
    lines = exported(journal, selection)
    last_signed = max(number for number, line in enumerate(lines) if b'"op":"checkpoint"' in line)

    def flipped(line: bytes) -> bytes:
        middle = len(line) // 2
        return line[:middle] + bytes([line[middle] ^ 1]) + line[middle + 1 :]

    for number in range(1, last_signed + 1):
        line = lines[number]
        for changed in ([], [flipped(line)], [line, line]):
            assert not ok([*lines[:number], *changed, *lines[number + 1 :]], tmp_path), number
        if number < last_signed:
            assert not ok([*lines[:number], lines[number + 1], line, *lines[number + 2 :]], tmp_path), number


def test_an_end_that_is_cut_off_is_found(journal: Journal, tmp_path: Path) -> None:
    lines = exported(journal)
    for count in (1, 5, len(lines) - 3):
        assert not ok(lines[: -count - 1], tmp_path)


def test_a_strange_key_is_found_and_a_missing_one_is_said(journal: Journal) -> None:
    lines = exported(journal)
    assert not examine_export(lines, SigningKey(b"\x05" * 32).public).ok
    states = {check.what: check.state for check in examine_export(lines, None).checks}
    assert states["key is the endpoint's"] == "unproved"


@pytest.mark.parametrize("text", [b"", b"{}", b"[]", b"hello", b'{"schema":"other"}'])
def test_a_file_of_another_kind_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"^not an export of a journal$"):
        examine_export(text.splitlines(), None)


def test_a_time_bounds_it_to_whole_spans(journal: Journal, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    late, early = exported(journal, Selection(since=now)), exported(journal, Selection(until=now - timedelta(days=1)))
    assert ok(late, tmp_path)
    assert ok(early, tmp_path)
    header = json.loads(late[0])
    assert 1 < header["first_seq"] <= header["last_seq"] == journal.head().seq
    assert header["filter"] == {"since": late and json.loads(late[0])["filter"]["since"]}
    assert json.loads(early[0])["last_seq"] == 1


def _steps() -> str:
    section = GUIDE.read_text().partition("## Check an export by hand")[2].partition("\n## ")[0]
    return "set -e\n" + "\n".join(re.findall(r"```sh\n(.*?)```", section, re.DOTALL))


@pytest.mark.skipif(not all(map(shutil.which, ("bash", "jq", "openssl"))), reason="needs bash, jq and openssl")
@pytest.mark.parametrize(
    ("name", "change", "works"),
    [
        ("as it is", lambda text: text, True),
        ("an entry", lambda text: text.replace(b'"kind":"mcp_server"', b'"kind":"mcp_sErver"'), False),
        ("a hash", lambda text: re.sub(rb'"hash":"..', b'"hash":"zz', text, count=1), False),
        ("a checkpoint", lambda text: text.replace(b'"boot_ms":', b'"boot_ms":1', 1), False),
        ("an end", lambda text: b"".join(text.splitlines(keepends=True)[:-4]), False),
    ],
)  # fmt: skip
def test_the_guide_can_be_followed_step_by_step(
    journal: Journal, tmp_path: Path, name: str, change: Callable[[bytes], bytes], works: bool
) -> None:
    room = tmp_path / "elsewhere"
    room.mkdir()
    text = b"".join(exported(journal, RARE))
    assert (change(text) == text) == works
    (room / "export.ndjson").write_bytes(change(text))
    shutil.copy(tmp_path / PUBLIC_FILE, room / "journal.pub")
    done = subprocess.run(["bash", "-c", _steps()], cwd=room, capture_output=True, text=True)
    assert (done.returncode == 0) == works, done.stderr
    assert ("as it was signed" in done.stdout) == works


def test_the_history_of_a_subject_is_found_by_id_and_by_name(journal: Journal) -> None:
    id_ = f"{17:032x}"
    with journal.transaction() as step:
        step.connection.execute(
            "INSERT INTO inventory VALUES (?, ?)", (id_, json.dumps({"id": id_, "name": "ünïcødé-17"}))
        )
        step.append("changed", {"kind": "mcp_server", "id": id_})
        step.append("discovered", {"kind": "finding", "id": "f" * 32, "subject_id": id_})
    assert subjects_called(journal, id_) == (id_,)
    assert subjects_called(journal, "ünïcødé-17") == (id_,)
    assert subjects_called(journal, "ünïcødé-3") == (f"{3:032x}",), "it is gone, and was called so"
    assert subjects_called(journal, "nobody") == ()
    told = [(entry["op"], entry["record"]["kind"]) for entry in history(journal, Selection(subjects=(id_,)))]
    assert told == [("discovered", "mcp_server"), ("changed", "mcp_server"), ("discovered", "finding")]


def test_entries_are_selected_by_every_part_that_is_given(journal: Journal) -> None:
    def count(**parts: object) -> int:
        return len(list(history(journal, Selection(**parts))))  # type: ignore[arg-type]  # parts of any kind

    assert count(kinds=("mcp_server",)) == 1
    assert count(owners=("alice",)) == count(controls=("A.4",)) == count(ops=("discovered",)) == 36
    assert count(owners=("bob",)) == count(agents=("codex",)) == count(since=datetime(2100, 1, 1, tzinfo=UTC)) == 0
    assert count(until=datetime(2100, 1, 1, tzinfo=UTC)) == journal.head().seq
