"""The program that a definition names: whether it is there, and who else could change what runs."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from agent.records import LaunchFile
from collectors.readers.launch_file import launch_file
from tests.collectors.world import World

pytestmark = pytest.mark.skipif(os.name == "nt", reason="permission bits")
SHARED_GROUP, OWN = 4321, 1234
OF_AN_X = hashlib.sha256(b"x").hexdigest()


@pytest.fixture
def world(tmp_path: Path) -> World:
    tmp_path.chmod(0o755)
    world = World(tmp_path)
    for path in ("~/srv/x.py", "~/srv/y.py", "~/bin/run", "~/code/app/tools/x.py"):
        world.write(path, "x")
    for folder, _, names in os.walk(tmp_path):
        os.chmod(folder, 0o755)
        for name in names:
            os.chmod(f"{folder}/{name}", 0o644)
    return world


def looked_at(world: World, *argv: str, project: str | None = None, uid: int | None = None) -> LaunchFile | None:
    home = world.home._replace(uid=os.geteuid() if uid is None else uid, gids=frozenset())
    return launch_file(world.context, home, argv[0], argv[1:], project)


def test_the_script_is_told_before_the_program_that_runs_it(world: World) -> None:
    file = looked_at(world, "/home/dev/bin/run", "-u", "/home/dev/srv/x.py")
    assert file == LaunchFile(path="/home/dev/srv/x.py", exists=True, content_hash=OF_AN_X)
    assert looked_at(world, "~/bin/run") == LaunchFile(path="~/bin/run", exists=True)


@pytest.mark.parametrize("argv", [("node",), ("node", "x.js"), ("python3", "-m", "x"), ("${HOME}/x.py",), ("",)])
def test_where_no_path_is_named_there_is_none(world: World, argv: tuple[str, ...]) -> None:
    assert looked_at(world, *argv) is None


def test_what_is_named_and_not_there_is_told(world: World) -> None:
    assert looked_at(world, "python3", "/gone.py") == LaunchFile(path="/gone.py", exists=False)


@pytest.mark.parametrize("place", ["srv/x.py", "srv", "bin/run", "bin", "."])
def test_whatever_on_the_way_everybody_may_write_to_is_told(world: World, place: str) -> None:
    world.here(f"~/{place}").chmod(0o777)
    file = looked_at(world, "~/bin/run", "~/srv/x.py")
    assert file and file.writable_by == "everyone"


def test_of_two_the_one_that_others_can_change_is_told(world: World) -> None:
    world.here("~/srv/y.py").chmod(0o666)
    file = looked_at(world, "~/bin/run", "~/srv/x.py", "~/srv/y.py")
    assert file == LaunchFile(path="~/srv/y.py", exists=True, content_hash=OF_AN_X, writable_by="everyone")


def test_in_a_sticky_folder_only_the_file_itself_counts(world: World) -> None:
    world.here("~/srv").chmod(0o1777)
    file = looked_at(world, "~/srv/x.py")
    assert file and file.writable_by == "owner"
    world.here("~/srv/x.py").chmod(0o666)
    file = looked_at(world, "~/srv/x.py")
    assert file and file.writable_by == "everyone"


@pytest.mark.parametrize(("gid", "width"), [(SHARED_GROUP, "group"), (OWN, "owner"), (0, "owner")])
def test_a_group_counts_unless_it_is_the_accounts_own_or_roots(
    world: World, as_root: None, gid: int, width: str
) -> None:
    script = world.here("~/srv/x.py")
    os.chown(script, OWN, gid)
    script.chmod(0o664)
    file = looked_at(world, "~/srv/x.py", uid=OWN)
    assert file and file.writable_by == width


def test_a_relative_script_counts_in_its_project_where_it_exists(world: World) -> None:
    world.here("~/code/app/tools/x.py").chmod(0o666)
    for name in ("tools/x.py", "./tools/x.py"):
        file = looked_at(world, "python3", name, project="/home/dev/code/app")
        assert file == LaunchFile(
            path="/home/dev/code/app/tools/x.py", exists=True, content_hash=OF_AN_X, writable_by="everyone"
        )
        assert looked_at(world, "python3", name) is None
    assert looked_at(world, "python3", "./gone.py", project="/home/dev/code/app") is None


def test_permission_bits_say_nothing_on_windows(tmp_path: Path) -> None:
    world = World(tmp_path, os="windows")
    world.write("C:/Users/dev/x.py")
    world.here("C:/Users/dev/x.py").chmod(0o777)
    file = launch_file(world.context, world.home, "python", ("~/x.py",))
    assert file == LaunchFile(path="~/x.py", exists=True, content_hash=hashlib.sha256(b"").hexdigest())
