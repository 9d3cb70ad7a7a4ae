"""Scripts that are MCP servers by what they import: seen whatever they are called and whoever defines them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectors.processes.classifier import Classifier
from collectors.processes.server_scripts import ServerScripts
from collectors.sources.process.row import ProcessRow
from tests.collectors.running import Processes, processes
from tests.collectors.world import World

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

WAIT = "import time\ntime.sleep(60)\n"


@pytest.fixture
def start() -> Iterator[Processes]:
    with processes() as started:
        yield started


def serves(tmp_path: Path, start: Processes, pid: int) -> bool:
    return Classifier(World(tmp_path, live=True).context, ())(start.row(pid)).is_server


@pytest.mark.parametrize(
    ("line", "is_server"),
    [
        ("from mcp.server.fastmcp import FastMCP", True),
        ("from mcp.server import Server", True),
        ("import mcp.server.stdio", True),
        ("from fastmcp import Context, FastMCP", True),
        ("from fastmcp.server import FastMCP", True),
        ("from fastapi_mcp import FastApiMCP", True),
        ("from mcp import ClientSession", False),
        ("from fastmcp import Client", False),
        ("# from mcp.server import Server", False),
        ("name = 'from mcp.server import Server'", False),
        ("from mcp.servers_of_minecraft import x", False),
    ],
)
def test_python(tmp_path: Path, start: Processes, line: str, is_server: bool) -> None:
    script = tmp_path / "app.py"
    script.write_text(f"if False:\n    {line}\n    pass\n{WAIT}")
    assert serves(tmp_path, start, start(sys.executable, str(script))) == is_server


@pytest.mark.parametrize(
    ("line", "is_server"),
    [
        ("import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'", True),
        ('const { Server } = require("@modelcontextprotocol/sdk/server/index.js")', True),
        ("import{FastMCP}from'fastmcp'", True),
        ("import { Client } from '@modelcontextprotocol/sdk/client/index.js'", False),
        ("console.log('@modelcontextprotocol/sdk/server')", False),
    ],
)
def test_node(tmp_path: Path, line: str, is_server: bool) -> None:
    script = tmp_path / "index.mjs"
    script.write_text(f"{line}\n")
    row = ProcessRow(7, 0.0, 0, 1, None, None, None, "node", "/usr/bin/node", ("node", str(script)), None)
    assert ServerScripts(World(tmp_path, live=True).files).serves(row) == is_server


def test_what_a_web_server_is_told_to_serve(tmp_path: Path, start: Processes) -> None:
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg/app.py").write_text("from mcp.server import Server\n")
    (tmp_path / "uvicorn").write_text(WAIT)
    (tmp_path / "plain.py").write_text("x = 1\n")
    served = start(sys.executable, str(tmp_path / "uvicorn"), "--host", "0.0.0.0", "pkg.app:server", cwd=tmp_path)
    assert serves(tmp_path, start, served)
    other = start(sys.executable, str(tmp_path / "uvicorn"), "plain:app", cwd=tmp_path)
    assert not serves(tmp_path, start, other)


@pytest.mark.parametrize(
    ("module", "file", "is_server"),
    [
        ("srv", "srv.py", True),
        ("a.srv", "a/srv.py", True),
        ("a", "a/__main__.py", True),
        ("a", "a/server.py", True),
        ("a", "a/other.py", False),
        ("http.server", "srv.py", False),
    ],
)
def test_a_module_of_the_working_directory(tmp_path: Path, module: str, file: str, is_server: bool) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / file).write_text("from mcp.server import Server\n")
    argv = ("python3", "-m", module)
    row = ProcessRow(7, 0.0, 0, 1, None, None, None, "python3", "/usr/bin/python3", argv, str(tmp_path))
    assert ServerScripts(World(tmp_path, live=True).files).serves(row) == is_server


def test_a_huge_or_missing_script_is_no_server(tmp_path: Path, start: Processes) -> None:
    script = tmp_path / "bundle.py"
    script.write_text(f"{WAIT}#" + "x" * 300_000 + "\nfrom mcp.server import Server\n")
    pid = start(sys.executable, str(script))
    assert not serves(tmp_path, start, pid)
    script.unlink()
    assert not serves(tmp_path, start, pid)
