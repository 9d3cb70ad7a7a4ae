"""The budget of the disk is used up while a target waits: what is of little value goes, and all of it is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.delivery.batch import next_batch
from agent.delivery.cursor import Cursor
from agent.delivery.position import Position
from agent.journal.export import export
from agent.journal.exported import examine_export
from agent.journal.keys import published_key
from agent.journal.retention import Keep, Retention
from agent.journal.selection import Selection
from agent.journal.verdict import Outside, examine
from tests.journal.test_retention import Machine

BUDGET = 1_300_000


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    made = Machine(tmp_path)
    yield made
    made.journal.close()


def work(machine: Machine, sessions: int) -> None:
    """Sessions of an agent with what else happens meanwhile."""
    for session in range(sessions):
        with machine.journal.transaction() as step:
            step.append("heartbeat", {"kind": "heartbeat", "pad": "h" * 200})
            step.append("removed", {"kind": "finding", "id": f"finding-{session}", "pad": "f" * 200})
            said = {"kind": "action", "session_id": str(session), "pad": "a" * 400}
            step.append("action", {**said, "schema": "rollcall/1"})
            for _ in range(20):
                step.append("action", said)
            machine.checkpoints.append_if_due(step)


def ops(machine: Machine) -> list[str]:
    with machine.journal.reading() as connection:
        rows = connection.execute("SELECT body FROM entries ORDER BY seq")
        return [next(op for op in OPS if f'"op":"{op}"'.encode() in body) for (body,) in rows]


OPS = ("heartbeat", "removed", "action", "checkpoint", "snapshot_begin", "snapshot_end")


def used(machine: Machine) -> int:
    with machine.journal.reading() as connection:
        pages, free = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count"))
    return int(pages - free) * 4096


def test_while_the_budget_lasts_nothing_goes(machine: Machine) -> None:
    work(machine, 10)
    assert machine.retain(Keep(days=400, bytes=BUDGET * 10), machine.snapshot(), ("central",)) == 0


def test_what_is_told_again_later_goes_before_actions_and_findings_stay(machine: Machine) -> None:
    work(machine, 40)
    old = machine.snapshot()
    work(machine, 80)
    snapshot = machine.snapshot()
    before = ops(machine)
    assert used(machine) > BUDGET
    machine.retain(Keep(days=400, bytes=BUDGET), snapshot, ("central",))
    after = ops(machine)
    assert used(machine) <= BUDGET
    assert "heartbeat" not in after and after.count("snapshot_begin") == 1
    assert after.count("removed") == before.count("removed") == 120
    assert 120 < after.count("action") < before.count("action")
    # Those that went are the oldest ones, but for what the rest of a session refers to.
    first = {bytes(body) for body in _bodies(machine, "action") if b'"session_id":"0"' in body}
    assert len(first) == 2 and all(b'"schema"' in body for body in first)
    assert machine.first() == 1 and old > 1
    machine.assert_good()
    machine.append(30)
    machine.assert_good()


def _bodies(machine: Machine, op: str) -> list[bytes]:
    with machine.journal.reading() as connection:
        rows = connection.execute("SELECT body FROM entries ORDER BY seq").fetchall()
    return [body for (body,) in rows if f'"op":"{op}"'.encode() in body]


def test_the_gap_is_signed_for_and_delivered_with_the_rest(machine: Machine) -> None:
    work(machine, 120)
    machine.retain(Keep(days=400, bytes=BUDGET), machine.snapshot(), ("central",))
    journal, position, sent, told = machine.journal, Position(), set[int](), set[int]()
    while batch := next_batch(journal, position, 500, 900_000):
        sent |= set(range(batch.first_seq, batch.last_seq + 1))
        assert batch.prev_hash == journal.hash_at(batch.first_seq - 1).hex()
        assert batch.follows == position.accepted
        position = Position(batch.last_seq, batch.last_seq)
        for entry in journal.read(batch.first_seq - 1, len(batch.lines)):
            if entry.op == "checkpoint" and entry.record and entry.record.get("dropped"):
                dropped = entry.record["dropped"]
                numbers = {seq for first, last in dropped["ranges"] for seq in range(first, last + 1)}
                assert dropped["not_accepted"] == {"central": len(numbers)} and numbers
                told |= numbers
    assert sent | told == set(range(1, journal.head().seq + 1))
    assert not sent & told


def test_a_batch_that_is_under_way_stays_as_it_is(machine: Machine) -> None:
    work(machine, 120)
    cursor = Cursor(machine.journal, "central")
    batch = next_batch(machine.journal, cursor.load(), 100, 900_000)
    assert batch
    cursor.begin(batch.last_seq)
    machine.retain(Keep(days=400, bytes=BUDGET), machine.snapshot(), ("central",))
    again = next_batch(machine.journal, cursor.load(), 500, 900_000)
    assert again and again.lines == batch.lines and again.batch_id == batch.batch_id
    cursor.accept(again.last_seq)
    follows = next_batch(machine.journal, cursor.load(), 500, 900_000)
    assert follows and follows.first_seq > again.last_seq + 1 and follows.follows == again.last_seq


def test_where_nothing_of_little_value_is_left_the_oldest_entries_go(machine: Machine) -> None:
    machine.append(2000, size=400)
    snapshot = machine.snapshot()
    machine.retain(Keep(days=400, bytes=BUDGET), snapshot, ("central",))
    last = machine.journal.last_checkpoint()
    assert last and last.cut and last.cut.not_accepted == {"central": last.cut.last_seq}
    assert used(machine) <= BUDGET
    machine.assert_good()


def test_dropped_entries_are_cut_with_the_rest_once_everybody_has_it(machine: Machine) -> None:
    work(machine, 120)
    keep = Keep(days=400, bytes=BUDGET)
    machine.retain(keep, machine.snapshot(), ("central",))
    Cursor(machine.journal, "central").accept(machine.journal.head().seq)
    work(machine, 120)
    machine.retain(keep, machine.snapshot(), ("central",))
    with machine.journal.reading() as connection:
        (dropped,) = connection.execute("SELECT min(seq) FROM dropped").fetchone()
    assert machine.first() > 1 and (dropped is None or dropped >= machine.journal.cut().seq)
    machine.assert_good()


def test_an_export_shows_that_they_were_there(machine: Machine) -> None:
    work(machine, 120)
    machine.retain(Keep(days=400, bytes=BUDGET), machine.snapshot(), ("central",))
    lines = list(export(machine.journal, Selection()))
    verdict = examine_export(lines, published_key(machine.folder))
    assert verdict.ok, verdict
    assert sum(line.startswith(b'{"hash":') for line in lines) > 100


def test_an_entry_that_somebody_removed_in_the_same_way_is_noticed(machine: Machine) -> None:
    work(machine, 120)
    machine.retain(Keep(days=400, bytes=BUDGET), machine.snapshot(), ("central",))
    with machine.journal.transaction() as step:
        finding = "(SELECT min(seq) FROM entries WHERE instr(body, 'finding-7'))"
        step.connection.execute(f"INSERT INTO dropped SELECT seq, hash FROM entries WHERE seq = {finding}")
        step.connection.execute(f"DELETE FROM entries WHERE seq = {finding}")
    verdict = examine(machine.journal, Outside(published_key(machine.folder), "journal.pub", None))
    assert [check.what for check in verdict.checks if check.state == "FAILED"] == [
        "what is missing in between was dropped for room"
    ]


def test_a_restart_in_the_midst_goes_on(machine: Machine) -> None:
    work(machine, 120)
    keep, snapshot = Keep(days=400, bytes=BUDGET), machine.snapshot()
    for _ in range(2):
        Retention(machine.journal, machine.checkpoints, ("central",)).step(keep, snapshot, "digest")
        machine.assert_good()
    machine.retain(keep, snapshot, ("central",))
    assert used(machine) <= BUDGET
    machine.assert_good()
