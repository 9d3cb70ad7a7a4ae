"""What changes in watched folders make dirty: the files that some client asks for, and no others."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from collectors.configs.watch import ConfigWatch, WatchRoot
from collectors.contract import Scope
from collectors.locate.path_index import PathIndex
from tests.collectors.world import World, client

DEMO = client(config=[{"scope": "user", "paths": ["~/.demo/mcp.json", "~/.demo/more/*.json"]}])


class Watched:
    """A home under watch, and the scopes that became dirty."""

    def __init__(self, root: Path) -> None:
        self.world = World(root, DEMO, live=True)
        self.told: list[Scope | None] = []
        self.watch = ConfigWatch(self.told.append)

    def follow(self) -> None:
        found = PathIndex(self.world.catalog, "linux").of_home(self.world.context, self.world.home)
        assert (
            self.watch.follow(self.world.context.files, [WatchRoot("dev", self.world.home, found.folders, found.files)])
            == []
        )

    def dirty_after(self, change: Callable[[], object]) -> set[Scope | None]:
        """What is told of a change, and of all that happened before it."""
        self.told.clear()
        change()
        marker = self.world.write("~/.demo/mcp.json", str(time.monotonic_ns()))
        deadline = time.monotonic() + 60
        while Scope("configs", "dev", marker) not in self.told:
            assert time.monotonic() < deadline, "the change of the marker was not told"
            time.sleep(0.01)
        return set(self.told) - {Scope("configs", "dev", marker)}

    def scope(self, path: str) -> Scope:
        return Scope("configs", "dev", self.world.path(path))


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    watched = Watched(tmp_path)
    watched.world.folder("~/.demo/more")
    watched.follow()
    yield watched
    watched.watch.close()


def test_a_file_that_is_asked_for_becomes_dirty_when_it_appears_changes_moves_and_goes(watched: Watched) -> None:
    world, path = watched.world, "~/.demo/more/a.json"
    changes: list[Callable[[], object]] = [
        lambda: world.write(path, "1"),
        lambda: world.write(path, "2"),
        lambda: (
            world.here("~/.demo/more/new").write_text("3") and world.here("~/.demo/more/new").rename(world.here(path))
        ),
        lambda: world.here(path).unlink(),
    ]
    for change in changes:
        assert watched.dirty_after(change) == {watched.scope(path)}


def test_other_names_make_nothing_dirty(watched: Watched) -> None:
    def write() -> None:
        for name in ("~/.demo/history.jsonl", "~/.demo/more/a.json.tmp", "~/.bashrc", "~/.demo/more/.a.json.swp"):
            watched.world.write(name, "x")

    assert watched.dirty_after(write) == set()


def test_a_folder_that_appears_in_place_of_nothing_is_dirty(tmp_path: Path) -> None:
    watched = Watched(tmp_path)
    watched.world.folder("~/.demo")
    watched.follow()
    assert watched.scope("~/.demo/more") in watched.dirty_after(lambda: watched.world.write("~/.demo/more/a.json"))
    watched.watch.close()


def test_a_linked_file_becomes_dirty_when_what_it_leads_to_changes(watched: Watched) -> None:
    world = watched.world
    world.write("~/dotfiles/real.json", "1")
    world.here("~/.demo/more/a.json").symlink_to("../../dotfiles/real.json")
    watched.follow()
    assert watched.dirty_after(lambda: world.write("~/dotfiles/real.json", "2")) == {
        watched.scope("~/.demo/more/a.json")
    }
    assert watched.dirty_after(lambda: world.write("~/dotfiles/other.json", "2")) == set()


def test_what_is_followed_no_longer_is_told_no_longer(watched: Watched) -> None:
    node = PathIndex(watched.world.catalog, "linux").of_home(watched.world.context, watched.world.home).folders
    folder = watched.world.path("~/.demo")
    watched.watch.follow(watched.world.context.files, [WatchRoot("dev", None, {folder: node[folder]}, [])])
    assert watched.dirty_after(lambda: watched.world.write("~/.demo/more/a.json")) == set()


def test_a_file_in_two_accounts_grounds_is_dirty_for_both(watched: Watched) -> None:
    found = PathIndex(watched.world.catalog, "linux").of_home(watched.world.context, watched.world.home)
    grounds = [WatchRoot(owner, watched.world.home, found.folders, found.files) for owner in ("dev", "eve")]
    watched.watch.follow(watched.world.context.files, grounds)
    path = watched.world.path("~/.demo/more/a.json")
    dirty = watched.dirty_after(lambda: watched.world.write("~/.demo/more/a.json"))
    assert {Scope("configs", "dev", path), Scope("configs", "eve", path)} <= dirty


def test_after_closing_nothing_is_told(watched: Watched) -> None:
    watched.watch.close()
    watched.told.clear()
    watched.world.write("~/.demo/mcp.json", "x")
    time.sleep(0.2)
    assert watched.told == []
