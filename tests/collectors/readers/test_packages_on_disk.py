"""Copies of a server's package, where npx, uvx and installers keep them, as these wrote them."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import pytest

from collectors.readers.packages_on_disk import packages_on_disk
from tests.collectors.world import World

NAME = "@modelcontextprotocol/server-memory"
INTEGRITY = "sha512-" + "A" * 86 + "=="


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def fetched(world: World, folder: str, version: str, asked: str | None, integrity: str = INTEGRITY) -> None:
    """What npx 11 leaves of one package."""
    told = {"dependencies": {NAME: f"^{version}"}} | ({"_npx": {"packages": [asked]}} if asked else {})
    lock = {"packages": {f"node_modules/{NAME}": {"version": version, "integrity": integrity}}}
    world.write(f"{folder}/package.json", json.dumps(told))
    world.write(f"{folder}/node_modules/{NAME}/package.json", json.dumps({"name": NAME, "version": version}))
    world.write(f"{folder}/node_modules/.package-lock.json", json.dumps(lock))


def versions(world: World, package: str, *args: str, project: str | None = None) -> list[tuple[str, str | None]]:
    found = packages_on_disk(world.context, world.home, package, args, project)
    return [(copy.version, copy.integrity) for copy in found]


def test_npx_runs_the_copy_that_it_fetched_for_the_same_words(world: World) -> None:
    fetched(world, "~/.npm/_npx/1111", "2.0.0", NAME)
    fetched(world, "~/.npm/_npx/2222", "1.5.0", f"{NAME}@1")
    package = f"pkg:npm/{NAME.replace('@', '%40')}"
    assert versions(world, package, "-y", NAME) == [("2.0.0", INTEGRITY)]
    assert versions(world, package, "-y", f"{NAME}@1") == [("1.5.0", INTEGRITY)]
    assert versions(world, package, f"--package={NAME}@1", "mcp-server-memory") == [("1.5.0", INTEGRITY)]
    assert versions(world, f"{package}@2.0.0", "-y", f"{NAME}@2.0.0") == []  # it would be fetched
    (copy,) = packages_on_disk(world.context, world.home, package, ("-y", NAME))
    assert copy.path == f"/home/dev/.npm/_npx/1111/node_modules/{NAME}"


def test_a_copy_in_the_project_and_an_installed_one_count_too(world: World) -> None:
    fetched(world, "~/code/app", "3.0.0", None)
    fetched(world, "~/.npm-global/lib", "1.0.0", None, "made up")
    package = f"pkg:npm/{NAME.replace('@', '%40')}"
    found = versions(world, package, "-y", NAME, project="/home/dev/code/app")
    assert sorted(found) == [("1.0.0", None), ("3.0.0", INTEGRITY)]
    assert versions(world, f"{package}@3.0.0", NAME, project="/home/dev/code/app") == [("3.0.0", INTEGRITY)]


@pytest.mark.parametrize("environment", [
    "~/.cache/uv/environments-v2/8b0cbae4892decd7/f23e3815e8c6bf2b", "~/.local/share/uv/tools/mcp-server-time",
    "~/.local/share/pipx/venvs/mcp-server-time", "~/.cache/pipx/8b0cbae4892decd",
])  # fmt: skip
def test_python_tools_are_found_by_what_says_that_they_are_installed(world: World, environment: str) -> None:
    folder = f"{environment}/lib/python3.11/site-packages/mcp_server_time-2026.10.19.dist-info"
    world.write(f"{folder}/RECORD", "mcp_server_time/__init__.py,sha256=x,1\n")
    digest = hashlib.sha256(b"mcp_server_time/__init__.py,sha256=x,1\n").digest()
    told = [("2026.10.19", f"sha256-{base64.b64encode(digest).decode()}")]
    assert versions(world, "pkg:pypi/mcp-server-time", "mcp-server-time") == told
    assert versions(world, "pkg:pypi/mcp-server-time@1.0.0") == versions(world, "pkg:pypi/mcp-server") == []


@pytest.mark.parametrize("text", ["", "[", "[]", '{"version": 3}', '{"version": "../../x"}', "[" * 100_000])
def test_what_is_no_manifest_tells_nothing(world: World, text: str) -> None:
    fetched(world, "~/.npm/_npx/1111", "2.0.0", NAME)
    world.write(f"~/.npm/_npx/1111/node_modules/{NAME}/package.json", text)
    assert versions(world, f"pkg:npm/{NAME.replace('@', '%40')}", NAME) == []
