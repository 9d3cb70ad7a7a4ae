"""The snapshot of the MCP registry: what it knows, in every form it may come in, and what is no snapshot."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from agent.governance.supply_chain.mcp_registry import Registered, read_registry
from tests import made


def entry(name: str, **fields: Any) -> dict[str, Any]:
    official = {"io.modelcontextprotocol.registry/official": {"status": "active", "isLatest": True}}
    return {"server": {"name": name, "description": 'said "servers": [1', "version": "1", **fields}, "_meta": official}


def package(kind: str, name: str) -> dict[str, Any]:
    return {"registryType": kind, "identifier": name, "version": "1.0.0", "transport": {"type": "stdio"}}


def page(*entries: dict[str, Any]) -> str:
    return json.dumps({"servers": entries, "metadata": {"nextCursor": "x", "count": len(entries)}})


PAGES = (
    page(
        entry("io.x/a", packages=[package("npm", "@x/a"), package("pypi", "X_a.b")]),
        entry("io.x/b", packages=[package("oci", "docker.io/x/b:1.0.0"), package("oci", "x/c")]),
    ),
    page(
        entry("io.x/d", remotes=[{"type": "streamable-http", "url": "https://MCP.x.test/d/"}]),
        entry("io.x/\u00e9", packages=[package("mcpb", "https://x.test/y.mcpb")]),
    ),
)


def snapshot(tmp_path: Path, text: str) -> Registered:
    path = tmp_path / "registry.json"
    path.write_text(text, encoding="utf-8")
    return read_registry(str(path))


@pytest.mark.parametrize(
    "text", ["".join(PAGES), "\n".join(PAGES), f"[{','.join(PAGES)}]", PAGES[0] + "\n\n" + PAGES[1]]
)
def test_pages_may_follow_each_other_in_any_way(tmp_path: Path, text: str) -> None:
    assert len(snapshot(tmp_path, text)) == 6


@pytest.mark.parametrize(
    ("fields", "known"),
    [
        ({"package": "pkg:npm/%40x/a@9.9.9"}, True),
        ({"package": "pkg:npm/%40x/b"}, False),
        ({"package": "pkg:npm/x-a-b"}, False),
        ({"package": "pkg:pypi/x-a.b"}, True),
        ({"package": "pkg:oci/b?repository_url=docker.io/x/b&tag=2"}, True),
        ({"package": "pkg:oci/c?repository_url=docker.io/x/c"}, True),
        ({"transport": "http", "url": "https://mcp.x.test/d"}, True),
        ({"transport": "http", "url": "https://mcp.x.test/e"}, False),
        ({"package": "pkg:npm/mcp-remote", "remote_url": "https://mcp.x.test/d"}, True),
        ({"package": "pkg:npm/mcp-remote", "remote_url": "https://evil.test/"}, False),
        ({"command": "/opt/x"}, None),
    ],
)
def test_a_server_is_known_by_its_package_or_url(tmp_path: Path, fields: dict[str, Any], known: bool | None) -> None:
    assert snapshot(tmp_path, "".join(PAGES)).knows(made.server(**fields)) is known


def test_without_a_snapshot_nothing_is_known_either_way() -> None:
    assert Registered().knows(made.server(package="pkg:npm/x")) is None


def test_earlier_spellings_of_the_registry_are_read(tmp_path: Path) -> None:
    old = {"name": "io.x/a", "packages": [{"registry_name": "npm", "name": "@x/a"}]}
    newer = {"name": "io.x/b", "packages": [{"registry_type": "pypi", "identifier": "b"}]}
    known = snapshot(tmp_path, json.dumps({"servers": [old, newer]}))
    assert known.knows(made.server(package="pkg:npm/%40x/a"))
    assert known.knows(made.server(package="pkg:pypi/b"))


@pytest.mark.parametrize(
    "text",
    [
        "", "{}", "[]", '{"servers": []}', '{"servers": [{"server": {"name": "a"}}]}', page(entry("a"))[:-60],
        "[" * 100_000, '{"servers": [' + "[" * 3_000_000, '{"servers": [{"a": "' + "x" * 3_000_000,
        '{"servers": [nonsense]}',
    ],
    ids=range(10),
)  # fmt: skip
def test_what_is_no_snapshot_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError, match=r"list of servers|no server"):
        snapshot(tmp_path, text)


def test_strange_entries_are_passed_over(tmp_path: Path) -> None:
    strange = [7, None, [], {"server": 7}, {"server": {"packages": 7, "remotes": [7, {"url": 7}]}}]
    strange += [entry("x", packages=[{"registryType": 7, "identifier": "a"}, package("npm", "a" * 600)])]
    assert len(snapshot(tmp_path, json.dumps({"servers": [*strange, entry("y", packages=[package("npm", "y")])]}))) == 1


def test_a_large_snapshot_leaves_little_in_memory(tmp_path: Path) -> None:
    many = [entry(f"io.x/{n}", packages=[package("npm", f"@x/{n}")], notes="z" * 500) for n in range(20_000)]
    path = tmp_path / "registry.json"
    path.write_text(page(*many))
    assert path.stat().st_size > 12_000_000
    tracemalloc.start()
    try:
        known = read_registry(str(path))
        now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(known) == 20_000
    assert now < 400_000
    assert peak < 8_000_000
