import itertools
import json
from pathlib import Path

from collectors.configs.account_budget import NOTHING, AccountBudget, Taken
from collectors.configs.collector import ConfigCollector
from collectors.sources.limits import Limits
from tests import made
from tests.collectors.world import World, client


def test_what_is_known_may_be_read_again_when_nothing_is_left_for_more() -> None:
    budget = AccountBudget(Limits(account_records=10), Taken(10, 10))
    assert not budget.room("/new", NOTHING)
    assert budget.room("/known", Taken(3, 3))
    assert budget.left_out == ["/new"]
    assert "1 files" in budget.told and "10 records" in budget.told


def test_bytes_are_counted_as_records_are() -> None:
    budget = AccountBudget(Limits(account_bytes=10_000), Taken(1, 9_000))
    assert budget.room("/new", NOTHING)
    budget.spend(NOTHING, Taken(1, 1_000))
    assert not budget.room("/more", NOTHING)
    budget.spend(Taken(1, 9_000), NOTHING)
    assert budget.room("/more", NOTHING)


def test_all_together_never_have_more_than_the_machine_and_each_has_something() -> None:
    limits = Limits(account_records=90, account_bytes=90, machine_bytes=100, machine_records=100)
    for greedy in itertools.permutations(range(4)):
        taken = [NOTHING] * 4
        for one in greedy:
            others = [taken[other] for other in range(4) if other != one]
            budget = AccountBudget(limits, taken[one], others)
            while budget.room("/a", NOTHING):
                budget.spend(NOTHING, Taken(1, 1))
                taken[one] = taken[one].and_also(Taken(1, 1))
            assert taken[one].records >= 25
        assert sum(one.records for one in taken) <= 100
    assert not AccountBudget(limits, Taken(25, 0), [Taken(75, 0)] + [NOTHING] * 2).room("/a", NOTHING)


def test_one_file_leaves_something_for_the_others() -> None:
    budget = AccountBudget(Limits(account_records=100), NOTHING)
    room = budget.room("/large", NOTHING)
    assert room
    taken = sum(room.takes(made.server(f"s{number}")) for number in range(1_000))
    budget.spend(NOTHING, Taken(taken, 1))
    assert taken == 75 and budget.room("/small", NOTHING)


def test_no_seconds_left_is_told_as_that() -> None:
    budget = AccountBudget(Limits(account_seconds=0), NOTHING)
    assert not budget.room("/a", NOTHING)
    assert "0 seconds" in budget.told


def test_one_account_that_has_too_much_takes_nothing_from_another(tmp_path: Path) -> None:
    paths = [f"~/.demo/{number}.json" for number in range(5)]
    demo = client(config=[{"paths": ["~/.demo/*.json"], "format": "json", "scope": "user", "servers": [{"at": "s"}]}])
    world = World(tmp_path, demo, owners=("alice", "bob"), limits=Limits(account_records=30))
    for path in paths:
        world.write(path, json.dumps({"s": {f"s{number}": {"command": "x"} for number in range(12)}}))
    bob = world.homes[1].path
    world.here(f"{bob}/.demo").mkdir(parents=True)
    world.here(f"{bob}/.demo/mine.json").write_text(json.dumps({"s": {"mine": {"command": "x"}}}))
    seen = list(ConfigCollector().collect(world.context))
    files = [one for one in seen if one.scope.owner == "alice" and one.scope.key.endswith(".json")]
    assert [len([r for r in one.records if r.kind == "mcp_server"]) for one in files] == [12, 12, 6, 0, 0]
    assert [one.unknown for one in files] == [False, False, True, True, True]
    records = [record for one in seen for record in one.records]
    assert [r.owner for r in records if getattr(r, "code", "") == "budget.exceeded"] == ["alice", "alice"]
    assert [r.name for r in records if r.kind == "mcp_server" and r.owner == "bob"] == ["mine"]
