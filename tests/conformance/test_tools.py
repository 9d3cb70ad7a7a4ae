"""What real clients write down of real servers' tools, as Rollcall reads it, against the servers' own answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from collectors.tools.definition import ToolAsRead, digest

INITIALIZE = {
    "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"},
}  # fmt: skip


@pytest.fixture
def server(npm: Path, tmp_path: Path) -> list[str]:
    """The command of a reference server."""
    project = tmp_path / "home/dev/app"
    project.mkdir(parents=True)
    (tmp_path / "etc").mkdir()
    return [str(npm / "mcp-server-filesystem"), str(project)]


@pytest.mark.timeout(300)
def test_the_cache_of_copilot_tells_the_tools_that_the_server_offers(
    npm: Path, server: list[str], environment: Mapping[str, str], tmp_path: Path
) -> None:
    home, project = tmp_path / "home/dev", tmp_path / "home/dev/app"
    config = {"mcpServers": {"files": {"type": "local", "command": server[0], "args": server[1:], "tools": ["*"]}}}
    for name, document in (("mcp-config", config), ("settings", {"trustedFolders": [str(project)]})):
        file = home / f".copilot/{name}.json"
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(document))
    own = {
        "HOME": str(home), "COPILOT_PROVIDER_BASE_URL": f"{environment['MODEL']}/copilot/v1", "COPILOT_OFFLINE": "true",
        "COPILOT_PROVIDER_TYPE": "openai", "COPILOT_PROVIDER_API_KEY": "fake", "COPILOT_MODEL": "fake-model",
    }  # fmt: skip
    command = [str(npm / "copilot"), "-p", "say hello"]
    subprocess.run(command, env={**environment, **own}, cwd=project, stdin=subprocess.DEVNULL, timeout=120, check=False)
    if not any((home / ".cache/copilot/mcp-tools").glob("*.json")):
        pytest.skip("this version of Copilot keeps no cache of tools")
    seen = {tool["name"]: tool["definition_hash"] for tool in _tools(tmp_path) if tool["server"] == "files"}
    assert seen == {tool.name: tool.definition_hash for tool in map(digest, _answer(server, environment))}
    assert len(seen) > 5


@pytest.mark.timeout(300)
def test_a_transcript_of_claude_code_tells_the_names_that_the_server_offers(
    npm: Path, server: list[str], environment: Mapping[str, str], tmp_path: Path
) -> None:
    home, project = tmp_path / "home/dev", tmp_path / "home/dev/app"
    defined = {"files": {"type": "stdio", "command": server[0], "args": server[1:]}}
    (home / ".claude.json").write_text(json.dumps({"hasCompletedOnboarding": True, "mcpServers": defined}))
    own = {
        "HOME": str(home), "ANTHROPIC_BASE_URL": f"{environment['MODEL']}{project}", "ANTHROPIC_API_KEY": "fake",
        "DISABLE_AUTOUPDATER": "1", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        # It waits for its servers, and offers their tools late, as it does where there are many.
        "MCP_CONNECTION_NONBLOCKING": "0", "ENABLE_TOOL_SEARCH": "true",
    }  # fmt: skip
    command = [str(npm / "claude"), "-p", "say hello"]
    subprocess.run(command, env={**environment, **own}, cwd=project, stdin=subprocess.DEVNULL, timeout=120, check=False)
    transcripts = [path.read_text() for path in (home / ".claude/projects").rglob("*.jsonl")]
    if not any("deferred_tools" in text for text in transcripts):
        pytest.skip("this version of Claude Code notes no tools in its transcripts")
    seen = {tool["name"] for tool in _tools(tmp_path) if tool["server"] == "files"}
    assert seen == {tool.name for tool in _answer(server, environment)}
    assert len(seen) > 5


def _tools(root: Path) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "agent", "tools", "list", "--root", str(root), "--format", "json"]
    done = subprocess.run(command, capture_output=True, check=True, cwd=Path(__file__).parents[2])
    return list(json.loads(done.stdout))


def _answer(server: list[str], environment: Mapping[str, str]) -> list[ToolAsRead]:
    """What the server says when it is asked."""
    lines = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": INITIALIZE},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/list", "params": {}},
    ]
    process = subprocess.Popen(
        server, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env={**os.environ, **environment},
    )  # fmt: skip
    assert process.stdin and process.stdout
    try:
        process.stdin.writelines(json.dumps(line) + "\n" for line in lines)
        process.stdin.flush()
        answers = (json.loads(line) for line in process.stdout)
        found = next(answer["result"]["tools"] for answer in answers if answer.get("id") == 2)
    finally:
        process.kill()
        process.wait()
    return [tool for entry in found if (tool := ToolAsRead.of(entry))]
