"""What a mounted image says of the machine it comes from."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agent.platform.image import homes, machine_id, system_of
from collectors.sources.account import Home, Os
from collectors.sources.filesystem.file_tree import FileTree

PASSWD = "root:x:0:0:root:/root:/bin/bash\ndev:x:1000:1000:Dev,,,:/home/dev:/bin/bash\n"


def made(root: Path, *folders: str, passwd: str | bytes | None = None) -> Path:
    for folder in folders:
        (root / folder).mkdir(parents=True)
    if passwd is not None:
        (root / "etc").mkdir(exist_ok=True)
        (root / "etc/passwd").write_bytes(passwd if isinstance(passwd, bytes) else passwd.encode())
    return root


def found(root: Path, os: Os = "linux") -> list[Home]:
    return homes(FileTree(str(root), os), os)


def names(root: Path, os: Os = "linux") -> list[tuple[str, str]]:
    return [(home.owner, home.path) for home in found(root, os)]


@pytest.mark.parametrize(
    ("folders", "system"),
    [
        (["home/dev"], "linux"),
        (["etc", "usr"], "linux"),
        ([], "linux"),
        (["Users/dev", "System/Library"], "macos"),
        (["Users/dev"], "macos"),
        (["Users/dev/AppData"], "windows"),
        (["Windows", "Users/dev"], "windows"),
        (["ProgramData"], "windows"),
    ],
)
def test_the_system_shows_by_its_folders(tmp_path: Path, folders: list[str], system: str) -> None:
    assert system_of(str(made(tmp_path, *folders))) == system


def test_accounts_come_from_the_images_own_passwd(tmp_path: Path) -> None:
    assert names(made(tmp_path, "root", "home/dev", passwd=PASSWD)) == [("root", "/root"), ("dev", "/home/dev")]


def test_a_home_that_is_listed_and_absent_is_none(tmp_path: Path) -> None:
    assert names(made(tmp_path, "home/dev", passwd=PASSWD)) == [("dev", "/home/dev")]


def test_folders_of_homes_count_without_and_beside_a_passwd(tmp_path: Path) -> None:
    assert names(made(tmp_path, "home/dev", "home/eve", "root")) == [
        ("dev", "/home/dev"), ("eve", "/home/eve"), ("root", "/root"),
    ]  # fmt: skip
    made(tmp_path, passwd=PASSWD)
    assert ("eve", "/home/eve") in names(tmp_path) and len(names(tmp_path)) == 3


@pytest.mark.parametrize(
    ("os", "folders", "expected"),
    [
        (
            "macos",
            ["Users/dev", "Users/Shared", "Users/Guest", "var/root"],
            [("dev", "/Users/dev"), ("root", "/var/root")],
        ),
        ("windows", ["Users/dev/AppData", "Users/Public", "Users/Default"], [("dev", "C:/Users/dev")]),
    ],
)
def test_shared_profiles_are_nobodys_home(
    tmp_path: Path, os: Os, folders: list[str], expected: list[tuple[str, str]]
) -> None:
    assert names(made(tmp_path, *folders), os) == expected


@pytest.mark.parametrize(
    "passwd",
    [
        "", "nonsense", "dev:x:1000:1000:/home/dev", "dev:x:-1:0::/home/dev:/bin/sh", "dev:x:one:1::/home/dev:/bin/sh",
        b"\xff\xfe\0:::::\n" * 10, "dev:x:1000:1000::../../etc:/bin/sh", "dev:x:" + "9" * 400 + ":1::/nowhere:/bin/sh",
    ],
)  # fmt: skip
def test_a_damaged_passwd_leaves_the_folders(tmp_path: Path, passwd: str | bytes) -> None:
    assert names(made(tmp_path, "home/dev", passwd=passwd)) == [("dev", "/home/dev")]


def test_a_home_outside_the_image_is_not_looked_at(tmp_path: Path) -> None:
    root = made(tmp_path / "image", "home", passwd="dev:x:1:1::/home/dev:/bin/sh\n")
    (tmp_path / "outside").mkdir()
    (root / "home/dev").symlink_to("../../../outside")
    (root / "home/eve").symlink_to(tmp_path / "outside")
    assert names(root) == []


def test_ids_are_those_the_folders_have_in_this_copy(tmp_path: Path) -> None:
    (home,) = found(made(tmp_path, "home/dev", passwd="dev:x:4242:4242::/home/dev:/bin/sh\n"))
    assert (home.uid, home.gids) == (os.getuid(), {(tmp_path / "home/dev").stat().st_gid})
    assert home.reachable


def test_the_machine_id_is_the_images_else_its_name_else_its_place(tmp_path: Path) -> None:
    files = FileTree(str(made(tmp_path, "etc")), "linux")
    assert machine_id(files) == str(tmp_path)
    (tmp_path / "etc/hostname").write_text("laptop\n")
    assert machine_id(files) == "laptop"
    (tmp_path / "etc/machine-id").write_text("\n")
    assert machine_id(files) == "laptop"
    (tmp_path / "etc/machine-id").write_text("0123abcd\n")
    assert machine_id(files) == "0123abcd"
