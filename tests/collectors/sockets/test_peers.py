from datetime import UTC, datetime, timedelta

from agent.records import Connection, Evidence
from collectors.sockets.peers import Peers, Talk
from collectors.sources.limits import at_least

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def connection(talk: Talk) -> Connection:
    return Connection(
        endpoint_id="e", evidence=Evidence(collector="sockets"), relation="established", from_id="i", remote=talk.remote
    )


def talks(*numbers: int) -> set[Talk]:
    return {Talk(1, number, f"192.0.2.{number}:443") for number in numbers}


def told(peers: Peers) -> list[str | None]:
    return [edge.remote for edge in peers.connections()]


def test_what_is_beyond_the_bound_is_a_number_and_what_was_told_stays() -> None:
    peers = Peers(3, {})
    peers.met(talks(1, 2, 3), NOW, connection)
    for later in range(1, 20):
        peers.met(talks(*range(10 * later, 10 * later + 9)), NOW + timedelta(seconds=later), connection)
    assert told(peers) == ["192.0.2.1:443", "192.0.2.2:443", "192.0.2.3:443"]
    assert peers.left_out == 8


def test_whoever_was_not_met_for_an_hour_makes_room() -> None:
    peers = Peers(2, {})
    peers.met(talks(1, 2), NOW, connection)
    peers.met(talks(2, 3), NOW + timedelta(minutes=59), connection)
    assert len(told(peers)) == 2 and peers.left_out == 1
    peers.met(talks(2, 3), NOW + timedelta(minutes=61), connection)
    assert told(peers) == ["192.0.2.2:443", "192.0.2.3:443"]


def test_a_connection_that_stays_open_counts_once() -> None:
    peers = Peers(5, {})
    for _ in range(3):
        peers.met(talks(1), NOW, connection)
    peers.met({Talk(1, 99, "192.0.2.1:443")}, NOW, connection)
    assert [edge.count for edge in peers.connections()] == [2]


def test_counts_are_told_so_that_they_stand() -> None:
    assert [at_least(count) for count in (-1, 0, 1, 3, 1000)] == [0, 0, 1, 2, 512]


def test_without_room_in_the_account_nobody_new_is_told_and_who_was_told_stays() -> None:
    peers = Peers(5, {})
    peers.room = 1
    peers.met(talks(1, 2, 3), NOW, connection)
    assert told(peers) == ["192.0.2.1:443"] and peers.left_out == 2
    peers.room = 0
    peers.met(talks(1, 4), NOW + timedelta(minutes=61), connection)
    assert told(peers) == ["192.0.2.1:443"]
