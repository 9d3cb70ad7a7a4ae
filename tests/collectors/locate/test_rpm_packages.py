"""Packages that rpm installed: by databases that rpm itself wrote, and by damaged ones."""

from __future__ import annotations

import shutil
import sqlite3
import struct
import subprocess
from pathlib import Path

import pytest

from collectors.locate.ecosystems import PackageFolders
from collectors.locate.versions import version_at
from tests.collectors.world import World

DATABASE = "/usr/lib/sysimage/rpm/rpmdb.sqlite"
SPEC = """Name: {name}
Version: {version}
Release: 1.el9
Epoch: 2
Summary: a demo
License: none
BuildArch: noarch
%description
Version: 9.9.9
%files
"""


def header(**changes: object) -> bytes:
    """A header with a name, a version and a release, as rpm lays it out."""
    texts = {1000: b"demo", 1001: b"1.2.3", 1002: b"4.el9"}
    index, data = b"", b""
    for tag, text in texts.items():
        index += struct.pack(">IIiI", tag, changes.get("kind", 6), changes.get("offset", len(data)), 1)
        data += text + (b"" if changes.get("endless") else b"\0")
    return struct.pack(">II", changes.get("tags", len(texts)), len(data)) + index + data


def written(world: World, path: str = DATABASE, blob: object = None, statements: tuple[str, ...] = ()) -> World:
    place = world.here(path)
    place.parent.mkdir(parents=True)
    with sqlite3.connect(place) as database:
        database.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)")
        database.execute("CREATE TABLE Name (key TEXT NOT NULL, hnum INTEGER NOT NULL, idx INTEGER NOT NULL)")
        database.execute("INSERT INTO Packages VALUES (7, ?)", (header() if blob is None else blob,))
        database.execute("INSERT INTO Name VALUES ('demo', 7, 0)")
        for statement in statements:
            database.execute(statement)
    database.close()
    return world


def installed(world: World, package: str = "demo") -> dict[str, str | None]:
    found = PackageFolders(world.context, None).find(f"rpm:{package}")
    return {path: version_at(world.context, None, path) for path in found}


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two packages built by rpm."""
    if not (shutil.which("rpm") and shutil.which("rpmbuild")):
        pytest.skip("needs rpm and rpmbuild")
    folder = tmp_path_factory.mktemp("rpm")
    for name, version in (("demo", "1.99.3"), ("demo-extra", "5.0")):
        (folder / "demo.spec").write_text(SPEC.format(name=name, version=version))
        words = ["rpmbuild", "--define", f"_topdir {folder}", "-bb", str(folder / "demo.spec")]
        subprocess.run(words, check=True, capture_output=True)
    return sorted(folder.rglob("*.rpm"))


@pytest.mark.parametrize("path", [DATABASE, "/var/lib/rpm/rpmdb.sqlite"])
def test_what_rpm_installed_is_found_with_its_version(tmp_path: Path, packages: list[Path], path: str) -> None:
    world = World(tmp_path)
    folder = world.here(path).parent
    words = ["rpm", "--dbpath", folder, "-i", "--justdb", "--nodeps", "--force-debian"]
    subprocess.run([*words, *packages], check=True, capture_output=True)
    before = sorted(path.name for path in folder.iterdir())
    versions = {name: list(installed(world, name).items()) for name in ("demo", "demo-extra", "dem", "other")}
    assert versions == {
        "demo": [(f"{path}#demo", "1.99.3-1.el9")],
        "demo-extra": [(f"{path}#demo-extra", "5.0-1.el9")],
        "dem": [],
        "other": [],
    }
    assert sorted(path.name for path in folder.iterdir()) == before, "nothing may be written beside it"


def test_of_two_versions_the_one_installed_last_counts(tmp_path: Path) -> None:
    newer = header().replace(b"1.2.3", b"2.0.0").hex()
    add = (f"INSERT INTO Packages VALUES (9, X'{newer}')", "INSERT INTO Name VALUES ('demo', 9, 0)")
    assert installed(written(World(tmp_path), statements=add)) == {f"{DATABASE}#demo": "2.0.0-4.el9"}


def test_a_home_has_no_such_packages(tmp_path: Path) -> None:
    world = written(World(tmp_path))
    assert list(PackageFolders(world.context, world.home).find("rpm:demo")) == []
    assert installed(world) == {f"{DATABASE}#demo": "1.2.3-4.el9"}


def test_two_names_of_one_database_are_one_installation(tmp_path: Path) -> None:
    world = written(World(tmp_path))
    world.folder("/var/lib")
    world.here("/var/lib/rpm").symlink_to("../../usr/lib/sysimage/rpm")
    assert len(installed(world)) == 1


@pytest.mark.parametrize(
    "blob",
    [
        b"", b"\0" * 7, b"\xff" * 8, b"\xff" * 70_000, header(tags=2**32 - 1), header(kind=7), header(offset=2**31 - 1),
        header(offset=-5), header(endless=True), header()[:-12], "a text", 7,
    ],
)  # fmt: skip
def test_a_damaged_header_is_no_version(tmp_path: Path, blob: object) -> None:
    assert installed(written(World(tmp_path), blob=blob)) == {}


@pytest.mark.parametrize(
    "statements",
    [
        ("DROP TABLE Name",),
        ("DROP TABLE Packages",),
        ("ALTER TABLE Name RENAME TO Other", "CREATE VIEW Name AS SELECT key, hnum FROM Other"),
        ("ALTER TABLE Packages RENAME COLUMN blob TO other",),
    ],
)
def test_another_database_of_that_name_holds_no_packages(tmp_path: Path, statements: tuple[str, ...]) -> None:
    assert installed(written(World(tmp_path), statements=statements)) == {}


def test_no_database_at_all_is_none_either(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.write(DATABASE, b"Zq7planted5x" * 1000)
    world.folder("/var/lib/rpm/rpmdb.sqlite")
    assert installed(world) == {}
