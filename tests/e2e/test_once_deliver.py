"""A look of a restricted user that is delivered: whole for that user, and no harm to what is known of the machine."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.running_daemon import QUICK, RunningDaemon, materialised, target, wait_until
from tests.receivers.postgresql import postgresql
from tests.receivers.running import RunningReceiver

if TYPE_CHECKING:
    from conftest import Machine

ALICE = 54399


@pytest.fixture(params=["sqlite", "postgresql"])
def receiver(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RunningReceiver]:
    with postgresql() if request.param == "postgresql" else nullcontext() as database:
        started = RunningReceiver(tmp_path / "receiver", database=database).start()
        yield started
        started.kill()


def give(path: Path, text: str, uid: int, mode: int) -> None:
    path.write_text(text)
    path.chmod(mode)
    os.chown(path, uid, uid)


def of_users(receiver: RunningReceiver, endpoint: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for server in receiver.get(f"/v1/servers?endpoint={endpoint}"):
        found.setdefault(server["owner"], set()).add(server["name"])
    return found


def entries(receiver: RunningReceiver, endpoint: str) -> list[dict[str, Any]]:
    (chain,) = (known["chain"] for known in receiver.get("/v1/endpoints") if known["endpoint_id"] == endpoint)
    return [json.loads(line) for line in receiver.lines(chain)]


def findings(sent: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [entry["record"] for entry in sent if entry["record"]["kind"] == "finding"]


def test_the_look_of_one_account_leaves_the_machines_inventory_alone(
    machine: Machine, receiver: RunningReceiver
) -> None:
    daemon = RunningDaemon(machine)
    with (machine.folder / "passwd").open("a") as accounts:
        accounts.write(f"alice:x:{ALICE}:{ALICE}::/home/alice:/bin/sh\n")
    uid = machine.home.stat().st_uid
    alice = machine.home.parent / "alice"
    alice.mkdir(mode=0o700)
    os.chown(alice, ALICE, ALICE)
    for home, owner in ((machine.home, uid), (alice, ALICE)):
        mcp = {"mcpServers": {f"of-{home.name}": {"command": "npx", "args": ["x"]}}}
        give(home / ".claude.json", json.dumps(mcp), owner, 0o600)
    daemon.configure(QUICK + target(receiver))
    daemon.ready()
    wait_until(lambda: len(materialised(receiver)) >= 4, daemon.explain)
    daemon.delivered(receiver)
    (before,) = receiver.get("/v1/endpoints")
    assert of_users(receiver, before["endpoint_id"]) == {"dev": {"of-dev"}, "alice": {"of-alice"}}

    give(machine.home / "token", receiver.token, uid, 0o600)
    give(machine.home / "ca.pem", receiver.ca_file.read_text(), uid, 0o600)
    settings = target(receiver).replace(str(receiver.token_file), "/home/dev/token")
    settings = f'[state]\ndir = "/home/dev/state"\n{settings}'.replace(str(receiver.ca_file), "/home/dev/ca.pem")
    give(machine.home / "c.toml", settings, uid, 0o600)
    look = ("--config", "/home/dev/c.toml", "--once", "--format", "ndjson")
    assert machine.rollcall_as_dev(*look).status == 0
    assert len(receiver.get("/v1/endpoints")) == 1, "nothing is sent that nobody asked for"
    for _ in range(2):
        done = machine.rollcall_as_dev(*look, "--deliver")
        assert done.status == 0, done.stderr
    summary = done.records[-1]
    scope = summary["scope"]
    assert (summary["status"], scope["rights"], scope["owners"]) == ("complete", "account", ["dev"])
    assert scope["machine"] == before["endpoint_id"] != summary["endpoint_id"]
    assert "alice" in scope["out_of_reach"]
    assert of_users(receiver, before["endpoint_id"]) == {"dev": {"of-dev"}, "alice": {"of-alice"}}
    assert of_users(receiver, summary["endpoint_id"]) == {"dev": {"of-dev"}}
    assert len(receiver.get("/v1/endpoints")) == 2, "the second look goes on with the chain of the first"
    assert daemon.stop() == 0

    sent = entries(receiver, summary["endpoint_id"])
    ends = [entry["seq"] for entry in sent if entry["op"] == "snapshot_end"]
    assert len(ends) == 1, "what did not change is sent once"
    assert {entry["op"] for entry in sent[ends[0] :]} == {"checkpoint", "heartbeat"}
    (known,) = (known for known in receiver.get("/v1/endpoints") if known["endpoint_id"] == summary["endpoint_id"])
    assert known["up_to_date"], "the heartbeat says what is held"
    opened = {finding["opened_at"] for finding in findings(sent)}
    assert opened

    give(machine.home / ".claude.json", "{}", uid, 0o600)
    assert machine.rollcall_as_dev(*look, "--deliver").status == 0
    then = findings(entries(receiver, summary["endpoint_id"])[len(sent) :])
    assert "resolved" in {finding["state"] for finding in then}
    assert {finding["opened_at"] for finding in then} == opened
