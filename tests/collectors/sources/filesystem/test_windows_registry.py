"""Registry keys read like files, through the documented interface of winreg."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from collectors.sources.account import Home
from collectors.sources.filesystem.file_tree import FileTree
from collectors.sources.filesystem.unreadable import UnreadableError
from collectors.sources.filesystem.windows_registry import Registry
from tests.collectors.sources.filesystem.fake_winreg import FakeWinreg, Tree

DEV = Home("dev", "C:/Users/Dev", None)
KEY = "HKLM/SOFTWARE/Policies/Demo"


def policies(**values: Any) -> Tree:
    return {"SOFTWARE": {"Policies": {"Demo": values}}}


def tree(registry: FakeWinreg) -> FileTree:
    return FileTree(
        "/nowhere", "windows", registry=Registry(registry, lambda text: text.replace("%SystemDrive%", "C:"))
    )


def read(registry: FakeWinreg, path: str = KEY, home: Home | None = None) -> Any:
    return json.loads(tree(registry).read(path, home))


def test_a_key_is_a_map_of_its_values_and_keys() -> None:
    found = read(FakeWinreg(policies(Settings='{"a": 1}\0', Enabled=1, Names=["a", "b"], Sub={"Inner": {"Deep": "x"}})))
    assert found == {"Settings": '{"a": 1}', "Enabled": 1, "Names": ["a", "b"], "Sub": {"Inner": {"Deep": "x"}}}


def test_binary_values_and_unset_ones_are_left_out() -> None:
    assert read(FakeWinreg(policies(Blob=b"\0\1", Nothing=None, Kept=""))) == {"Kept": ""}


def test_the_machines_own_view_is_asked_for_reading_only() -> None:
    registry = FakeWinreg(policies())
    read(registry)
    assert registry.accesses == {0x20019 | 0x100}


def test_names_are_found_in_any_case_and_shown_as_windows_writes_them() -> None:
    files = tree(FakeWinreg(policies(A="b")))
    assert files.read("HKLM/Software/policies/DEMO")
    assert files.shown(KEY) == r"HKLM\SOFTWARE\Policies\Demo"


@pytest.mark.parametrize("path", [KEY + "/Nope", "HKLM/SOFTWARE/Nope", KEY + "/A"])
def test_what_is_no_key_is_absent(path: str) -> None:
    files = tree(FakeWinreg(policies(A="b")))
    assert not files.exists(path)
    with pytest.raises(FileNotFoundError):
        files.read(path)


def test_a_key_exists_and_is_no_folder() -> None:
    files = tree(FakeWinreg(policies()))
    assert files.exists(KEY) and not files.is_folder(KEY)


def test_a_key_that_may_not_be_read_is_unreadable() -> None:
    registry = FakeWinreg({"SOFTWARE": {"Policies": {"Demo": {"<denied>": 1}}}})
    with pytest.raises(UnreadableError, match=r"file\.not_permitted"):
        read(registry)


def test_the_key_of_an_account_is_in_the_hive_of_its_profile() -> None:
    users = {"S-1-5-21-1": policies(A="dev's"), "S-1-5-21-2": policies(A="eve's")}
    registry = FakeWinreg({}, users, {"S-1-5-21-2": "C:\\Users\\eve", "S-1-5-21-1": "%SystemDrive%\\users\\dev"})
    assert read(registry, "HKCU/SOFTWARE/Policies/Demo", DEV) == {"A": "dev's"}


@pytest.mark.parametrize("profiles", [{}, {"S-1-5-21-1": "C:\\Users\\dev"}])
def test_the_hive_of_an_account_that_is_not_signed_in_is_out_of_sight(profiles: dict[str, str]) -> None:
    with pytest.raises(UnreadableError, match=r"registry\.hidden"):
        read(FakeWinreg({}, {}, profiles), "HKCU/SOFTWARE/Policies/Demo", DEV)


def test_without_an_account_there_is_no_hive_of_one() -> None:
    with pytest.raises(UnreadableError, match=r"registry\.hidden"):
        read(FakeWinreg({}, {"S-1-5-21-1": policies()}), "HKCU/SOFTWARE/Policies/Demo")


@pytest.mark.parametrize(
    "content",
    [
        {f"v{n}": "" for n in range(1_001)},
        {f"k{n}": {f"v{m}": "" for m in range(50)} for n in range(50)},
        {"huge": "x" * 20_000_000},
    ],
)
def test_a_huge_key_is_refused(content: Tree) -> None:
    with pytest.raises(UnreadableError, match=r"file\.too_large"):
        read(FakeWinreg(policies(**content)))


def test_keys_are_followed_four_levels_down() -> None:
    assert read(FakeWinreg(policies(a={"b": {"c": {"d": {"e": "x"}}}}))) == {"a": {"b": {"c": {}}}}


@pytest.mark.skipif(sys.platform == "win32", reason="there is a registry")
def test_where_there_is_no_registry_every_key_is_out_of_sight() -> None:
    for files in (FileTree("/", "windows"), FileTree("/tmp", "windows")):
        with pytest.raises(UnreadableError, match=r"registry\.hidden"):
            files.check(KEY)
        assert not files.exists(KEY)


@pytest.mark.skipif(sys.platform != "win32", reason="needs Windows")
def test_the_registry_of_this_machine_is_read() -> None:
    found = json.loads(FileTree("/", "windows").read("HKLM/SOFTWARE/Microsoft/Windows NT/CurrentVersion/ProfileList"))
    assert "ProfilesDirectory" in found
