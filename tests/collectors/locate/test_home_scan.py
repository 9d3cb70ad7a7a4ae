"""What a survey of one account's part of the machine finds, and what it says it could not see."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from collectors.locate.home_scan import HomeScan
from collectors.locate.path_index import PathIndex
from collectors.sources.limits import Limits
from tests import made
from tests.collectors.world import World, client

FOLDERS = {"kind": "project", "paths": ["~/.demo/state.json"], "at": "folders"}
PROJECT = {"scope": "project", "paths": ["{project}/.demo.json"], "servers": [{"at": "mcpServers"}]}
USER = {"scope": "user", "paths": ["~/.demo/mcp.json"], "servers": [{"at": "mcpServers"}]}
DEMO = client(config=[USER, PROJECT], roots=[FOLDERS])
FRAMEWORK = client("frame", kind="framework", manifest=[{"packages": ["npm:@frame/core", "pypi:frame-core"]}])


def surveyed(world: World, walk: bool = True) -> HomeScan:
    territory = HomeScan(world.home)
    if walk:
        territory.walk(world.context)
    territory.survey(world.context, PathIndex(world.catalog, world.os))
    return territory


def again(territory: HomeScan, world: World) -> HomeScan:
    territory.survey(world.context, PathIndex(world.catalog, world.os))
    return territory


def troubles(territory: HomeScan) -> dict[str, str | None]:
    return {trouble.code: trouble.path for trouble in territory.troubles.values()}


def test_projects_come_from_state_from_running_agents_and_from_the_walk(tmp_path: Path) -> None:
    world = World(tmp_path, DEMO)
    world.write("~/.demo/state.json", {"folders": ["/srv/named"]})
    for folder in ("/srv/named", "/srv/working", "~/walked"):
        world.write(f"{folder}/.demo.json")
    world.write("/srv/unknown/.demo.json")
    world.known.append(made.instance(cwd="/srv/working"))
    found = [path for path in surveyed(world).files if path.endswith("/.demo.json")]
    assert sorted(found) == ["/home/dev/walked/.demo.json", "/srv/named/.demo.json", "/srv/working/.demo.json"]


def test_a_folder_that_several_sources_name_is_read_once(tmp_path: Path) -> None:
    world = World(tmp_path, DEMO)
    path = world.write("~/p/.demo.json")
    world.write("~/.demo/state.json", {"folders": ["/home/dev/p", "/home/dev/p/"]})
    world.known.append(made.instance(cwd="/home/dev/p"))
    assert len(surveyed(world).files[path]) == 1


def test_a_home_that_is_a_project_itself_does_not_make_the_users_file_the_projects(tmp_path: Path) -> None:
    places = (("user", "~/.mcp.json"), ("project", "{project}/.mcp.json"))
    same = client(config=[{"scope": scope, "paths": [path]} for scope, path in places], roots=[FOLDERS])
    world = World(tmp_path, same)
    path = world.write("~/.mcp.json")
    world.write("~/.demo/state.json", {"folders": ["/home/dev"]})
    # mypy: parts of this file have a scope.
    assert [r.part.scope for r in surveyed(world).files[path]] == ["user"]  # type: ignore[union-attr]


def test_a_service_account_is_not_walked(tmp_path: Path) -> None:
    world = World(tmp_path, DEMO)
    world.write("~/p/.demo.json")
    territory = HomeScan(world.home._replace(account="service"))
    territory.walk(world.context)
    assert territory.walked == ()


def test_a_walk_that_was_cut_short_is_told_until_one_was_not(tmp_path: Path) -> None:
    world = World(tmp_path, DEMO, limits=Limits(walk_entries=2))
    for number in range(5):
        world.write(f"~/{number}/file")
    territory = surveyed(world)
    assert troubles(again(territory, world)) == {"walk.truncated": "/home/dev"}
    territory.walk(World(tmp_path, DEMO).context)
    assert troubles(territory) == {}


def test_links_to_one_full_folder_end_the_survey_and_hide_nothing_that_was_known(tmp_path: Path) -> None:
    world = World(tmp_path, client(config=[{**USER, "paths": ["~/tools/*/mcp*.json", "~/x/mcp.json"]}]))
    known = [world.write(f"~/{place}/mcp.json") for place in ("tools/a", "x")]
    before = surveyed(world)
    assert set(before.files) == set(known)
    for number in range(30):
        world.write(f"~/full/{number}")
    for number in range(30):
        world.here("~/tools").joinpath(str(number)).symlink_to("../full")
    world = World(tmp_path, *world.catalog.clients.values(), limits=Limits(survey_entries=300))
    territory = again(before, world)
    assert troubles(territory) == {} and territory.closed.keys() == {"/home/dev"}
    assert territory.closed["/home/dev"].code == "survey.truncated"
    assert set(territory.files) >= set(known)


@pytest.mark.parametrize("why", ["gone", "closed", "no folder"])
def test_a_home_that_cannot_be_walked_is_a_trouble_of_this_home_alone(tmp_path: Path, why: str) -> None:
    world = World(tmp_path, DEMO, limits=Limits(folder_entries=1))
    place = world.here("~")
    if why == "gone":
        place.rmdir()
    elif why == "no folder":
        place.rmdir()
        place.write_text("")
    else:
        # Whose owner shut themself out: only one who may do more could list it, and must not.
        world.homes = (world.home._replace(uid=54321),)
        place.chmod(0o300)
        if os.geteuid() == 0:
            os.chown(place, 54321, 54321)
    territory = surveyed(world)
    assert territory.files == {}
    assert [t.path for t in territory.troubles.values()] == (["/home/dev"] if why == "closed" else [])


def test_state_that_cannot_be_read_is_a_trouble_and_an_empty_file_is_none(tmp_path: Path) -> None:
    world = World(tmp_path, DEMO)
    world.write("~/.demo/state.json", "{")
    assert troubles(surveyed(world)) == {"parse.json": "/home/dev/.demo/state.json"}
    world.write("~/.demo/state.json", "")
    assert troubles(surveyed(world)) == {}
    world.write("~/.demo/state.json", b"\xff")
    assert troubles(surveyed(world)) == {"parse.encoding": "/home/dev/.demo/state.json"}


def test_folders_that_a_state_file_named_stay_while_it_cannot_be_read(tmp_path: Path) -> None:
    world = World(tmp_path, DEMO)
    path = world.write("~/.demo/state.json", {"folders": ["/srv/named"]})
    world.write("/srv/named/.demo.json")
    territory = surveyed(world)
    world.write("~/.demo/state.json", '{"folders": ["/srv/na')
    assert territory.means_the_same(world.context, path)
    territory.survey(world.context, PathIndex(world.context.catalog, "linux"))
    assert "/srv/named/.demo.json" in territory.files
    world.write("~/.demo/state.json", {"folders": []})
    territory.survey(world.context, PathIndex(world.context.catalog, "linux"))
    assert "/srv/named/.demo.json" not in territory.files


def test_state_with_an_impossible_address_is_no_error(tmp_path: Path) -> None:
    world = World(tmp_path, DEMO)
    world.write("~/.demo/state.json", {"folders": ["file://[x/p", "file:///srv/named"]})
    world.write("/srv/named/.demo.json")
    assert "/srv/named/.demo.json" in surveyed(world).files


def test_only_a_change_of_the_folders_it_names_changes_what_a_state_file_means(tmp_path: Path) -> None:
    world = World(tmp_path, DEMO)
    path = world.write("~/.demo/state.json", {"folders": ["/srv/named"], "opened": 1})
    territory = surveyed(world)
    world.write("~/.demo/state.json", {"opened": 2, "folders": ["/srv/named", "/srv/named/"]})
    assert territory.means_the_same(world.context, path)
    world.write("~/.demo/state.json", {"folders": ["/srv/other"]})
    assert not territory.means_the_same(world.context, path)
    assert territory.means_the_same(world.context, path)
    assert territory.means_the_same(world.context, "/home/dev/.demo/mcp.json")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("package.json", '{"devDependencies": {"@frame/core": "^1"}}'),
        ("pyproject.toml", '[project]\ndependencies = ["Frame.Core[extra]>=2"]'),
        ("pyproject.toml", "[tool.poetry.dependencies]\nframe-core = '*'"),
        ("requirements.txt", "# comment\nframe_core==1.0\n"),
    ],
)
def test_a_framework_is_used_where_a_manifest_depends_on_it(tmp_path: Path, name: str, content: str) -> None:
    world = World(tmp_path, DEMO, FRAMEWORK)
    world.write("~/p/.demo.json")
    path = world.write(f"~/p/{name}", content)
    territory = surveyed(world)
    assert territory.configured() == {"demo": {"/home/dev/p/.demo.json"}, "frame": {path}}
    world.write(f"~/p/{name}", '{"dependencies": {"frame": "1"}}' if name.endswith("json") else "")
    assert not territory.means_the_same(world.context, path)
    assert again(territory, world).configured() == {"demo": {"/home/dev/p/.demo.json"}}


def test_a_client_is_present_by_its_own_files_in_the_home_not_by_those_of_a_project(tmp_path: Path) -> None:
    world = World(tmp_path, DEMO)
    world.write("~/p/.demo.json")
    assert surveyed(world).present() == frozenset()
    world.write("~/.demo/mcp.json")
    assert surveyed(world).present() == {"demo"}


def test_an_unknown_file_beside_a_known_one_is_told_without_counting_as_a_gap(tmp_path: Path) -> None:
    world = World(tmp_path, DEMO)
    path = world.write("~/.demo/mcp_config.json")
    assert [(t.code, t.path, t.severity) for t in surveyed(world).troubles.values()] == [
        ("catalog.unknown_file", path, "info")
    ]


def test_a_misplaced_server_file_beside_settings_that_hold_no_servers_is_told_too(tmp_path: Path) -> None:
    settings = client(config=[{"scope": "user", "paths": ["~/.demo/settings.json"]}])
    world = World(tmp_path, settings)
    world.write("~/.demo/settings.json")
    path = world.write("~/.demo/.mcp.json")
    assert [(t.code, t.path) for t in surveyed(world).troubles.values()] == [("catalog.unknown_file", path)]


def test_a_folder_with_a_common_name_makes_no_project_but_is_looked_into_where_one_is(tmp_path: Path) -> None:
    world = World(tmp_path, client(config=[PROJECT, {"scope": "project", "paths": ["{project}/config/demo.json"]}]))
    world.write("~/a/config/demo.json")
    world.write("~/b/.demo.json")
    path = world.write("~/b/config/demo.json")
    assert [file for file in surveyed(world).files if file.endswith("/config/demo.json")] == [path]


def test_the_machine_has_places_of_its_own_and_no_projects(tmp_path: Path) -> None:
    managed = client(config=[{"scope": "managed", "paths": ["/etc/demo.json"]}, PROJECT])
    world = World(tmp_path, managed)
    path = world.write("/etc/demo.json")
    territory = HomeScan(None)
    territory.walk(world.context)
    assert (again(territory, world).owner, list(territory.files)) == ("", [path])
