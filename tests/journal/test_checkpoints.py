from __future__ import annotations

from pathlib import Path

import pytest

from agent.journal import checkpoints as checkpoints_module
from agent.journal.checkpoints import Checkpoints
from agent.journal.errors import JournalReplacedError
from agent.journal.journal import FILE, Journal
from agent.journal.keys import load_keys, request_new_key
from agent.journal.settings import JournalSettings
from agent.journal.signatures import SignatureCheck
from agent.journal.signing import KEY_FILE, PublicKey
from agent.journal.succession import open_or_succeed
from agent.journal.verify import verify_chain
from agent.runtime.boot_clock import BootTime

ENDPOINT = "e" * 32


class Machine:
    """A journal with its checkpoints, in a folder."""

    def __init__(self, folder: Path, **settings: float) -> None:
        self.folder = folder
        opened = open_or_succeed(folder / FILE, ENDPOINT)
        self.journal, self.replaces = opened
        self.checkpoints = Checkpoints(self.journal, load_keys(folder), JournalSettings.model_validate(settings))
        self.problems = self.checkpoints.start(self.replaces)

    def append(self, count: int, **more: object) -> None:
        for number in range(count):
            with self.journal.transaction() as step:
                step.append("discovered", {"kind": "ai_agent", "id": f"{number:032x}", **more})
                self.checkpoints.append_if_due(step)

    def check(self, trusted: PublicKey | None = None) -> SignatureCheck:
        signatures = SignatureCheck(trusted)
        with self.journal.reading() as connection:
            assert verify_chain(connection, signatures).ok
        return signatures

    def reasons(self) -> list[str]:
        return [(e.record or {})["reason"] for e in self.journal.read(0, 10_000) if e.op == "checkpoint"]

    def close(self) -> None:
        self.journal.close()


def test_the_first_entry_of_a_chain_holds_the_public_key(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    (first,) = machine.journal.read(0)
    assert first.op == "checkpoint"
    assert first.controls == ("clause 9",)
    assert PublicKey.parse((first.record or {})["public_key"]) == load_keys(tmp_path).current.public
    machine.close()


def test_one_is_due_after_so_many_entries_or_so_long_with_any(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(tmp_path, checkpoint_entries=10, checkpoint_seconds=60)
    machine.append(25)
    assert machine.reasons() == ["begin", "interval", "interval"]
    now = checkpoints_module.time.monotonic()
    monkeypatch.setattr(checkpoints_module.time, "monotonic", lambda: now + 61)
    with machine.journal.transaction() as step:
        step.append("heartbeat")
        machine.checkpoints.append_if_due(step)
        machine.checkpoints.append_if_due(step)
    assert machine.reasons() == ["begin", "interval", "interval", "interval"]
    signatures = machine.check()
    assert (signatures.count, signatures.faults) == (4, [])
    assert signatures.signed_to == machine.journal.head().seq - 1
    machine.close()


def test_a_restart_goes_on_with_the_same_span(tmp_path: Path) -> None:
    machine = Machine(tmp_path, checkpoint_entries=10)
    machine.append(7)
    machine.close()
    machine = Machine(tmp_path, checkpoint_entries=10)
    machine.append(7)
    assert machine.reasons() == ["begin", "interval"]
    assert machine.check().faults == []
    machine.close()


def test_a_step_that_fails_is_signed_for_by_nobody(tmp_path: Path) -> None:
    machine = Machine(tmp_path, checkpoint_entries=5)
    machine.append(3)
    with pytest.raises(KeyError), machine.journal.transaction() as step:
        step.append("notice")
        raise KeyError
    machine.append(4)
    assert machine.check().faults == []
    machine.close()


def test_a_key_is_handed_over_by_the_one_before(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    old = load_keys(tmp_path).current.public
    machine.close()
    new = request_new_key(tmp_path)
    machine = Machine(tmp_path)
    machine.append(2)
    with machine.journal.transaction() as step:
        machine.checkpoints.append(step, "stop")
    assert machine.reasons() == ["begin", "key", "stop"]
    signatures = machine.check(trusted=old)
    assert signatures.faults == []
    assert signatures.keys == [old, new]
    assert signatures.is_trusted
    assert load_keys(tmp_path).current.public == new
    machine.close()


def test_a_lost_key_is_said_and_shows_in_the_chain(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.close()
    (tmp_path / KEY_FILE).unlink()
    machine = Machine(tmp_path)
    assert [problem.code for problem in machine.problems] == ["journal.key_changed"]
    assert machine.reasons() == ["begin", "begin"]
    assert [fault.text for fault in machine.check().faults] == [
        "the key was changed, and the one before it did not sign that"
    ]
    machine.close()


@pytest.mark.parametrize(("seconds", "said"), [(3600, "set forward by"), (-3600, "set back by")])
def test_a_clock_that_is_set_shows_between_two_checkpoints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: int, said: str
) -> None:
    machine = Machine(tmp_path)
    real = checkpoints_module.boot_time
    # The machine's own clock runs on while the wall clock jumps: as seen from the wall clock it jumps the other way.
    monkeypatch.setattr(
        checkpoints_module, "boot_time", lambda: BootTime(real().boot_id, real().milliseconds - seconds * 1000)
    )
    with machine.journal.transaction() as step:
        step.append("notice")
        machine.checkpoints.append(step, "interval")
    (fault,) = machine.check().clock
    assert said in fault.text
    machine.close()


def test_a_lost_journal_is_set_aside_and_named_by_the_next(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.append(3)
    chain, head = machine.journal.chain, machine.journal.head()
    machine.close()
    with (tmp_path / FILE).open("r+b") as file:
        file.write(b"\xff" * 5000)
    whole = (tmp_path / FILE).read_bytes()
    machine = Machine(tmp_path)
    assert machine.replaces
    assert machine.replaces.kept_as
    assert (tmp_path / machine.replaces.kept_as).read_bytes() == whole
    (first,) = machine.journal.read(0)
    named = (first.record or {})["replaces"]
    assert (named["chain"], named["head_seq"], named["head_hash"]) == (chain, head.seq, head.hash.hex())
    assert machine.journal.chain != chain
    machine.close()


@pytest.mark.parametrize("how", ["deleted", "replaced", "its log deleted"])
def test_a_file_that_was_put_in_its_place_is_noticed_at_the_next_step(tmp_path: Path, how: str) -> None:
    machine = Machine(tmp_path)
    machine.append(1)
    path = tmp_path / ("journal.db-wal" if "log" in how else FILE)
    copy = path.read_bytes()
    path.unlink()
    if how == "replaced":
        path.write_bytes(copy)
    with pytest.raises(JournalReplacedError):
        machine.append(1)
    machine.close()


def test_a_crash_between_setting_aside_and_the_first_entry_loses_no_name(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.append(3)
    chain = machine.journal.chain
    machine.close()
    (tmp_path / FILE).unlink()
    journal, replaces = open_or_succeed(tmp_path / FILE, ENDPOINT)
    assert replaces and replaces.chain == chain
    journal.close()
    machine = Machine(tmp_path)
    assert machine.replaces and machine.replaces.chain == chain
    machine.close()


def test_the_delivering_process_may_open_it_beside_the_daemon(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    beside = Journal.open(tmp_path / FILE, ENDPOINT)
    machine.append(5)
    with beside.transaction() as step:
        step.append("notice", {"kind": "diagnostic"})
    machine.append(5)
    beside.close()
    assert machine.check().faults == []
    machine.close()
