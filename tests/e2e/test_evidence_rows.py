"""Each row that an auditor asks for, shown with one command."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.running_daemon import RunningDaemon, wait_until

if TYPE_CHECKING:
    from conftest import Machine, Rollcall

POLICY = """version = "9"
role = "user"

[[agent]]
id = "claude-code"
role = "producer"

[[owner]]
account = "dev"
person = "Ada Example"
team = "Platform"

[[server]]
package = "npm:@example/vetted"
"""
FILESYSTEM = "@modelcontextprotocol/server-filesystem"
FILES = {
    "etc/passwd": "dev:x:1000:1000::/home/dev:/bin/sh\n",
    "home/dev/.claude.json": {
        "mcpServers": {
            "files": {"command": "npx", "args": ["-y", f"{FILESYSTEM}@2025.1.1", "/srv/data"]},
            "vetted": {"command": "npx", "args": ["-y", "@example/vetted@1.0.0"]},
            "far": {"type": "http", "url": "https://tools.example.net/mcp"},
        }
    },
    "home/dev/.claude/settings.json": {"permissions": {"defaultMode": "bypassPermissions", "allow": ["Bash(git:*)"]}},
}
ROWS = {
    "A.3": ["accountable=Ada Example accountable_by=policy team=Platform", "approval_mode=bypasses"],
    "A.4": ["ai agent claude-code (dev)", "mcp server far in claude-code (dev)"],
    "A.5": ["configured: claude-code (dev) -> files in claude-code (dev)"],
    "A.6": ["approval_mode=bypasses", "approval files in claude-code", "finding [open]"],
    "A.7": ["filesystem /srv/data (declared)", "network tools.example.net (declared)"],
    "A.10": ["sanction=sanctioned", "origin=remote", "pinned=yes", "finding [open] "],
    "clause 4": ["in_scope=yes role=producer", "policy"],
    "clause 10": ["finding [open]", "answers: Ada Example", "since 20"],
}


@pytest.fixture
def root(tmp_path: Path, place: Callable[[Path, Mapping[str, object]], Path]) -> Path:
    return place(tmp_path / "root", FILES)


@pytest.fixture
def governed(rollcall: Rollcall, tmp_path: Path) -> Rollcall:
    path = tmp_path / "policy.toml"
    path.write_text(POLICY)
    with (rollcall.folder / "config.toml").open("a") as config:
        config.write(f'[policy]\nfile = "{path}"\n')
    return rollcall


@pytest.mark.parametrize("row", ROWS)
def test_a_row_is_shown_record_by_record(governed: Rollcall, root: Path, row: str) -> None:
    outcome = governed("controls", "--root", root, row)
    assert outcome.status == 0, outcome.stderr
    text = outcome.stdout.decode()
    assert [wanted for wanted in ROWS[row] if wanted not in text] == [], text
    assert "cannot show: " in text


def test_an_unknown_control_is_a_usage_error_that_names_those_there_are(rollcall: Rollcall, root: Path) -> None:
    outcome = rollcall("controls", "--root", root, "A.99")
    assert outcome.status == 2
    assert "A.10" in outcome.stderr.decode()


def test_of_a_running_daemon_the_closing_of_a_nonconformity_is_shown(machine: Machine) -> None:
    daemon = RunningDaemon(machine)
    config = daemon.home / ".claude.json"
    config.write_text(json.dumps({"mcpServers": {"far": {"type": "http", "url": "http://tools.example.net/mcp"}}}))
    os.chown(config, 54321, 54321)
    daemon.ready()

    def shown() -> str:
        outcome = daemon.rollcall("controls", "clause 10")
        return outcome.stdout.decode()

    wait_until(lambda: "finding [open]" in shown() and "(server.plain_http)" in shown(), shown)
    config.write_text(json.dumps({"mcpServers": {}}))
    wait_until(lambda: "finding [resolved]" in shown() and ", closed 20" in shown(), shown)
    assert "the daemon's journal up to entry " in shown()
    assert daemon.stop() == 0
