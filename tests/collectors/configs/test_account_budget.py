import json
from pathlib import Path

from collectors.configs.account_budget import AccountBudget
from collectors.configs.collector import ConfigCollector
from collectors.sources.limits import Limits
from tests.collectors.world import World, client


def test_what_is_known_may_be_read_again_when_nothing_is_left_for_more() -> None:
    budget = AccountBudget(Limits(account_records=10), records=10)
    assert not budget.allows("/new", 0)
    assert budget.allows("/known", 3)
    assert budget.left_out == ["/new"]
    assert "1 files" in budget.told and "10 records" in budget.told


def test_no_seconds_left_is_told_as_that() -> None:
    budget = AccountBudget(Limits(account_seconds=0), records=0)
    assert not budget.allows("/a", 0)
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
    assert [len(one.records) for one in files] == [12, 12, 12, 0, 0]
    assert [one.unknown for one in files] == [False, False, False, True, True]
    records = [record for one in seen for record in one.records]
    assert [r.owner for r in records if getattr(r, "code", "") == "budget.exceeded"] == ["alice"]
    assert [r.name for r in records if r.kind == "mcp_server" and r.owner == "bob"] == ["mine"]
