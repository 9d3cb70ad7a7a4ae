"""Whoever probes at a terminal is asked first, sees what will run, and what `--share` and `--allow-network` open."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.test_probe import prepared, probed

if TYPE_CHECKING:
    from conftest import Machine, Rollcall

SERVER = Path(__file__).parents[1] / "probe/hostile_server.py"


def looking_around(machine: Machine, *arguments: str) -> dict[str, Any]:
    """A server that tells what it can see and reach."""
    (machine.home / "server.py").write_bytes(SERVER.read_bytes())
    return {"command": "/usr/bin/python3", "args": ["/home/dev/server.py", "looks_around", *arguments]}


def answered(rollcall: Rollcall, typed: bytes) -> tuple[int, bytes, str]:
    """Status, output and what stood on the terminal, when somebody there types this."""
    ours, theirs = pty.openpty()
    command = rollcall.arguments("tools", "probe", "free-one", "--format", "ndjson")
    asking = subprocess.Popen(
        command, env=rollcall.environment, cwd=rollcall.folder, stdin=theirs, stdout=subprocess.PIPE, stderr=theirs
    )
    os.close(theirs)
    said = b""
    while b"[y/N]" not in said:
        said += os.read(ours, 4_096)
    os.write(ours, typed)
    output = asking.stdout.read() if asking.stdout else b""
    status = asking.wait(60)
    os.close(ours)
    return status, output, said.decode()


@pytest.mark.parametrize(("typed", "agreed"), [(b"y\n", True), (b"n\n", False), (b"\n", False), (b"\x04", False)])
def test_it_says_what_will_run_and_starts_it_only_after_a_yes(machine: Machine, typed: bytes, agreed: bool) -> None:
    rollcall = prepared(machine, {"free-one": looking_around(machine)})
    status, output, said = answered(rollcall, typed)
    assert "/usr/bin/python3" in said and "looks_around" in said and "network: none" in said
    assert (status, bool(output)) == ((0, True) if agreed else (1, False)), said
    if agreed:
        assert [tool["name"] for tool in json.loads(output)["tools"]] == ["seen"]


def test_a_folder_that_is_shared_is_read_and_no_other(machine: Machine) -> None:
    for name in ("shared", "kept"):
        (machine.home / name).mkdir()
        (machine.home / name / "notes.txt").write_text("Zq7planted5x")
    entry = looking_around(machine, "/home/dev/shared", "/home/dev/kept")
    rollcall = prepared(machine, {"free-one": entry})
    done, answers = probed(rollcall, "free-one", "--share", "/home/dev/shared")
    assert answers["free-one"]["tools"][0]["parameters"] == ["lists_notes.txt", "network_ENETUNREACH"], done
    assert "/home/dev/shared" in done.stderr.decode()


def test_what_a_link_of_the_account_leads_to_is_not_shown_where_the_account_may_not_go(machine: Machine) -> None:
    entry = looking_around(machine)
    closed = machine.home.parent / "closed"
    (closed / "app").mkdir(parents=True)
    closed.chmod(0o700)
    (closed / "app/package.json").write_text("{}")
    (closed / "app/server.py").write_bytes(SERVER.read_bytes())
    (machine.home / "server.py").unlink()
    (machine.home / "server.py").symlink_to("/home/closed/app/server.py")
    rollcall = prepared(machine, {"free-one": entry})
    done, answers = probed(rollcall, "free-one")
    assert not answers and "where its account may not go" in done.stderr.decode(), done

    closed.chmod(0o755)
    assert probed(rollcall, "free-one")[1]["free-one"]["tools"]


def test_a_server_reaches_the_network_only_where_that_is_allowed(machine: Machine) -> None:
    rollcall = prepared(machine, {"free-one": looking_around(machine)})
    _, without = probed(rollcall, "free-one")
    done, allowed = probed(rollcall, "free-one", "--allow-network")
    (seen,) = without["free-one"]["tools"][0]["parameters"]
    assert seen == "network_ENETUNREACH"
    assert "network: none" not in done.stderr.decode()
    # No host is reached from a test; but the way there is no longer missing.
    assert allowed["free-one"]["tools"][0]["parameters"] != [seen], done
