"""The machine and its accounts as records."""

from __future__ import annotations

from pathlib import Path

from agent.records import Owner
from collectors.contract import Scope
from collectors.host import HostCollector
from tests.collectors.world import World


def owners(world: World) -> list[Owner]:
    records = [record for seen in HostCollector().collect(world.context) for record in seen.records]
    return [record for record in records if isinstance(record, Owner)]


def test_there_is_one_endpoint_and_an_owner_per_home(tmp_path: Path) -> None:
    world = World(tmp_path, owners=("dev", "eve"))
    seen = list(HostCollector().collect(world.context))
    assert seen[0].records == (world.endpoint,)
    assert [(o.owner, o.home, o.reach) for o in owners(world)] == [
        ("dev", "/home/dev", "read"),
        ("eve", "/home/eve", "read"),
    ]
    assert len({observation.scope for observation in seen}) == 3


def test_a_home_out_of_reach_is_told_as_such(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.homes = (world.home._replace(reachable=False, uid=1000, account="service"),)
    (found,) = owners(world)
    assert (found.reach, found.uid, found.account) == ("out_of_reach", 1000, "service")


def test_a_windows_home_is_told_as_windows_writes_it(tmp_path: Path) -> None:
    assert [owner.home for owner in owners(World(tmp_path, os="windows"))] == ["C:\\Users\\dev"]


def test_only_the_scopes_asked_for_are_told_again(tmp_path: Path) -> None:
    world = World(tmp_path, owners=("dev", "eve"))
    wanted = Scope("host", "eve", "/home/eve")
    assert [seen.scope for seen in HostCollector().refresh(world.context, [wanted])] == [wanted]


def test_another_account_is_a_reason_to_collect_again(tmp_path: Path) -> None:
    world, collector = World(tmp_path), HostCollector()
    before = collector.depends_on(world.context)
    assert collector.depends_on(world.context) == before
    world.homes = (*world.homes, world.home._replace(owner="eve", path="/home/eve"))
    assert collector.depends_on(world.context) != before
