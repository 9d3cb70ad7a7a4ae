"""Which clients are there for an account, by what is installed and by what is configured."""

from __future__ import annotations

from pathlib import Path

from agent.records import AiAgent
from collectors.locate.path_index import PathIndex
from collectors.locate.presence import Installation, agent_records, configured, installations
from tests.collectors.world import World, client

DEMO = client(
    install=[{"packages": ["npm:demo"], "paths": ["~/.demo/bin/*", "/opt/demo"]}],
    config=[{"scope": "user", "paths": ["~/.demo.json"]}, {"scope": "project", "paths": ["{project}/.demo.json"]}],
    artifact=[{"kind": "rule", "scope": "user", "paths": ["~/DEMO.md"]}],
    provider=[{"scope": "user", "paths": ["~/.demo/models.json"], "at": "providers.*"}],
)


def agents(world: World) -> list[AiAgent]:
    """The agents of the home, with what the machine has installed for all."""
    context, places = world.context, PathIndex(world.catalog, world.os)
    mine, everyones = places.of_home(context, world.home).files, places.of_machine(context).files
    installs = installations(context, world.home, mine)
    machine = installations(context, None, everyones)
    return list(agent_records(context, world.home, installs, machine, configured(mine)))


def test_without_a_sign_there_is_no_agent(tmp_path: Path) -> None:
    world = World(tmp_path, DEMO)
    world.write("~/DEMO.md")
    world.write("/opt/demo/x")
    assert agents(world) == []


def test_a_configured_client_is_declared_and_not_installed(tmp_path: Path) -> None:
    world = World(tmp_path, DEMO)
    path = world.write("~/.demo.json")
    (found,) = agents(world)
    assert (found.agent, found.owner, found.installed, found.version, found.paths) == (
        "demo",
        "dev",
        False,
        None,
        (path,),
    )
    assert (found.evidence.confidence, found.evidence.source) == ("declared", path)


def test_an_installed_client_is_confirmed_with_its_version(tmp_path: Path) -> None:
    world = World(tmp_path, DEMO)
    world.write("~/.demo/bin/1.2.3")
    (found,) = agents(world)
    assert (found.installed, found.version, found.evidence.confidence) == (True, "1.2.3", "confirmed")


def test_a_package_is_an_installation_too(tmp_path: Path) -> None:
    world = World(tmp_path, DEMO)
    world.write("~/.npm-global/lib/node_modules/demo/package.json", {"name": "demo", "version": "4.5.6"})
    (found,) = agents(world)
    assert (found.version, found.paths) == ("4.5.6", ("/home/dev/.npm-global/lib/node_modules/demo",))


def test_what_is_installed_for_all_counts_for_those_who_configured_it(tmp_path: Path) -> None:
    world = World(tmp_path, DEMO)
    world.write("/opt/demo/package.json", {"version": "2.0.0"})
    world.write("~/.demo.json")
    (found,) = agents(world)
    assert (found.installed, found.version, found.paths) == (True, "2.0.0", ("/home/dev/.demo.json", "/opt/demo"))


def test_a_file_shared_with_another_client_shows_neither(tmp_path: Path) -> None:
    shared = {"scope": "user", "paths": ["~/.shared.json"], "shared": True}
    world = World(tmp_path, client(config=[shared]))
    world.write("~/.shared.json")
    assert agents(world) == []


def test_files_of_projects_can_be_left_out(tmp_path: Path) -> None:
    world = World(tmp_path, DEMO)
    from collectors.locate.interest import Root

    world.write("/srv/p/.demo.json")
    found = (
        PathIndex(world.catalog, world.os).of_root(world.context, world.home, Root("project", "/srv/p", "/srv/p")).files
    )
    assert configured(found) == {"demo": {"/srv/p/.demo.json"}}
    assert configured(found, with_projects=False) == {}


def test_the_version_is_that_of_the_first_place_that_tells_one(tmp_path: Path) -> None:
    world = World(tmp_path, DEMO)
    world.write("~/.demo/bin/nightly")
    world.write("~/.demo/bin/2.0.1")
    places = PathIndex(world.catalog, world.os).of_home(world.context, world.home).files
    assert installations(world.context, world.home, places)["demo"] == (
        Installation("/home/dev/.demo/bin/2.0.1", "2.0.1"), Installation("/home/dev/.demo/bin/nightly", None),
    )  # fmt: skip


def test_a_client_with_very_many_files_names_some_of_them(tmp_path: Path) -> None:
    world = World(tmp_path, client(config=[{"scope": "user", "paths": ["~/.demo/*.json"]}]))
    for number in range(50):
        world.write(f"~/.demo/{number:02}.json")
    (found,) = agents(world)
    assert len(found.paths) == 20


def test_a_program_of_a_name_that_others_have_too_makes_an_agent_only_likely(tmp_path: Path) -> None:
    namesake = {"exe": "demo", "source": "a test", "checked": "2026-01-01"}
    shared = client(
        process={"namesake": [namesake]},
        install=[{"paths": ["~/.local/bin/demo", "~/.demo/bin/*"], "windows": ["~/bin/demo.exe"]}],
        config=[{"scope": "user", "paths": ["~/.demo.json"]}],
    )
    confidences = []
    world = World(tmp_path, shared)
    for path in ("~/.local/bin/demo", "~/.demo.json"):
        world.write(path)
        confidences += [(found.installed, found.evidence.confidence) for found in agents(world)]
    other = World(tmp_path / "other", shared)
    other.write("~/.local/bin/demo")
    other.write("~/.demo/bin/1.0.0")
    confidences += [(found.installed, found.evidence.confidence) for found in agents(other)]
    windows = World(tmp_path / "windows", shared, os="windows")
    windows.write("~/bin/demo.exe")
    confidences += [(found.installed, found.evidence.confidence) for found in agents(windows)]
    assert confidences == [(True, "inferred"), (True, "confirmed"), (True, "confirmed"), (True, "inferred")]
