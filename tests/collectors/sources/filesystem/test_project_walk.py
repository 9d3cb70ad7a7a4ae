import os
from pathlib import Path

import pytest

from collectors.sources.account import Home
from collectors.sources.filesystem.file_tree import FileTree, UnreadableError
from collectors.sources.filesystem.project_walk import Walk, find_projects
from collectors.sources.limits import Limits

MARKERS = frozenset({".mcp.json", ".cursor", "opencode.json"})
UID = os.geteuid() + 4_000


def walk(root: Path, limits: Limits | None = None, uid: int | None = None) -> Walk:
    limits = limits or Limits()
    return find_projects(FileTree(str(root)), Home("dev", "/home/dev", uid), MARKERS, limits)


def put(root: Path, *names: str) -> None:
    for name in names:
        path = root / "home/dev" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_folders_with_a_marker_are_found_but_not_the_home_itself(tmp_path: Path) -> None:
    put(tmp_path, ".mcp.json", "one/.mcp.json", "src/two/opencode.json", "src/three/readme")
    (tmp_path / "home/dev/src/four/.cursor").mkdir(parents=True)
    found = walk(tmp_path)
    assert found.projects == ("/home/dev/one", "/home/dev/src/four", "/home/dev/src/two")
    assert found.truncated is None
    assert found.entries == 10


def test_the_running_machine_is_walked_the_same_way(tmp_path: Path) -> None:
    put(tmp_path, "one/.mcp.json")
    home = Home("dev", f"{tmp_path}/home/dev", os.geteuid())
    assert find_projects(FileTree(), home, MARKERS, Limits()).projects == (f"{tmp_path}/home/dev/one",)


def test_a_repository_may_hold_further_projects(tmp_path: Path) -> None:
    put(tmp_path, "repo/.git/config", "repo/.mcp.json", "repo/packages/a/.mcp.json")
    assert walk(tmp_path).projects == ("/home/dev/repo", "/home/dev/repo/packages/a")


def test_dependencies_caches_and_hidden_folders_are_not_entered(tmp_path: Path) -> None:
    pruned = ("node_modules", ".cache", ".git", ".cargo", "go/pkg", "Library", "AppData", "lib/site-packages", "x/venv")
    put(tmp_path, *(f"{folder}/p/.mcp.json" for folder in pruned), "env/pyvenv.cfg", "env/p/.mcp.json")
    put(tmp_path, "target/CACHEDIR.TAG", "target/p/.mcp.json", "code/go/pkg/.mcp.json")
    assert walk(tmp_path).projects == ("/home/dev/code/go/pkg",)


def test_a_repository_may_be_the_project_of_a_client_that_nobody_knows(tmp_path: Path) -> None:
    put(tmp_path, "one/.git/HEAD", "one/acme-mcp.yaml", "two/.git/HEAD", "two/.acme/servers.json")
    put(tmp_path, "three/.git/HEAD", "three/.github/x", "three/.npmrc", "three/mcp.md", "three/docs/mcp.json")
    assert walk(tmp_path).projects == ("/home/dev/one", "/home/dev/two")


def test_links_to_folders_are_not_entered(tmp_path: Path) -> None:
    put(tmp_path, "one/.mcp.json")
    (tmp_path / "elsewhere/p").mkdir(parents=True)
    (tmp_path / "elsewhere/p/.mcp.json").touch()
    (tmp_path / "home/dev/link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "home/dev/one/loop").symlink_to("..")
    assert walk(tmp_path).projects == ("/home/dev/one",)


def test_the_depth_is_counted_from_the_home(tmp_path: Path) -> None:
    put(tmp_path, "1/2/.mcp.json", "1/2/3/.mcp.json")
    found = walk(tmp_path, Limits(walk_depth=2))
    assert found.projects == ("/home/dev/1/2",) and found.truncated is None


def test_the_number_of_entries_is_bounded_and_near_folders_come_first(tmp_path: Path) -> None:
    put(tmp_path, *(f"a/b/{i}" for i in range(100)), "z/.mcp.json")
    found = walk(tmp_path, Limits(walk_entries=20))
    assert found == Walk(("/home/dev/z",), "entries", 20)


def test_the_time_is_bounded(tmp_path: Path) -> None:
    put(tmp_path, "a/b/.mcp.json")
    assert walk(tmp_path, Limits(walk_seconds=0)).truncated == "seconds"


def test_folders_the_owner_could_not_list_are_not_entered(tmp_path: Path) -> None:
    put(tmp_path, "closed/p/.mcp.json", "open/.mcp.json")
    (tmp_path / "home/dev/closed").chmod(0o700)
    assert walk(tmp_path, uid=UID).projects == ("/home/dev/open",)
    assert walk(tmp_path).projects == ("/home/dev/closed/p", "/home/dev/open")


def test_a_home_that_cannot_be_entered_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        walk(tmp_path)
    put(tmp_path, "one/.mcp.json")
    (tmp_path / "home/dev").chmod(0o700)
    with pytest.raises(UnreadableError, match=r"file\.not_owners"):
        walk(tmp_path, uid=UID)


@pytest.mark.skipif(not Path("/dev/shm").is_dir() or os.geteuid() != 0, reason="mounting needs root")
def test_other_file_systems_are_not_entered(tmp_path: Path) -> None:
    import subprocess

    put(tmp_path, "one/.mcp.json", "mounted/p/.mcp.json")
    mounted = tmp_path / "home/dev/mounted"
    if subprocess.run(["mount", "-t", "tmpfs", "none", mounted], capture_output=True).returncode:
        pytest.skip("mounting is not permitted here")
    try:
        (mounted / "p").mkdir()
        (mounted / "p/.mcp.json").touch()
        assert walk(tmp_path).projects == ("/home/dev/one",)
    finally:
        subprocess.run(["umount", mounted], check=True)
