from __future__ import annotations

from agent.delivery.batch import next_batch
from agent.delivery.cursor import Cursor
from agent.delivery.position import Position
from agent.delivery.targets.rollcall import encode
from agent.journal.journal import Journal


def fill(journal: Journal, count: int, size: int = 100) -> None:
    with journal.transaction() as tx:
        for number in range(count):
            tx.append("discovered", {"id": str(number), "pad": "p" * size})


def test_nothing_to_send_is_no_batch(journal: Journal) -> None:
    assert next_batch(journal, Position(), 500, 900_000) is None


def test_a_batch_is_bounded_by_records_and_by_bytes_with_its_header(journal: Journal) -> None:
    fill(journal, 600, 5000)
    by_count = next_batch(journal, Position(), 100, 900_000)
    by_size = next_batch(journal, Position(), 500, 900_000)
    assert by_count is not None
    assert by_size is not None
    assert (by_count.first_seq, by_count.last_seq) == (1, 100)
    assert 100 < by_size.last_seq < 200
    assert 890_000 < len(encode(by_size)) <= by_size.size <= 900_000


def test_a_batch_under_way_has_the_same_bytes_whatever_the_limits_are_now(journal: Journal) -> None:
    fill(journal, 40)
    Cursor(journal, "t").begin(30)
    before = next_batch(journal, Cursor(journal, "t").load(), 500, 900_000)
    fill(journal, 40)
    after = next_batch(journal, Cursor(journal, "t").load(), 3, 10_000)
    assert before is not None
    assert after is not None
    assert before.last_seq == 30
    assert encode(before) == encode(after)


def test_the_id_tells_every_different_batch_apart(journal: Journal) -> None:
    fill(journal, 10)
    positions = [Position(), Position(sending=5), Position(2, 2), Position(2, 1)]
    batches = [next_batch(journal, position, 500, 900_000) for position in positions]
    assert len({batch.batch_id for batch in batches if batch}) == 4


def test_consecutive_batches_join_in_one_chain(journal: Journal) -> None:
    fill(journal, 10)
    first = next_batch(journal, Position(), 4, 900_000)
    second = next_batch(journal, Position(4, 4), 4, 900_000)
    assert first is not None
    assert second is not None
    assert (first.head_hash, first.last_seq) == (second.prev_hash, second.follows)
