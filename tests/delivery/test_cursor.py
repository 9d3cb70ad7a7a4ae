from __future__ import annotations

from agent.delivery.batch import batch_of, next_batch
from agent.delivery.cursor import Cursor
from agent.delivery.position import Position
from agent.journal.journal import Journal


def append(journal: Journal, count: int) -> None:
    with journal.transaction() as step:
        for number in range(count):
            step.append("discovered", {"kind": "ai_agent", "id": str(number)})


def test_a_new_target_starts_before_the_first_entry(journal: Journal) -> None:
    assert Cursor(journal, "new").load() == Position(0, 0, None, None)


def test_positions_of_targets_are_independent_and_survive_reopening(journal: Journal, tmp_path: object) -> None:
    Cursor(journal, "a").accept(7)
    Cursor(journal, "b").begin(3)
    again = Journal.open(journal._place, journal.endpoint_id)
    assert Cursor(again, "a").load()[:3] == (7, 7, None)
    assert Cursor(again, "b").load()[:3] == (0, 0, 3)
    again.close()


def test_burying_goes_on_behind_the_dead_but_remembers_what_was_accepted(journal: Journal) -> None:
    cursor = Cursor(journal, "a")
    cursor.accept(4)
    append(journal, 6)
    cursor.dead_letter(batch_of(journal, 5, 4), "HTTP 422")
    cursor.dead_letter(batch_of(journal, 6, 4), "HTTP 422")
    assert cursor.load()[:3] == (6, 4, None)
    assert [(letter.seq, letter.reason) for letter in cursor.dead_letters()] == [(5, "HTTP 422"), (6, "HTTP 422")]
    assert cursor.status().dead_letters == 2
    assert Cursor(journal, "b").status().dead_letters == 0
    told = [(entry.record or {})["message"] for entry in journal.read(6)]
    assert told == ["target a: entry 5 not taken: HTTP 422", "target a: entry 6 not taken: HTTP 422"]


def test_a_position_that_somebody_pushed_is_not_believed(journal: Journal) -> None:
    cursor = Cursor(journal, "a")
    append(journal, 9)
    cursor.accept(4)
    cursor.dead_letter(batch_of(journal, 5, 4), "HTTP 422")
    with journal.transaction() as step:
        step.connection.execute("UPDATE targets SET done = 9")
    assert cursor.load()[:3] == (4, 4, None)


def test_what_was_cut_is_sent_to_nobody(journal: Journal) -> None:
    append(journal, 9)
    with journal.transaction() as step:
        step.connection.execute("UPDATE meta SET cut_seq = 6, cut_hash = (SELECT hash FROM entries WHERE seq = 6)")
        step.connection.execute("DELETE FROM entries WHERE seq <= 6")
    assert Cursor(journal, "new").load()[:3] == (6, 0, None)
    batch = next_batch(journal, Cursor(journal, "new").load(), 500, 900_000)
    assert batch
    assert (batch.follows, batch.first_seq, batch.last_seq) == (0, 7, 9)
    cursor = Cursor(journal, "old")
    cursor.accept(8)
    cursor.rewind(2)
    assert cursor.load()[:2] == (6, 1)


def test_rewinding_lets_go_of_the_batch_under_way(journal: Journal) -> None:
    cursor = Cursor(journal, "a")
    cursor.accept(9)
    cursor.begin(12)
    cursor.rewind(3)
    assert cursor.load()[:3] == (2, 2, None)


def test_a_failure_keeps_when_it_began_until_something_is_taken(journal: Journal) -> None:
    cursor = Cursor(journal, "a")
    assert cursor.status().failing_since is None
    cursor.failed("HTTP 503")
    began = cursor.status().failing_since
    cursor.failed("ConnectError: Connection refused")
    assert (cursor.status().last_error, cursor.status().failing_since) == ("ConnectError: Connection refused", began)
    assert Cursor(journal, "b").status().last_error is None
    cursor.accept(1)
    assert (cursor.status().last_error, cursor.status().failing_since) == (None, None)
