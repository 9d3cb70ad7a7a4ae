from __future__ import annotations

from agent.delivery.cursor import Cursor, Position
from agent.journal.journal import Journal


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
    cursor.dead_letter(5, 6, "HTTP 422")
    assert cursor.load()[:3] == (6, 4, None)
    assert [(letter.seq, letter.reason) for letter in cursor.dead_letters()] == [(5, "HTTP 422"), (6, "HTTP 422")]
    assert cursor.dead_letter_count() == 2
    assert Cursor(journal, "b").dead_letter_count() == 0


def test_rewinding_lets_go_of_the_batch_under_way(journal: Journal) -> None:
    cursor = Cursor(journal, "a")
    cursor.accept(9)
    cursor.begin(12)
    cursor.rewind(3)
    assert cursor.load()[:3] == (2, 2, None)
