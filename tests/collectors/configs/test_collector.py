"""The collector of configurations: every scope, the ones that became dirty, and what it cannot see."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

import pytest

from agent.inventory.inventory import Inventory
from agent.records import AiAgent, Diagnostic, McpServer, Record
from collectors.configs.collector import ConfigCollector
from collectors.contract import Observation, Scope
from collectors.sources.limits import Limits
from tests import made
from tests.collectors.world import World, client

USER = {"scope": "user", "paths": ["~/.demo/mcp.json"], "servers": [{"at": "mcpServers"}]}
PROJECT = {"scope": "project", "paths": ["{project}/.demo.json"], "servers": [{"at": "mcpServers"}]}
STATE = {"kind": "project", "paths": ["~/.demo/state.json"], "at": "folders"}
DEMO = client(config=[USER, PROJECT], roots=[STATE])


def servers(*names: str) -> dict[str, object]:
    return {"mcpServers": {name: {"command": name} for name in names}}


class Collected:
    """A collector and the inventory that takes what it says."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.collector = ConfigCollector()
        self.inventory = Inventory(lambda facts, *_: {record.id: record for record in facts})

    def collect(self) -> set[Scope]:
        return self._take(self.collector.collect(self.world.context), all_=True)

    def refresh(self, *paths: str, owner: str = "dev") -> set[Scope]:
        scopes = [Scope("configs", owner, self.world.path(path)) for path in paths]
        return self._take(self.collector.refresh(self.world.context, scopes))

    def _take(self, seen: Iterable[Observation], all_: bool = False) -> set[Scope]:
        scopes = set()
        for observation in seen:
            self.inventory.replace(observation)
            assert observation.scope not in scopes, "a scope was told twice"
            scopes.add(observation.scope)
        if all_:
            self.inventory.retire("configs", scopes)
        self.inventory.settle()
        self.inventory.committed()
        return scopes

    def of(self, kind: type[Record]) -> list[Record]:
        return [record for record in self.inventory.all() if isinstance(record, kind)]

    @property
    def names(self) -> set[str]:
        return {record.name for record in self.inventory.all() if isinstance(record, McpServer)}

    @property
    def agents(self) -> set[tuple[str | None, str]]:
        return {(record.owner, record.agent) for record in self.inventory.all() if isinstance(record, AiAgent)}

    @property
    def codes(self) -> set[tuple[str, str | None]]:
        return {(record.code, record.path) for record in self.inventory.all() if isinstance(record, Diagnostic)}


def test_a_file_that_becomes_a_link_that_cannot_be_followed_is_unknown_and_not_gone(tmp_path: Path) -> None:
    world = World(tmp_path, DEMO)
    path = world.write("~/.demo/mcp.json", servers("known"))
    collected = Collected(world)
    collected.collect()
    world.here(path).unlink()
    world.here(path).symlink_to("mcp.json")
    for look in (lambda: collected.refresh(path), collected.collect):
        look()
        assert collected.names == {"known"} and ("file.link_loop", path) in collected.codes
    world.here(path).unlink()
    collected.refresh(path)
    assert collected.names == set() and collected.codes == set()


def test_all_accounts_and_the_machine_are_read(tmp_path: Path) -> None:
    managed = {"scope": "managed", "paths": ["/etc/demo.json"], "servers": [{"at": "mcpServers"}]}
    world = World(tmp_path, client(config=[USER, managed]), owners=("dev", "eve"))
    world.write("/etc/demo.json", servers("everyones"))
    world.write("/home/dev/.demo/mcp.json", servers("devs"))
    world.write("/home/eve/.demo/mcp.json", servers("eves"))
    collected = Collected(world)
    collected.collect()
    found = {(s.owner, s.name) for s in collected.of(McpServer)}  # type: ignore[attr-defined]  # all servers
    assert found == {(None, "everyones"), ("dev", "devs"), ("eve", "eves")}
    assert collected.agents == {(None, "demo"), ("dev", "demo"), ("eve", "demo")}


def test_a_home_out_of_reach_is_unknown_and_not_looked_at(tmp_path: Path) -> None:
    world = World(tmp_path, DEMO, owners=("dev", "eve"))
    world.write("/home/eve/.demo/mcp.json", servers("eves"))
    collected = Collected(world)
    collected.collect()
    world.homes = (world.homes[0], world.homes[1]._replace(reachable=False))
    world.write("/home/eve/.demo/mcp.json", servers("other"))
    scopes = collected.collect()
    assert collected.names == {"eves"}
    assert [scope for scope in scopes if scope.owner == "eve"] == [Scope("configs", "eve", "/home/eve")]


def test_a_home_carried_over_from_another_system_is_read_as_it_was_laid_out_there(tmp_path: Path) -> None:
    here = {"scope": "user", "paths": ["{config}/Demo/mcp.json", "~/.demo.json"], "servers": [{"at": "mcpServers"}]}
    store = {**here, "paths": [], "windows": ["{data}/Packages/Demo_*/mcp.json"]}
    world = World(tmp_path, client(config=[here, store]))
    world.write("~/.config/Demo/mcp.json", servers("own"))
    world.write("~/.demo.json", servers("common"))
    world.write("~/Library/Application Support/Demo/mcp.json", servers("mac"))
    path = world.write("~/AppData/Local/Packages/Demo_x1/mcp.json", servers("store"))
    collected = Collected(world)
    collected.collect()
    assert collected.names == {"own", "common", "mac", "store"}
    world.write(path, servers("changed"))
    collected.refresh(path)
    assert collected.names == {"own", "common", "mac", "changed"}


def test_collecting_again_says_the_same(tmp_path: Path) -> None:
    world = World(tmp_path, DEMO)
    world.write("~/.demo/mcp.json", servers("a"))
    world.write("~/p/.demo.json", servers("b"))
    collected = Collected(world)
    first, before = collected.collect(), collected.inventory.digest()
    assert collected.names == {"a", "b"}
    assert (collected.collect(), collected.inventory.digest()) == (first, before)


def test_a_changed_file_is_read_again_and_nothing_else(tmp_path: Path) -> None:
    world = World(tmp_path, DEMO)
    world.write("~/.demo/mcp.json", servers("a"))
    world.write("~/p/.demo.json", servers("b"))
    collected = Collected(world)
    collected.collect()
    world.write("~/.demo/mcp.json", servers("c"))
    assert collected.refresh("~/.demo/mcp.json") == {Scope("configs", "dev", "/home/dev/.demo/mcp.json")}
    assert collected.names == {"b", "c"}


def test_a_file_that_appears_brings_its_agent_and_one_that_goes_takes_it(tmp_path: Path) -> None:
    world = World(tmp_path, DEMO)
    collected = Collected(world)
    collected.collect()
    world.write("~/.demo/mcp.json", servers("a"))
    collected.refresh("~/.demo")
    assert (collected.names, collected.agents) == ({"a"}, {("dev", "demo")})
    world.here("~/.demo/mcp.json").unlink()
    collected.refresh("~/.demo/mcp.json")
    assert (collected.names, collected.agents) == (set(), set())


def test_a_project_that_state_names_is_read_at_once_and_gone_when_it_is_named_no_more(tmp_path: Path) -> None:
    world = World(tmp_path, DEMO)
    world.write("/srv/p/.demo.json", servers("theirs"))
    world.write("~/.demo/state.json", {"folders": []})
    collected = Collected(world)
    collected.collect()
    assert collected.names == set()
    world.write("~/.demo/state.json", {"folders": ["/srv/p"]})
    collected.refresh("~/.demo/state.json")
    assert collected.names == {"theirs"}
    world.write("~/.demo/state.json", {"folders": []})
    collected.refresh("~/.demo/state.json")
    assert collected.names == set()


def test_a_damaged_file_keeps_what_was_known_and_says_so(tmp_path: Path) -> None:
    world = World(tmp_path, DEMO)
    path = world.write("~/.demo/mcp.json", servers("a"))
    collected = Collected(world)
    collected.collect()
    for again in (lambda: collected.refresh(path), collected.collect):
        world.write(path, "{")
        again()
        assert (collected.names, collected.codes) == ({"a"}, {("parse.json", path)})
    world.write(path, servers("b"))
    collected.refresh(path)
    assert (collected.names, collected.codes) == ({"b"}, set())


@pytest.mark.parametrize("how", ["refresh", "collect"])
def test_a_folder_that_can_no_longer_be_looked_into_keeps_what_was_known(tmp_path: Path, how: str) -> None:
    """Unknown is not empty: not for a file, and not for a folder of files either."""
    plugins = {"scope": "user", "paths": ["~/.demo/d/*.json"], "servers": [{"at": "mcpServers"}]}
    world = World(tmp_path, client(config=[plugins]), limits=Limits(folder_entries=5))
    world.write("~/.demo/d/a.json", servers("a"))
    collected = Collected(world)
    collected.collect()

    def again() -> None:
        collected.collect() if how == "collect" else collected.refresh("~/.demo/d", "~/.demo/d/new.json")

    for number in range(6):
        world.write(f"~/.demo/d/{number}.txt")
    again()
    assert collected.names == {"a"}
    assert collected.codes == {("file.too_large", "/home/dev/.demo/d")}
    for number in range(6):
        world.here(f"~/.demo/d/{number}.txt").unlink()
    world.here("~/.demo/d/a.json").unlink()
    world.write("~/.demo/d/b.json", servers("b"))
    again()
    assert (collected.names, collected.codes) == ({"b"}, set())


def test_a_shared_file_counts_for_a_client_as_long_as_that_is_there(tmp_path: Path) -> None:
    shared = {"scope": "user", "paths": ["~/.shared.json"], "servers": [{"at": "mcpServers"}], "shared": True}
    world = World(tmp_path, client("one", config=[shared, {"scope": "user", "paths": ["~/.one.json"]}]),
                  client("two", config=[shared]))  # fmt: skip
    world.write("~/.shared.json", servers("a"))
    collected = Collected(world)
    collected.collect()
    assert collected.names == set()
    world.write("~/.one.json", "{}")
    collected.refresh("~/.one.json")
    assert [s.agent for s in collected.of(McpServer)] == ["one"]  # type: ignore[attr-defined]  # all servers
    world.here("~/.one.json").unlink()
    collected.refresh("~/.one.json")
    assert collected.names == set()


def test_what_a_project_depends_on_makes_an_agent_when_its_manifest_says_so(tmp_path: Path) -> None:
    framework = client("frame", kind="framework", manifest=[{"packages": ["npm:frame"]}])
    world = World(tmp_path, DEMO, framework)
    world.write("~/p/.demo.json", servers())
    manifest = world.write("~/p/package.json", {"dependencies": {"other": "1"}})
    collected = Collected(world)
    collected.collect()
    assert ("dev", "frame") not in collected.agents
    world.write("~/p/package.json", {"dependencies": {"frame": "1"}})
    collected.refresh(manifest)
    assert ("dev", "frame") in collected.agents


def test_agents_that_work_elsewhere_are_a_reason_to_collect_again(tmp_path: Path) -> None:
    world = World(tmp_path, DEMO)
    world.write("/srv/code/.demo.json", servers("a"))
    collected = Collected(world)
    collected.collect()
    before = collected.collector.depends_on(world.context)
    world.known.append(made.instance(cwd="/srv/code"))
    assert collected.collector.depends_on(world.context) != before
    collected.collect()
    assert collected.names == {"a"}


def test_an_agent_that_works_where_is_looked_anyway_is_none_unless_it_lies_in_an_unknown_repository(
    tmp_path: Path,
) -> None:
    world = World(tmp_path, DEMO)
    world.write("~/p/.demo.json", servers("a"))
    world.write("~/repository/inner/.demo.json", servers("b"))
    world.write("~/.demo/state.json", {"folders": ["/home/dev/p", "/home/dev/repository/inner"]})
    collected = Collected(world)
    collected.collect()
    before = collected.collector.depends_on(world.context)
    world.known.append(made.instance(7, cwd="/home/dev/p"))
    assert collected.collector.depends_on(world.context) == before
    world.folder("~/repository/.git")
    world.known.append(made.instance(8, cwd="/home/dev/repository/inner"))
    assert collected.collector.depends_on(world.context) != before


def test_collecting_again_for_another_collector_reads_only_what_was_not_read(tmp_path: Path) -> None:
    world = World(tmp_path, DEMO, live=True)
    world.write("~/.demo/mcp.json", servers("a"))
    collected, context = Collected(world), world.context
    watcher = collected.collector.watch(lambda scope: None)
    collected._take(collected.collector.collect(context), all_=True)
    world.write("~/.demo/mcp.json", servers("unnoticed"))
    world.write("/srv/code/.demo.json", servers("b"))
    world.known.append(made.instance(cwd="/srv/code"))
    collected._take(collected.collector.collect(context), all_=True)
    assert collected.names == {"a", "b"}
    collected.refresh("~/.demo/mcp.json")
    assert collected.names == {"unnoticed", "b"}
    collected.collect()
    assert collected.names == {"unnoticed", "b"}
    assert watcher is not None
    watcher.close()


def test_scopes_of_accounts_that_are_gone_are_passed_over(tmp_path: Path) -> None:
    world = World(tmp_path, DEMO)
    collected = Collected(world)
    collected.collect()
    assert collected.refresh("/home/eve/.demo/mcp.json", owner="eve") == set()


def test_a_change_is_told_read_and_over_within_a_moment(tmp_path: Path) -> None:
    world = World(tmp_path, DEMO, live=True)
    collected, dirty = Collected(world), []
    watcher = collected.collector.watch(dirty.append)
    assert watcher is not None
    collected.collect()
    world.write("~/.demo/mcp.json", servers("a"))
    deadline = time.monotonic() + 60
    while not collected.names and time.monotonic() < deadline:
        time.sleep(0.02)
        collected.refresh(*(scope.key for scope in dirty if scope))
    watcher.close()
    assert collected.names == {"a"}


def test_polling_has_nothing_to_say(tmp_path: Path) -> None:
    world = World(tmp_path, DEMO)
    assert list(ConfigCollector().poll(world.context)) == []
