"""What changes too fast is put together: at once while it is rare, then once a minute, and within an allowance."""

from __future__ import annotations

import pytest

from agent.inventory.inventory import Inventory
from agent.inventory.pace import Pace
from collectors.contract import Observation, Scope
from tests import made
from tests.inventory.test_inventory import as_is

FILE = Scope("configs", "dev", "/home/dev/.demo.json")


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Watched:
    """An inventory that is paced, and how many changes became entries."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.inventory = Inventory(as_is)
        self.pace = self.inventory.pace = Pace(self.clock)
        self.entries = 0

    def see(self, *seen: Observation, seconds: float = 0.1) -> None:
        for one in seen:
            self.inventory.replace(one)
        self.step(seconds)

    def step(self, seconds: float) -> None:
        self.entries += len(self.inventory.settle())
        self.inventory.committed()
        self.clock.now += seconds

    def known(self) -> set[str]:
        return {getattr(record, "command", None) or record.kind for record in self.inventory.all()}


@pytest.fixture
def watched() -> Watched:
    return Watched()


def flips(watched: Watched, number: int, scope: Scope = FILE) -> None:
    watched.see(Observation(scope, (made.server(path=scope.key, owner=scope.owner, command=f"c{number}"),)))


def test_a_value_that_flips_ten_times_a_second_is_one_entry_a_minute(watched: Watched) -> None:
    for number in range(3_000):
        flips(watched, number)
    assert 12 + 4 <= watched.entries <= 12 + 6
    watched.step(61)
    watched.step(0)
    assert watched.known() == {"c2999"}


def test_the_first_changes_are_taken_in_at_once(watched: Watched) -> None:
    for number in range(12):
        flips(watched, number)
        assert watched.known() == {f"c{number}"}


def test_another_file_and_another_account_are_not_held_up(watched: Watched) -> None:
    for number in range(100):
        flips(watched, number)
    for scope in (Scope("configs", "dev", "/home/dev/.other.json"), Scope("configs", "bob", "/home/bob/.demo.json")):
        flips(watched, 7_000, scope)
    assert watched.known() == {"c11", "c7000"}


def test_how_many_changes_were_put_together_is_told_once_a_minute(watched: Watched) -> None:
    for number in range(100):
        flips(watched, number)
    assert list(watched.pace.tell()) == []
    watched.clock.now += 60
    assert list(watched.pace.tell()) == [
        ("changes.coalesced", "dev: 88 changes in a minute were put together into those that lasted")
    ]
    assert list(watched.pace.tell()) == []


def test_programs_that_come_and_go_are_coalesced_but_one_that_stays_is_known(watched: Watched) -> None:
    for pid in range(500):
        scope = Scope("processes", "dev", f"{pid}:1.00")
        watched.see(Observation(scope, (made.instance(pid, exe="/home/dev/bin/demo"),)), seconds=0.01)
        watched.see(Observation(scope), seconds=0.01)
    assert watched.entries <= 12
    stays = Scope("processes", "dev", "9999:1.00")
    watched.see(Observation(stays, (made.instance(9999, exe="/home/dev/bin/demo"),)))
    watched.step(61)
    watched.step(0)
    assert [getattr(record, "pid", None) for record in watched.inventory.all()] == [9999]


def test_what_waits_and_is_gone_at_a_full_collection_is_forgotten(watched: Watched) -> None:
    for number in range(20):
        flips(watched, number)
    new = Scope("configs", "dev", "/home/dev/.new.json")
    watched.inventory.replace(Observation(new, ()))
    watched.inventory.retire("configs", set())
    watched.step(61)
    watched.step(61)
    assert watched.known() == set()


def test_an_unknown_scope_keeps_what_was_last_seen_though_it_waits(watched: Watched) -> None:
    for number in range(20):
        flips(watched, number)
    watched.inventory.replace(Observation(FILE, (), unknown=True))
    watched.step(61)
    watched.step(0)
    assert watched.known() == {"c19"}


def test_an_account_beyond_its_allowance_waits_an_hour_at_most_and_is_told_of(watched: Watched) -> None:
    big = "x" * 1_000_000
    for number in range(40):
        scope = Scope("configs", "dev", f"/home/dev/{number}.json")
        watched.see(Observation(scope, (made.server(path=scope.key, command=f"{number}{big}"),)))
    taken = len(watched.known())
    assert 8 <= taken <= 12
    watched.clock.now += 60
    assert "changes.capped" in {code for code, _ in watched.pace.tell()}
    watched.step(3_600)
    watched.step(0)
    assert len(watched.known()) == 40
