"""Real clients, servers and tools from npm and PyPI, installed once into a folder outside of the tree."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import venv
from pathlib import Path

import pytest

CACHE = Path(os.environ.get("ROLLCALL_TEST_CACHE", Path(tempfile.gettempdir()) / "rollcall-test-cache"))
PACKAGES = (
    "@anthropic-ai/claude-code", "@openai/codex", "@google/gemini-cli", "@github/copilot", "opencode-ai",
    "@qwen-code/qwen-code", "@modelcontextprotocol/server-everything", "@modelcontextprotocol/server-filesystem",
)  # fmt: skip


NPM_SERVERS = (
    "@modelcontextprotocol/server-everything", "@modelcontextprotocol/server-filesystem",
    "@modelcontextprotocol/server-memory", "@modelcontextprotocol/server-sequential-thinking", "@upstash/context7-mcp",
)  # fmt: skip
PYPI_SERVERS = ("mcp-server-time", "mcp-server-git", "mcp-server-fetch")


def cache(name: str) -> Path:
    """A folder that stays between runs; nobody else may have put it there."""
    folder = CACHE / name
    folder.mkdir(parents=True, exist_ok=True)
    if os.name == "posix" and CACHE.stat().st_uid != os.geteuid():
        pytest.skip(f"{CACHE} belongs to someone else")
    return folder


def install(marker: Path, *command: str) -> None:
    """Run an installer once; skips where it or its registry cannot be reached."""
    if marker.exists():
        return
    if not shutil.which(command[0]):
        pytest.skip(f"needs {command[0]}")
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=500)
    if done.returncode or not marker.exists():
        pytest.skip(f"{command[0]} could not install: {done.stderr[-300:]}")


def npm_commands() -> Path:
    """The folder with the commands of all packages."""
    prefix = cache("npm")
    everything = prefix / "node_modules/.bin/mcp-server-everything"
    install(everything, "npm", "install", "--no-audit", "--no-fund", "--prefix", str(prefix), *PACKAGES)
    return prefix / "node_modules/.bin"


def mcp_servers() -> tuple[Path, Path]:
    """Two folders with commands of real MCP servers: from npm, and from PyPI in an environment of their own."""
    prefix, environment = cache("mcp-npm"), cache("mcp-pypi")
    from_npm, from_pypi = prefix / "node_modules/.bin/mcp-server-memory", environment / "bin/mcp-server-time"
    install(from_npm, "npm", "install", "--no-audit", "--no-fund", "--prefix", str(prefix), *NPM_SERVERS)
    if not from_pypi.exists():
        venv.create(environment, with_pip=True)
    install(from_pypi, str(environment / "bin/python"), "-m", "pip", "install", "--quiet", *PYPI_SERVERS)
    return prefix / "node_modules/.bin", environment / "bin"
