"""The homes that driven clients left, as file systems to be read, with the truth about what happened in them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent.config.settings import Settings
from agent.records.action import Action
from agent.service.scan import take_inventory
from collectors.contract import Context
from collectors.transcripts.actions import ActionSource

CLIENTS = {
    "claude": "claude-code",
    "cline": "cline",
    "codex": "codex",
    "continue": "continue",
    "copilot": "copilot-cli",
    "droid": "factory-droid",
    "gemini": "gemini-cli",
    "gptme": "gptme",
    "hermes": "hermes",
    "kilo": "kilo-code",
    "kimi": "kimi-cli",
    "opencode": "opencode",
    "openhands": "openhands",
    "pi": "pi",
    "qwen": "qwen-code",
    "vibe": "mistral-vibe",
}
EVER = datetime(2020, 1, 1, tzinfo=UTC)
_KINDS = {"file_edit": "file_write", "web_fetch": "web", "mcp_call": "mcp"}


def machine(shared: Path, name: str, root: Path) -> Path:
    """A file system whose account dev has the home that the client left."""
    home = root / "home/dev"
    shutil.copytree(shared / "transcripts/homes" / name, home, symlinks=True)
    for path in (home, *home.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    for extra in ("truth.json", "VERSION"):
        (home / extra).unlink()
    shutil.rmtree(home / "telemetry", ignore_errors=True)
    (root / "etc").mkdir()
    (root / "etc/passwd").write_text(f"dev:x:{home.stat().st_uid}:{home.stat().st_gid}::/home/dev:/bin/bash\n")
    return root


def context_of(root: Path) -> Context:
    """With the definitions of servers that an inventory of that file system finds."""
    return take_inventory(Settings(), str(root)).engine.context


def told(context: Context, source: ActionSource | None = None) -> list[Action]:
    """Every action of the transcripts there, each once."""
    source = source or ActionSource({}, EVER)
    found: dict[str, Action] = {}
    more = True
    while more:
        batch = source.read(context, everything=True)
        assert not batch.diagnostics, batch.diagnostics
        found |= {event.id: event for event in batch.events if isinstance(event, Action) and event.id not in found}
        more = batch.more
    return list(found.values())


def truth(shared: Path, name: str) -> dict[str, dict[str, Any]]:
    """What the model asked for and got, by call id, in the words of the records."""
    document = json.loads((shared / "transcripts/homes" / name / "truth.json").read_text())
    return {action["call_id"]: _in_our_words(action) for action in _actions(document)}


def _actions(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for run in document["runs"]:
        yield from run["actions"]


def _in_our_words(action: dict[str, Any]) -> dict[str, Any]:
    return {
        "action": _KINDS.get(action["kind"], action["kind"]),
        "tool": action["tool"],
        "mcp_server": action.get("mcp_server"),
        "mcp_tool": action.get("mcp_tool"),
        "decision": action["decision"],
        "result": "unknown" if action["outcome"] == "no_result_seen_by_model" else action["outcome"],
    }
