"""Which folders the clients' own state names as projects and plug-ins."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from collectors.locate.interest import Root
from collectors.locate.projects import (
    distinct,
    local_folder,
    mounted_roots,
    named_roots,
    working_folders,
    working_roots,
)
from collectors.sources.account import Os
from collectors.sources.formats.documents import UnparseableError
from tests import made
from tests.collectors.world import World, client, reading


def named(world: World, content: object, **roots: Any) -> list[Root]:
    part = {"kind": "project", "paths": ["~/state"], **roots}
    path = world.write("~/state", content)
    return list(named_roots(world.context, world.home, path, reading(client(roots=[part]))))


def paths(roots: list[Root]) -> list[str]:
    return [root.path for root in roots]


@pytest.mark.parametrize(
    ("roots", "content"),
    [
        ({"at": "folder"}, {"folder": "/srv/p"}),
        ({"at": "folders"}, {"folders": ["/srv/p", 7, None]}),
        ({"at": "projects", "take": "key"}, {"projects": {"/srv/p": {}, "~/q": {}}}),
        ({"at": "", "take": "key"}, {"/srv/p": "TRUST", "version": 1}),
        ({"at": "windows[].folderUri"}, {"windows": [{"folderUri": "file:///srv/p"}, {"other": 1}]}),
        ({"at": "git_root", "format": "yaml"}, "git_root: /srv/p\n"),
        ({"at": "projects", "take": "key", "format": "toml"}, '[projects."/srv/p"]\ntrust_level = "trusted"\n'),
        ({"at": "entry@key", "format": "xml"}, '<a><entry key="/srv/p"/><entry value="/srv/q"/></a>'),
    ],
)
def test_folders_stand_in_every_form_of_state(tmp_path: Path, roots: dict[str, Any], content: object) -> None:
    assert paths(named(World(tmp_path), content, **roots)) == ["/srv/p"]


def test_a_database_may_hold_several_folders_in_one_value(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "db") as database:
        database.execute("CREATE TABLE workspaces (paths TEXT, secret TEXT)")
        database.executemany("INSERT INTO workspaces VALUES (?, 'private')", [("/srv/a\n/srv/b",), (None,), ("rel",)])
    database.close()
    found = named(World(tmp_path), (tmp_path / "db").read_bytes(), format="sqlite", at="workspaces.paths")
    assert paths(found) == ["/srv/a", "/srv/b"]


@pytest.mark.parametrize(
    ("text", "folder"),
    [
        ("/srv/p/", "/srv/p"),
        ("file:///srv/my%20project", "/srv/my project"),
        ("file://localhost/srv/p", "/srv/p"),
        ("$USER_HOME$/p", "/home/dev/p"),
        ("/", "/"),
        ("file://other.host/srv/p", None),
        ("vscode-remote://ssh-remote+host/srv/p", None),
        ("relative/p", None),
        ("~/p", None),
        ("", None),
        ("/a\0b", None),
        ("file:///a%00b", None),
        ("/" + "a" * 5000, None),
        ("file://[::1/p", None),
        ("file://[not-an-address]/p", None),
    ],
)
def test_a_folder_is_an_absolute_path_of_this_machine(tmp_path: Path, text: str, folder: str | None) -> None:
    assert paths(named(World(tmp_path), {"folder": text}, at="folder")) == ([folder] if folder else [])


@pytest.mark.parametrize(
    ("text", "folder"),
    [
        ("file:///c%3A/Users/dev/p", "C:/Users/dev/p"),
        ("c:\\Users\\dev\\p\\", "C:/Users/dev/p"),
        ("D:/p", "D:/p"),
        ("\\\\server\\share", None),
        ("/srv/p", None),
    ],
)
def test_windows_folders_have_a_drive(tmp_path: Path, text: str, folder: str | None) -> None:
    world = World(tmp_path, os="windows")
    found = named(world, {"folder": text}, at="folder")
    assert paths(found) == ([folder] if folder else [])
    assert [root.label for root in found] == ([folder.replace("/", "\\")] if folder else [])


@pytest.mark.parametrize("os", ["linux", "windows"])
def test_a_project_is_labelled_with_its_path_and_a_plugin_with_its_name(tmp_path: Path, os: Os) -> None:
    world = World(tmp_path, os=os)
    drive = "C:" if os == "windows" else ""
    plugins = {"plugins": {"git@market": [{"installPath": f"{drive}/srv/cache/1.0"}]}}
    found = named(world, plugins, kind="extension", at="plugins.*[].installPath")
    assert found == [Root("extension", f"{drive}/srv/cache/1.0", "git@market", "demo")]
    unnamed = named(world, {"folder": f"{drive}/srv/cache/x"}, kind="extension", at="folder")
    assert [root.label for root in unnamed] == ["x"]


@pytest.mark.parametrize("content", [[], 1, "text", None, {"folder": {"a": 1}}, {"folder": 7}, {"folder": [["/a"]]}])
def test_state_of_an_unknown_shape_names_nothing(tmp_path: Path, content: object) -> None:
    world = World(tmp_path)
    text = "null" if content is None else content if not isinstance(content, str) else f'"{content}"'
    assert named(world, text, at="folder") == []


@pytest.mark.parametrize(
    ("content", "roots"),
    [
        ("{", {"at": "folder"}),
        ("<a>", {"at": "a@b", "format": "xml"}),
        (b"SQLite format 3\0" + b"x" * 200, {"at": "t.c", "format": "sqlite"}),
    ],
)
def test_state_that_cannot_be_parsed_says_so(tmp_path: Path, content: object, roots: dict[str, Any]) -> None:
    with pytest.raises(UnparseableError):
        named(World(tmp_path), content, **roots)


def test_agents_work_in_their_folder_and_in_the_repository_above(tmp_path: Path) -> None:
    world = World(tmp_path, owners=("dev", "eve"))
    world.folder("~/repository/.git")
    world.folder("~/repository/deep/er")
    world.folder("~/plain")
    work = {"/home/dev/repository/deep/er", "/home/dev/plain"}
    world.known += [made.instance(pid, cwd=folder) for pid, folder in enumerate(sorted(work))]
    world.known += [
        made.instance(10, cwd="/home/eve", owner="eve"), made.instance(11, cwd=None),
        made.instance(12, cwd="/home/dev/server", subject="mcp_server"),
    ]  # fmt: skip
    assert set(paths(list(working_roots(world.context, world.home)))) == work | {"/home/dev/repository"}
    theirs = [("eve", "/home/eve")]
    assert working_folders(world.context) == sorted([*(("dev", folder) for folder in work), *theirs])


def test_a_repository_at_the_home_itself_makes_no_project_of_the_home(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.folder("~/.git")
    world.folder("~/work")
    world.known.append(made.instance(cwd="/home/dev/work"))
    assert paths(list(working_roots(world.context, world.home))) == ["/home/dev/work"]


def test_each_folder_counts_once_the_home_first_and_never_the_whole_file_system(tmp_path: Path) -> None:
    world = World(tmp_path)
    folder = world.folder("/a")
    project, plugin = Root("project", folder, folder), Root("extension", folder, "x", "demo")
    own = Root("project", world.home.path, world.home.path)
    roots = [project, plugin, own, project, Root("project", "/", "/"), Root("project", "/gone", "/gone")]
    assert distinct(world.files, world.home, 10, roots) == ([own, plugin, project], 0)


def test_a_folder_with_several_names_counts_once_under_the_shortest(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.folder("~/project")
    world.here("~/another-name").symlink_to("project")
    names = [f"{world.home.path}/{name}" for name in ("another-name", "project")]
    roots = [Root("project", name, name) for name in names]
    assert distinct(world.files, world.home, 10, roots[:1], roots[1:]) == ([roots[1]], 0)


def test_of_too_many_folders_those_of_the_first_groups_stay(tmp_path: Path) -> None:
    world = World(tmp_path)
    names = [world.folder(f"~/p{number}") for number in range(6)]
    working, named, walked = ([Root("project", name, name) for name in names[at : at + 2]] for at in (4, 2, 0))
    roots, left_out = distinct(world.files, world.home, 3, working, named, walked)
    assert [root.path for root in roots] == [names[2], names[4], names[5]]
    assert left_out == 3


@pytest.mark.parametrize("spelling", ["/w/./p", "//w//p", "/w/x/../p", "/w/p/", "file:///w/./p"])
def test_one_folder_is_named_one_way_however_it_is_spelled(tmp_path: Path, spelling: str) -> None:
    assert local_folder(spelling, "linux", World(tmp_path).home) == "/w/p"


@pytest.mark.parametrize(("kind", "folders"), [("link", ["/srv/p"]), ("local", [])])
def test_a_plug_in_that_was_copied_is_not_read_where_it_came_from(
    tmp_path: Path, kind: str, folders: list[str]
) -> None:
    world, state = World(tmp_path), {"type": kind, "source": "/srv/p"}
    assert paths(named(world, state, kind="extension", at="source", only={"type": "link"})) == folders


def test_repositories_of_a_container_lie_beside_the_homes(tmp_path: Path) -> None:
    world = World(tmp_path)
    assert list(mounted_roots(world.context, world.home)) == []
    world.folder("/workspaces/app")
    world.folder("/workspaces/.cache")
    world.write("/workspaces/readme")
    assert paths(list(mounted_roots(world.context, world.home))) == ["/workspaces/app"]
