"""The daemon under a policy from a real TLS server, signed by the real minisign: only a better one replaces it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.running_daemon import QUICK, Record, RunningDaemon, wait_until
from tests.governance.policy.minisign_keys import PolicyServer, Signer

if TYPE_CHECKING:
    from conftest import Machine

FORBIDS = """version = "{version}"
organisation = "Example"
role = "producer"

[[agent]]
id = "claude-code"
state = "unsanctioned"
in_scope = false
"""
SERVERS = json.dumps({"mcpServers": {"files": {"command": "files"}}})


def policy_text(version: int) -> str:
    return FORBIDS.format(version=version)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PolicyServer]:
    made = PolicyServer(tmp_path / "policy-server")
    yield made
    made.close()


def started(machine: Machine, settings: str) -> RunningDaemon:
    running = RunningDaemon(machine, f"{QUICK}{settings}")
    claude = running.home / ".claude.json"
    claude.write_text(SERVERS)
    os.chown(claude, 54321, 54321)
    return running.ready()


def in_force(daemon: RunningDaemon) -> tuple[str, str | None, str | None, str]:
    """State, version, trouble and reason, as the journal has them."""
    records = daemon.inventory("policy")
    if not records:
        return "", None, None, ""
    return records[0]["state"], records[0]["version"], records[0]["trouble"], records[0]["reason"] or ""


def findings(daemon: RunningDaemon) -> dict[str, str]:
    """State of each finding by its rule."""
    return {record["rule"]: record["state"] for record in daemon.inventory("finding")}


def agent(daemon: RunningDaemon) -> Record:
    (found,) = [record for record in daemon.inventory("ai_agent") if record["agent"] == "claude-code"]
    return found


def test_only_a_later_policy_of_the_pinned_key_replaces_the_one_in_force(
    machine: Machine, server: PolicyServer, tmp_path: Path
) -> None:
    signer, other = Signer(tmp_path / "signer"), Signer(tmp_path / "other")
    first, second, third = (policy_text(number) for number in (1, 2, 3))
    server.publish(second, signer.sign(second, 2000))
    settings = (
        f'[policy]\nurl = "{server.url}"\npublic_key = "{signer.public_key}"\n'
        f'ca_file = "{server.ca_file}"\nrefresh_seconds = 1\n'
    )
    daemon = started(machine, settings)
    wait_until(lambda: in_force(daemon)[:3] == ("current", "2", None), daemon.explain)
    assert findings(daemon)["agent.unsanctioned"] == "open"
    assert (agent(daemon)["sanction"], agent(daemon)["in_scope"], agent(daemon)["role"]) == (
        "unsanctioned", False, "producer",
    )  # fmt: skip
    typo = third.replace("organisation", "organization")
    bad = {
        "not of this text": (second.replace("unsanctioned", "sanctioned"), signer.sign(second, 3000)),
        "another key": (third, other.sign(third, 3000)),
        "not signed later": (first, signer.sign(first, 1000)),
        ":2: organization": (typo, signer.sign(typo, 4000)),
    }
    for reason, published in bad.items():
        server.publish(*published)
        wait_until(lambda reason=reason: reason in in_force(daemon)[3], daemon.explain)
        assert in_force(daemon)[:3] == ("last_good", "2", "invalid")
        assert findings(daemon)["policy.invalid"] == "open"
        assert findings(daemon)["agent.unsanctioned"] == "open"
    server.status = 503
    wait_until(lambda: in_force(daemon)[:3] == ("last_good", "2", "unreachable"), daemon.explain)
    assert findings(daemon)["policy.unreachable"] == "open"
    assert findings(daemon)["policy.invalid"] == "resolved"
    # What is kept is enough for a start without the server.
    daemon.kill()
    daemon.ready()
    wait_until(lambda: in_force(daemon)[2] == "unreachable", daemon.explain)
    assert findings(daemon)["agent.unsanctioned"] == "open"
    server.status = 200
    server.publish(third, signer.sign(third, 5000))
    wait_until(lambda: in_force(daemon)[:3] == ("current", "3", None), daemon.explain)
    assert findings(daemon)["policy.unreachable"] == "resolved"
    # TLS was never in the daemon itself.
    mapped = Path(f"/proc/{daemon.pid}/maps").read_text()
    assert "_ssl.cpython" not in mapped and "libcrypto" not in mapped
    assert daemon.stop() == 0


def test_a_file_is_followed_without_being_told_and_a_typo_in_it_stops_nothing(machine: Machine, tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(policy_text(1).replace("state =", "stat ="))
    daemon = started(machine, f'[policy]\nfile = "{file}"\n')
    wait_until(lambda: in_force(daemon)[:3] == ("none", None, "invalid"), daemon.explain)
    assert f"{file}:7: agent.0.stat" in in_force(daemon)[3]
    assert "agent.unsanctioned" not in findings(daemon)
    file.write_text(policy_text(2))
    wait_until(lambda: in_force(daemon)[:3] == ("current", "2", None), daemon.explain)
    assert findings(daemon) == {**findings(daemon), "policy.invalid": "resolved", "agent.unsanctioned": "open"}
    file.write_text("version = ")
    wait_until(lambda: in_force(daemon)[:3] == ("last_good", "2", "invalid"), daemon.explain)
    assert daemon.stop() == 0
    daemon.ready()
    assert in_force(daemon)[:3] == ("last_good", "2", "invalid")
    assert findings(daemon)["policy.invalid"] == "reopened"
    outcome = daemon.rollcall("--once", "--format", "ndjson")
    assert outcome.status == 3
    (said,) = outcome.of("policy")
    assert (said["state"], said["version"], said["trouble"]) == ("last_good", "2", "invalid")
    assert b"line 1" in outcome.stderr
    assert daemon.rollcall("policy", "check", file).status == 2
    assert daemon.stop() == 0
