"""Files that other files bring in, and those that only a setting lets a client read."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.records import McpServer
from collectors.configs.collector import ConfigCollector
from tests.collectors.world import World, client

SERVER = {"command": "node", "args": ["/opt/s.js"]}
MANIFEST = {
    "scope": "extension",
    "paths": ["~/.demo/plugins/*/.demo-plugin/plugin.json"],
    "servers": [{"at": "mcpServers"}],
    "named_at": "mcpServers",
}
PLUGIN = client(config=[MANIFEST])


def names(world: World) -> list[tuple[str, str | None, str | None]]:
    found = (record for observed in ConfigCollector().collect(world.context) for record in observed.records)
    return sorted((r.name, r.extension, r.project) for r in found if isinstance(r, McpServer))


@pytest.mark.parametrize("named", ["./config/s.json", ["config/s.json"], "${CLAUDE_PLUGIN_ROOT}/config/s.json"])
@pytest.mark.parametrize("content", [{"mcpServers": {"a": SERVER}}, {"a": SERVER}])
def test_a_manifest_may_name_files_of_its_plug_in(tmp_path: Path, named: object, content: object) -> None:
    world = World(tmp_path, PLUGIN)
    world.write("~/.demo/plugins/p/.demo-plugin/plugin.json", {"mcpServers": named})
    world.write("~/.demo/plugins/p/config/s.json", content)
    assert names(world) == [("a", "p", None)]


@pytest.mark.parametrize("named", ["../q/s.json", "/home/dev/s.json", "./../../../s.json", "https://h/s.json", 7, [{}]])
def test_nothing_outside_of_the_plug_in_is_read(tmp_path: Path, named: object) -> None:
    world = World(tmp_path, PLUGIN)
    world.write("~/.demo/plugins/p/.demo-plugin/plugin.json", {"mcpServers": named})
    for path in ("~/.demo/plugins/q/s.json", "~/s.json"):
        world.write(path, {"mcpServers": {"a": SERVER}})
    assert names(world) == []


@pytest.mark.parametrize(
    ("value", "read"), [({"demo": True}, True), ({"demo": False}, False), (True, True), ({}, False)]
)
def test_a_file_that_a_setting_lets_in_counts_only_with_the_setting(tmp_path: Path, value: object, read: bool) -> None:
    condition = {"file": "~/.other/settings.json", "at": ["discover.demo", "discover"]}
    file = {"scope": "user", "paths": ["~/.demo/mcp.json"], "servers": [{"at": "mcpServers"}]}
    state = {"scope": "user", "paths": ["~/.other/settings.json"]}
    other = client("other", config=[state, {**file, "shared": True, "only_if": condition}])
    world = World(tmp_path, client(config=[file]), other)
    world.write("~/.demo/mcp.json", {"mcpServers": {"a": SERVER}})
    world.write("~/.other/settings.json", {"discover": value})
    assert names(world) == [("a", None, None)] * (2 if read else 1)


def test_a_client_that_walks_up_reads_the_home_and_the_folders_above_its_projects(tmp_path: Path) -> None:
    file = {"scope": "project", "paths": ["{project}/.demo.json"], "servers": [{"at": "mcpServers"}], "above": True}
    state = {"kind": "project", "paths": ["~/.demo/state.json"], "at": "folders"}
    world = World(tmp_path, client(config=[file], roots=[state]))
    world.write("~/.demo/state.json", {"folders": ["/srv/a/b/c"]})
    for folder, name in (("~", "home"), ("/srv/a", "above"), ("/srv/a/b/c", "in"), ("/srv/other", "beside")):
        world.write(f"{folder}/.demo.json", {"mcpServers": {name: SERVER}})
    assert [name for name, *_ in names(world)] == ["above", "home", "in"]


def test_a_workspace_has_servers_and_folders_of_its_own(tmp_path: Path) -> None:
    workspace = {"scope": "project", "paths": ["{project}/*.work"], "servers": [{"at": "settings.mcp.servers"}]}
    inside = {"scope": "project", "paths": ["{project}/.demo.json"], "servers": [{"at": "mcpServers"}]}
    state = {"kind": "project", "paths": ["~/.demo/state.json"], "at": "workspace", "take": "file"}
    world = World(tmp_path, client(config=[workspace, inside], roots=[state]))
    world.write("~/.demo/state.json", {"workspace": "file:///srv/mono/x.work"})
    world.write("/srv/mono/x.work", {"settings": {"mcp": {"servers": {"a": SERVER}}}})
    assert names(world) == [("a", None, "/srv/mono")]


def test_the_folders_of_a_workspace_are_projects(tmp_path: Path) -> None:
    inside = {"scope": "project", "paths": ["{project}/.demo.json"], "servers": [{"at": "mcpServers"}]}
    state = {"kind": "project", "paths": ["~/.demo/state.json"], "at": "workspace", "take": "file"}
    folders = {"kind": "project", "paths": ["{project}/*.code-workspace"], "at": "folders[].path", "shared": True}
    world = World(tmp_path, client(config=[inside], roots=[state, folders]))
    world.write("~/.demo/state.json", {"workspace": "file:///srv/mono/x.code-workspace"})
    world.write("/srv/mono/x.code-workspace", {"folders": [{"path": "../beta"}, {"path": "/srv/gamma"}]})
    for folder in ("beta", "gamma"):
        world.write(f"/srv/{folder}/.demo.json", {"mcpServers": {folder: SERVER}})
    assert names(world) == [("beta", None, "/srv/beta"), ("gamma", None, "/srv/gamma")]
