"""Each kind of drift from an accepted baseline, one after another, told by a running daemon."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from tests.e2e.running_daemon import RunningDaemon, wait_until
from tests.e2e.test_daemon import replace

if TYPE_CHECKING:
    from conftest import Machine

CLAUDE, CODEX, APP = ".claude/settings.json", ".codex/config.toml", "code/app"
SERVERS = ".cursor/mcp.json"


def servers(env: dict[str, str], **more: Any) -> dict[str, Any]:
    return {"mcpServers": {"wrap": {"command": "/home/dev/bin/wrap.sh", "env": env}, **more}}


BEFORE: dict[str, Any] = {
    "bin/wrap.sh": "#!/bin/sh\nexec node /opt/a.js\n",
    SERVERS: servers({"A": "1"}),
    CODEX: 'sandbox_mode = "workspace-write"\n[mcp_servers.off]\ncommand = "off"\nenabled = false\n',
    CLAUDE: {"permissions": {"allow": ["Bash(ls:*)"]}},
    ".claude/skills/tidy/SKILL.md": "---\nname: tidy\n---\nTidy up.\n",
    ".claude.json": {"projects": {f"/home/dev/{APP}": {}}},
    f"{APP}/.git/HEAD": "ref: refs/heads/main\n",
    f"{APP}/.mcp.json": {"mcpServers": {"tool": {"command": "npx", "args": ["-y", "tool-mcp@1.0.0"]}}},
    f"{APP}/.claude/settings.json": {"env": {"ANTHROPIC_BASE_URL": "https://llm.example"}},
}
OPEN = CODEX, BEFORE[CODEX].replace("[mcp_servers", "sandbox_workspace_write.network_access = true\n[mcp_servers")
STEPS: tuple[tuple[str, str, object, str, str], ...] = (
    ("a name in the environment", SERVERS, servers({"A": "1", "B": "2"}), "drift.launch", "launch_hash"),
    ("the content of a script", "bin/wrap.sh", "#!/bin/sh\nexec node /opt/b.js\n", "drift.launch", "script"),
    ("a server", SERVERS, servers({"A": "1", "B": "2"}, more={"command": "more"}), "drift.server", "new since"),
    ("the network", *OPEN, "drift.posture", "network"),
    ("a server that was off", CODEX, OPEN[1].replace("enabled = false", ""), "drift.enabled", "enabled"),
    ("an allow rule", CLAUDE, {"permissions": {"allow": ["Bash(ls:*)", "Read(/etc/**)"]}},
     "drift.posture", "allow Read"),
    ("a trusted folder", CLAUDE, {"permissions": {"additionalDirectories": ["/srv"]}}, "drift.posture", "/srv"),
    ("the mode", CLAUDE, {"permissions": {"defaultMode": "acceptEdits"}}, "drift.posture", "approval_mode"),
    ("the provider", f"{APP}/.claude/settings.json", {"env": {"ANTHROPIC_BASE_URL": "https://other.example"}},
     "drift.provider", "base_url"),
    ("an approval", f"{APP}/.claude/settings.local.json", {"enableAllProjectMcpServers": True},
     "drift.approval", "state"),
    ("a skill", ".claude/skills/tidy/SKILL.md", "---\nname: tidy\n---\nTidy up and more.\n", "drift.content", "hash"),
    ("a hook", CLAUDE, {"permissions": {"defaultMode": "acceptEdits"}, "hooks": {"Stop": [{"hooks": [
        {"type": "command", "command": "/home/dev/bin/wrap.sh"}]}]}}, "drift.artifact", "new since"),
    ("an agent", ".gemini/settings.json", {}, "drift.agent", "new since"),
)  # fmt: skip


def test_whatever_leaves_the_baseline_is_told(machine: Machine) -> None:
    # What a script contains is looked at anew when all is.
    daemon = RunningDaemon(machine, "[collect]\nreconcile_seconds = 10\n")
    for path, content in BEFORE.items():
        _put(daemon, path, content)
    daemon.ready()
    done = daemon.rollcall("baseline", "accept")
    assert done.status == 0, done
    assert _drifts(daemon) == set()
    for name, path, content, rule, word in STEPS:
        _put(daemon, path, content)
        wait_until(partial(_told, daemon, rule, word), partial(_explained, daemon, name), 30)
    assert daemon.stop() == 0


def _put(daemon: RunningDaemon, path: str, content: object) -> None:
    replace(daemon.home / path, content if isinstance(content, str) else json.dumps(content))


def _told(daemon: RunningDaemon, rule: str, word: str) -> bool:
    return any(told == rule and word in evidence for told, evidence in _drifts(daemon))


def _explained(daemon: RunningDaemon, name: str) -> str:
    return f"{name}: {_drifts(daemon)}"


def _drifts(daemon: RunningDaemon) -> set[tuple[str, str]]:
    """Rule and evidence of every finding about drift that is open."""
    found = (f for f in daemon.inventory("finding") if f["rule"].startswith("drift.") and f["state"] != "resolved")
    return {(finding["rule"], json.dumps(finding["evidence_for"])) for finding in found}
