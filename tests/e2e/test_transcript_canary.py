"""What people, models and tools wrote into transcripts: no byte of output holds any of it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

CORE = "q7Zk2TranscriptCanary"
CLAUDE, CODEX, COPILOT = (
    ".claude/projects/-code-app/a.jsonl",
    ".codex/sessions/2026/11/23/rollout-a.jsonl",
    ".copilot/session-state/x/events.jsonl",
)


def canary(where: str) -> str:
    return f"{CORE} {where}"


def claude() -> list[dict[str, Any]]:
    told = {"cwd": "/code/app", "version": "2.1.197", "timestamp": "2026-11-23T11:00:00Z", "sessionId": canary("id")}
    call = {"type": "tool_use", "name": canary("tool"), "input": {"permissionMode": canary("argument")}}
    return [
        {"type": "queue-operation", "content": canary("queued"), "permissionMode": canary("no mode")},
        {**told, "type": "user", "permissionMode": "bypassPermissions", "message": {"content": canary("prompt")}},
        {**told, "type": "user", "permissionMode": canary("mode"), "version": canary("version")},
        {**told, "type": "user", "permissionMode": {canary("key"): canary("value")}, "cwd": canary("relative")},
        {**told, "type": "assistant", "message": {"content": [call]}},
        {**told, "type": "user", "toolUseResult": {"stdout": canary("output"), "permissionMode": canary("output")}},
        {"type": "last-prompt", "lastPrompt": canary("last")},
    ]


def codex() -> list[dict[str, Any]]:
    policy = {"type": canary("sandbox"), "network_access": canary("network"), canary("key"): 1}
    meta = {"cwd": "/code/app", "cli_version": "0.169.0", "base_instructions": {"text": canary("instructions")}}
    turn = {"cwd": "/code/app", "approval_policy": canary("policy"), "sandbox_policy": policy, "summary": canary("sum")}
    call = {"type": "function_call", "arguments": json.dumps({"approval_policy": canary("argument")})}
    return [
        {"type": "session_meta", "payload": meta},
        {"type": "turn_context", "payload": turn},
        {"type": "response_item", "payload": call},
    ]


def copilot() -> list[dict[str, Any]]:
    start = {"copilotVersion": "1.0.102", "context": {"cwd": "/code/app", "branch": canary("branch")}}
    changed = {"mode": canary("mode"), "previousMode": canary("previous"), "allowAllPermissions": canary("boolean")}
    return [
        {"type": "session.start", "data": start},
        {"type": "session.permissions_changed", "data": changed},
        {"type": "user.message", "data": {"content": canary("prompt"), "mode": canary("mode")}},
    ]


BROKEN = [f'{{"type": "user", "permissionMode": "{CORE}', f"{CORE} permissionMode", f'["{CORE}"']


def look(tmp_path: Path, settings: str) -> bytes:
    """All that one look prints and leaves, as records and as a table."""
    root, state, config = tmp_path / "root", tmp_path / "state", tmp_path / "config.toml"
    for path, lines in ((CLAUDE, claude()), (CODEX, codex()), (COPILOT, copilot())):
        file = root / "home/dev" / path
        file.parent.mkdir(parents=True)
        file.write_text("\n".join([*map(json.dumps, lines), *BROKEN]))
    config.write_text(f'{settings}\n[state]\ndir = "{state}"\n')
    written = b""
    for shown in ("ndjson", "table"):
        arguments = ["--config", str(config), "--once", "--root", str(root), "--format", shown, "--no-deliver"]
        done = subprocess.run([sys.executable, "-m", "agent", *arguments], capture_output=True, timeout=60)
        assert done.returncode == 0, done.stderr
        written += done.stdout + done.stderr
    return written + b"".join(path.read_bytes() for path in state.rglob("*") if path.is_file())


@pytest.mark.parametrize("level", ["debug", "info"])
def test_nothing_that_was_written_in_a_session_gets_out(tmp_path: Path, level: str) -> None:
    written = look(tmp_path, f'[log]\nlevel = "{level}"')
    assert written.count(b"/code/app") > 3 and b'"set_by":"session"' in written and b"bypasses" in written
    assert CORE.encode() not in written and CORE.lower().encode() not in written.lower()


def test_who_switches_transcripts_off_hears_nothing_of_sessions(tmp_path: Path) -> None:
    written = look(tmp_path, "[collect]\ntranscripts = false")
    assert b"session" not in written and b"/code/app" not in written and b'"kind":"summary"' in written
