from collectors.configs.turns import Turns
from collectors.contract import Scope


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def scopes(owner: str, *keys: str) -> list[Scope]:
    return [Scope("configs", owner, key) for key in keys]


def test_of_those_that_were_not_heard_yet_whoever_changed_least_is_read_first() -> None:
    turns = Turns(Clock(), Clock())
    turns.wait([*scopes("alice", "/1", "/2", "/1"), *scopes("bob", "/1")])
    assert [(owner, len(own)) for owner, own in turns.next()] == [("bob", 1), ("alice", 2)]
    assert turns.due() == []


def test_a_turn_that_takes_long_ends_the_look_and_is_followed_by_a_rest() -> None:
    clock = Clock()
    turns = Turns(clock, clock)
    turns.wait([*scopes("alice", "/1"), *scopes("bob", "/1", "/2")])
    for owner, _ in turns.next():
        assert owner == "alice"
        clock.now += 3
    assert turns.due() == scopes("bob", "/1", "/2")
    turns.wait(scopes("alice", "/1"))
    assert [owner for owner, _ in turns.next()] == ["bob"]
    clock.now += 29
    assert list(turns.next()) == []
    clock.now += 2
    assert [owner for owner, _ in turns.next()] == ["alice"]


def test_whoever_changes_without_end_is_heard_after_the_others() -> None:
    clock = Clock()
    turns = Turns(clock, Clock())
    turns.wait([*scopes("alice", "/1"), *scopes("bob", "/1", "/2", "/3")])
    heard = []
    for _ in range(4):
        for owner, _ in turns.next():
            heard.append(owner)
            clock.now += 3
            turns.wait(scopes("alice", "/1"))
    assert heard == ["alice", "bob", "alice", "alice"]


def test_nobody_rests_longer_than_a_minute() -> None:
    clock = Clock()
    turns = Turns(clock, clock)
    turns.wait(scopes("alice", "/1"))
    for _ in turns.next():
        clock.now += 1000
    turns.wait(scopes("alice", "/1"))
    clock.now += 61
    assert turns.ready() == ["alice"]
