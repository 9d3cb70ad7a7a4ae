"""Which of the catalog's places exist on a machine, and who reads what stands there."""

from __future__ import annotations

from pathlib import Path

import pytest

from collectors.catalog.templates import template_path
from collectors.locate.ecosystems import expand
from collectors.locate.interest import Root
from collectors.locate.path_index import Found, Node, PathIndex
from collectors.sources.account import Os
from collectors.sources.limits import Limits
from tests.collectors.world import World, client

SERVERS = [{"at": "mcpServers"}]


def config(*paths: str, **fields: object) -> dict[str, object]:
    return {"scope": "user", "paths": paths, "servers": SERVERS, **fields}


def places(world: World) -> PathIndex:
    return PathIndex(world.catalog, world.os)


def home_of(world: World) -> Found:
    return places(world).of_home(world.context, world.home)


def readers(found: Found) -> dict[str, list[str]]:
    return {path: [reading.client.id for reading in readings] for path, readings in found.files.items()}


def test_only_what_exists_is_found_and_by_every_client_that_reads_it(tmp_path: Path) -> None:
    world = World(tmp_path, client("one", config=[config("~/.x/a.json", "~/.x/b.json")]),
                  client("two", config=[config("~/.x/a.json")]))  # fmt: skip
    world.write("~/.x/a.json")
    assert readers(home_of(world)) == {"/home/dev/.x/a.json": ["one", "two"]}


def test_a_star_stands_for_part_of_one_component_and_is_captured(tmp_path: Path) -> None:
    world = World(tmp_path, client(config=[config("~/.x/*/servers-*.json")]))
    world.write("~/.x/first/servers-a.json")
    world.write("~/.x/first/deeper/servers-b.json")
    world.write("~/.x/second/other.json")
    found = home_of(world)
    assert [(path, r.captures) for path, (r,) in found.files.items()] == [
        ("/home/dev/.x/first/servers-a.json", ("first", "a"))
    ]


@pytest.mark.parametrize(
    ("os", "template", "path"),
    [
        ("linux", "{config}/A/f", "/home/dev/.config/A/f"),
        ("linux", "{data}/A/f", "/home/dev/.local/share/A/f"),
        ("macos", "{config}/A/f", "/Users/dev/Library/Application Support/A/f"),
        ("macos", "{data}/A/f", "/Users/dev/Library/Application Support/A/f"),
        ("windows", "{config}/A/f", "C:/Users/dev/AppData/Roaming/A/f"),
        ("windows", "{data}/A/f", "C:/Users/dev/AppData/Local/A/f"),
        ("windows", "{appdata}/A/f", "C:/Users/dev/AppData/Roaming/A/f"),
        ("windows", "~/.a/f", "C:/Users/dev/.a/f"),
    ],
)
def test_each_system_has_its_own_folders(tmp_path: Path, os: Os, template: str, path: str) -> None:
    world = World(tmp_path, client(config=[config(template)]), os=os)
    world.write(path)
    assert list(home_of(world).files) == [path]
    assert template_path(template, os, world.home) == path
    assert list(expand(world.context, [template], world.home)) == [path]


def test_places_of_the_machine_are_no_places_of_a_home(tmp_path: Path) -> None:
    world = World(tmp_path, client(config=[config("/etc/x/managed.json", "~/.x.json")]))
    world.write("/etc/x/managed.json")
    world.write("~/.x.json")
    assert list(places(world).of_machine(world.context).files) == ["/etc/x/managed.json"]
    assert list(home_of(world).files) == ["/home/dev/.x.json"]
    assert template_path("~/.x.json", "linux", None) is None
    assert template_path("{project}/x", "linux", None) is None


def test_places_of_a_windows_machine_keep_their_drive(tmp_path: Path) -> None:
    world = World(tmp_path, client(config=[config("C:/Program Files/X/managed.json")]), os="windows")
    world.write("C:/Program Files/X/managed.json")
    assert list(places(world).of_machine(world.context).files) == ["C:/Program Files/X/managed.json"]


def test_a_plugin_folder_belongs_to_one_client_and_a_project_to_all(tmp_path: Path) -> None:
    parts = [config("{project}/.mcp.json"), config("{extension}/.mcp.json")]
    world = World(tmp_path, client("one", config=parts), client("two", config=parts))
    world.write("/srv/p/.mcp.json")
    project, plugin = Root("project", "/srv/p", "/srv/p"), Root("extension", "/srv/p", "p", "two")
    for root, expected in ((project, ["one", "two"]), (plugin, ["two"])):
        found = places(world).of_root(world.context, world.home, root)
        assert readers(found) == {"/srv/p/.mcp.json": expected}
        assert all(reading.root is root for reading in found.files["/srv/p/.mcp.json"])


def test_a_client_that_was_told_another_folder_is_looked_for_there_alone(tmp_path: Path) -> None:
    moving = client("one", config=[config("~/.x/a.json", "~/.x/sub/b.json")])
    world = World(tmp_path, moving, client("two", config=[config("~/.x/a.json")]))
    world.write("/srv/moved/a.json")
    world.write("/srv/moved/sub/b.json")
    found = places(world).of_moved(world.context, world.home, moving, "~/.x", "/srv/moved")
    assert readers(found) == {"/srv/moved/a.json": ["one"], "/srv/moved/sub/b.json": ["one"]}


def test_a_single_file_that_moves_is_told_by_its_own_path(tmp_path: Path) -> None:
    moving = client(config=[config("~/.x.json")])
    world = World(tmp_path, moving)
    world.write("/srv/moved/other.json")
    found = places(world).of_moved(world.context, world.home, moving, "~/.x.json", "/srv/moved/other.json")
    assert list(found.files) == ["/srv/moved/other.json"]
    assert not places(world).of_moved(world.context, world.home, moving, "~/.unheard-of", "/srv/moved").files


def test_folders_in_which_something_may_appear_are_told_and_say_what(tmp_path: Path) -> None:
    world = World(tmp_path, client(config=[config("~/.x/deep/a.json", "~/.y/b*.json")]))
    world.folder("~/.x")
    world.folder("~/.y")
    found = home_of(world)
    assert found.folders.keys() == {"/home/dev", "/home/dev/.x", "/home/dev/.y"}
    assert found.folders["/home/dev/.x"].wants("deep") and not found.folders["/home/dev/.x"].wants("a.json")
    assert found.folders["/home/dev/.y"].wants("b1.json") and not found.folders["/home/dev/.y"].wants("c.json")


def test_a_folder_that_cannot_be_looked_into_is_a_trouble_and_its_neighbours_are_read(tmp_path: Path) -> None:
    world = World(tmp_path, client(config=[config("~/.x/*.json", "~/.y/a.json")]), limits=Limits(folder_entries=3))
    for number in range(4):
        world.write(f"~/.x/{number}.json")
    world.write("~/.y/a.json")
    found = home_of(world)
    assert {path: error.code for path, error in found.troubles.items()} == {"/home/dev/.x": "file.too_large"}
    assert list(found.files) == ["/home/dev/.y/a.json"]


@pytest.mark.parametrize("kind", ["file", "dangling link", "loop"])
def test_something_else_in_place_of_a_folder_holds_nothing(tmp_path: Path, kind: str) -> None:
    world = World(tmp_path, client(config=[config("~/.x/a.json")]))
    place = world.here("~/.x")
    if kind == "file":
        place.write_text("")
    else:
        place.symlink_to("missing" if kind == "dangling link" else ".x")
    assert home_of(world).files == {}


def test_a_linked_folder_is_followed_but_not_out_of_the_image(tmp_path: Path) -> None:
    world = World(tmp_path / "image", client(config=[config("~/.x/a.json", "~/.y/a.json")]))
    world.write("~/dotfiles/a.json")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/a.json").write_text("")
    world.here("~/.x").symlink_to("dotfiles")
    world.here("~/.y").symlink_to("../../../outside")
    assert list(home_of(world).files) == ["/home/dev/.x/a.json"]


def test_a_file_named_like_a_configuration_beside_one_that_nobody_reads_is_unknown(tmp_path: Path) -> None:
    world = World(tmp_path, client(config=[config("~/.x/mcp.json")]))
    for name in ("mcp.json", "mcp_servers.yaml", "my-MCP.jsonc", "mcp.py", "settings.json"):
        world.write(f"~/.x/{name}")
    world.write("~/mcp.json")
    assert set(home_of(world).unknown) == {"/home/dev/.x/mcp_servers.yaml", "/home/dev/.x/my-MCP.jsonc"}


def test_where_a_client_keeps_no_servers_no_file_is_unknown(tmp_path: Path) -> None:
    world = World(tmp_path, client(artifact=[{"kind": "rule", "scope": "user", "paths": ["~/.x/rules.md"]}]))
    world.write("~/.x/mcp_servers.yaml")
    assert home_of(world).unknown == {}


@pytest.mark.parametrize("name", ["a.json\n", "x.json.bak", "a.jsonl"])
def test_a_pattern_matches_whole_names_only(tmp_path: Path, name: str) -> None:
    world = World(tmp_path, client(config=[config("~/.x/*.json")]))
    world.write(f"~/.x/{name}")
    assert home_of(world).files == {}


def test_a_name_with_a_line_break_is_matched_like_any_other(tmp_path: Path) -> None:
    world = World(tmp_path, client(config=[config("~/.x/*.json")]))
    world.write("~/.x/a\nb.json")
    assert list(home_of(world).files) == ["/home/dev/.x/a\nb.json"]


def test_a_folder_that_one_template_names_and_another_matches_is_watched_for_the_names_of_both() -> None:
    named, matched = Node(), Node()
    named.child("mcp.json")
    matched.child("extensions")
    both = matched.with_names_of(named)
    assert both.wants("mcp.json") and both.wants("extensions")
    assert named.with_names_of(None) is named
