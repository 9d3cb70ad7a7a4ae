"""The version of a client, from what its installer left behind."""

from __future__ import annotations

import json
import plistlib
from pathlib import Path

import pytest

from collectors.locate.versions import bounded, version_at
from tests.collectors.world import World


def version(world: World, path: str) -> str | None:
    return version_at(world.context, world.home, world.path(path))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("~/versions/2.1.197", "2.1.197"),
        ("~/versions/v1.2", "1.2"),
        ("~/versions/1.2.3-beta.1", "1.2.3-beta.1"),
        ("~/ext/some.demo-1.2.3", "1.2.3"),
        ("~/ext/some.demo-1.2.3-linux-x64", "1.2.3"),
        ("~/ext/some.demo-1.2.3-universal", "1.2.3"),
        ("~/site-packages/demo_cli-4.5.dist-info", "4.5"),
        ("~/bin/demo", None),
        ("~/bin/demo2", None),
        ("~/bin/2026", None),
    ],
)
def test_the_name_tells_the_version(tmp_path: Path, path: str, expected: str | None) -> None:
    world = World(tmp_path)
    world.folder(path)
    assert version(world, path) == expected


@pytest.mark.parametrize("file", ["package.json", "product-info.json", "manifest.json", "resources/app/package.json"])
def test_a_manifest_inside_tells_the_version(tmp_path: Path, file: str) -> None:
    world = World(tmp_path)
    world.write(f"~/app/{file}", {"name": "app", "version": "1.99.3"})
    assert version(world, "~/app") == "1.99.3"
    assert version(world, f"~/app/{file}") == "1.99.3"


@pytest.mark.parametrize(
    "content",
    [
        "", "{", "[]", "null", b"\xff\xfe", '{"version": 7}', '{"version": null}', '{"version": "latest"}',
        '{"version": {"a": 1}}', "[" * 50_000, json.dumps({"pad": "x" * 1_100_000, "version": "1.0.0"}),
    ],
)  # fmt: skip
def test_a_manifest_that_does_not_tell_is_no_error(tmp_path: Path, content: str | bytes) -> None:
    world = World(tmp_path)
    world.write("~/app/package.json", content)
    assert version(world, "~/app") is None


def test_a_version_is_never_longer_than_one_would_be(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.write("~/app/package.json", {"version": "1.0." + "9" * 500})
    assert version(world, "~/app") == "1.0.999999999"


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("0.42.0-nightly.20260101.abcdef1", "0.42.0-nightly.20260101.abcdef1"),
        ("1:2.0.1-1ubuntu2", "1:2.0.1-1ubuntu2"),
        ("4.1.2.post1.dev3", "4.1.2.post1.dev3"),
        ("1.2.3-KestrelMoss4711xxxx", "1.2.3"),
        ("1.0.0-rc.1.draft-a-letter-to-jane", "1.0.0-rc.1"),
        ("Kestrel", None),
    ],
)
def test_a_version_holds_only_what_versions_are_made_of(told: str, shown: str | None) -> None:
    assert bounded(told) == shown


@pytest.mark.parametrize("form", [plistlib.FMT_XML, plistlib.FMT_BINARY])
def test_a_macos_application_tells_its_version(tmp_path: Path, form: plistlib.PlistFormat) -> None:
    world = World(tmp_path, os="macos")
    content = plistlib.dumps({"CFBundleShortVersionString": "0.13.64", "CFBundleVersion": "7"}, fmt=form)
    world.write("/Applications/Demo.app/Contents/Info.plist", content)
    assert version(world, "/Applications/Demo.app") == "0.13.64"


@pytest.mark.parametrize("content", [b"bplist00" + b"\xff" * 40, b"<plist>", b"", b"<?xml version='1.0'?><a/>"])
def test_a_damaged_property_list_is_no_error(tmp_path: Path, content: bytes) -> None:
    world = World(tmp_path, os="macos")
    world.write("/Applications/Demo.app/Contents/Info.plist", content)
    assert version(world, "/Applications/Demo.app") is None


def test_a_python_tool_is_asked_for_its_own_distribution(tmp_path: Path) -> None:
    world = World(tmp_path)
    packages = "~/.local/share/uv/tools/demo-cli/lib/python3.12/site-packages"
    world.folder(f"{packages}/other-9.9.dist-info")
    world.folder(f"{packages}/demo_cli-3.2.1.dist-info")
    assert version(world, "~/.local/share/uv/tools/demo-cli") == "3.2.1"


def test_of_several_versions_in_one_folder_the_newest_counts(tmp_path: Path) -> None:
    world = World(tmp_path, os="macos")
    for name in ("1.9.0", "1.10.0", "1.10.0-alpha", ".metadata", "latest"):
        world.folder(f"/opt/homebrew/Cellar/demo/{name}")
    assert version(world, "/opt/homebrew/Cellar/demo") in ("1.10.0", "1.10.0-alpha")


def test_dpkg_tells_the_version_of_exactly_this_package(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.write(
        "/var/lib/dpkg/status",
        "Package: demo-extra\nStatus: x\nVersion: 9.9\n\nPackage: demo\nStatus: install ok installed\n"
        "Description: a\n b\nVersion: 1:2.3-4\n\nPackage: bare\n\nPackage: last\nVersion: 8\n",
    )
    assert version(world, "/var/lib/dpkg/info/demo.list") == "1:2.3-4"
    assert version(world, "/var/lib/dpkg/info/bare.list") is None
    assert version(world, "/var/lib/dpkg/info/absent.list") is None
    world.here("/var/lib/dpkg/status").unlink()
    assert version(world, "/var/lib/dpkg/info/demo.list") is None


def test_a_large_dpkg_status_is_read_in_linear_time(tmp_path: Path) -> None:
    world = World(tmp_path)
    # Very many lines without the one that ends the search.
    world.write("/var/lib/dpkg/status", ("Package: demo\n" + "x: y\n" * 2_000) * 200)
    assert version(world, "/var/lib/dpkg/info/demo.list") is None
