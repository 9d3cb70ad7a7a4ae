"""The daemon on a real machine of its own: what changes on it is told, whatever way it changes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from agent.journal.journal import Journal
from tests.e2e.running_daemon import QUICK, Record, RunningDaemon, target, wait_until
from tests.receivers.running import RunningReceiver

if TYPE_CHECKING:
    from conftest import Machine

UID = 54321


def mcp(*names: str, **more: object) -> str:
    return json.dumps({"mcpServers": {name: {"command": name} for name in names}, **more})


def write(path: Path, text: str) -> None:
    """As the user does it, in place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    for place in (path, *path.parents):
        if place.name == "dev":
            break
        os.chown(place, UID, UID)


def replace(path: Path, text: str) -> None:
    """As an editor or a client does it: a new file over the old one."""
    write(path.with_name(f"{path.name}.tmp"), text)
    path.with_name(f"{path.name}.tmp").replace(path)


@pytest.fixture
def daemon(machine: Machine) -> Iterator[RunningDaemon]:
    running = RunningDaemon(machine)
    write(running.home / ".claude.json", mcp("first"))
    running.ready()
    yield running
    if running.alive:
        assert running.stop() == 0


@pytest.fixture
def idle(machine: Machine) -> RunningDaemon:
    """Not started yet; its end is the end of the machine."""
    return RunningDaemon(machine)


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[RunningReceiver]:
    started = RunningReceiver(tmp_path / "receiver").start()
    yield started
    started.kill()


# Files.


def test_a_session_that_ran_without_asking_is_told_within_a_look_at_the_transcripts(machine: Machine) -> None:
    running = RunningDaemon(machine, f"{QUICK}transcript_seconds = 1\n")
    path = running.home / ".claude/projects/-code-app/s.jsonl"
    line = {"type": "user", "cwd": "/code/app", "version": "2.1.197", "permissionMode": "default"}
    write(path, json.dumps(line) + "\n")
    running.ready()
    assert session_modes(running) == ["asks_risky"]
    write(path, json.dumps(line) + "\n" + json.dumps({**line, "permissionMode": "bypassPermissions"}) + "\n")
    wait_until(lambda: session_modes(running) == ["bypasses"], running.explain)
    bypasses = [finding for finding in running.inventory("finding") if finding["rule"] == "posture.bypass"]
    assert [finding["agent"] for finding in bypasses] == ["claude-code"]
    assert running.stop() == 0


def session_modes(running: RunningDaemon) -> list[str]:
    """What transcripts told of each project."""
    return [r["approval_mode"] for r in running.inventory("posture") if r["set_by"] == "session"]


def test_a_config_is_followed_through_rename_in_place_writing_deletion_and_return(daemon: RunningDaemon) -> None:
    config = daemon.home / ".claude.json"
    replace(config, mcp("first", "renamed"))
    daemon.sees(lambda found: set(found) == {"first", "renamed"})
    write(config, mcp("in-place"))
    daemon.sees(lambda found: set(found) == {"in-place"})
    config.unlink()
    daemon.sees(lambda found: not found)
    replace(config, mcp("back"))
    daemon.sees(lambda found: set(found) == {"back"})
    ops = [(e["op"], e["record"]["name"]) for e in daemon.entries() if (e["record"] or {}).get("kind") == "mcp_server"]
    assert [op for op in ops if op[1] == "in-place"] == [("discovered", "in-place"), ("removed", "in-place")]


def test_a_field_that_changes_is_told_with_before_and_after(daemon: RunningDaemon) -> None:
    replace(daemon.home / ".claude.json", json.dumps({"mcpServers": {"first": {"command": "other"}}}))
    daemon.sees(lambda found: found["first"]["command"] == "other")
    (changed,) = [e for e in daemon.entries() if e["op"] == "changed" and e["record"]["kind"] == "mcp_server"]
    fields = {change["field"]: (change["before"], change["after"]) for change in changed["changes"]}
    assert fields["command"] == ("first", "other")
    assert "observed_at" not in fields


def test_a_folder_that_is_removed_and_made_again_is_still_followed(daemon: RunningDaemon) -> None:
    config = daemon.home / ".cursor/mcp.json"
    for name in ("one", "two", "three"):
        write(config, mcp(name))
        daemon.sees(lambda found, name=name: set(found) == {"first", name})
        shutil.rmtree(config.parent)
        daemon.sees(lambda found: set(found) == {"first"})


def test_a_linked_dotfile_is_followed_when_its_target_changes_and_when_the_link_does(daemon: RunningDaemon) -> None:
    kept, other = daemon.home / "dotfiles/claude.json", daemon.home / "other/claude.json"
    write(kept, mcp("kept"))
    write(other, mcp("other"))
    link = daemon.home / ".claude.json"
    link.unlink()
    link.symlink_to("dotfiles/claude.json")
    daemon.sees(lambda found: set(found) == {"kept"})
    write(kept, mcp("edited"))
    daemon.sees(lambda found: set(found) == {"edited"})
    replace(kept, mcp("replaced"))
    daemon.sees(lambda found: set(found) == {"replaced"})
    link.with_name("new-link").symlink_to("other/claude.json")
    link.with_name("new-link").replace(link)
    daemon.sees(lambda found: set(found) == {"other"})
    write(other, mcp("followed"))
    daemon.sees(lambda found: set(found) == {"followed"})


def test_a_project_is_followed_as_soon_as_the_client_names_it(daemon: RunningDaemon) -> None:
    project = daemon.home / "deep/in/the/tree/of/this/home/work"
    write(project / ".mcp.json", mcp("shared"))
    time.sleep(0.3)
    assert set(daemon.servers()) == {"first"}
    replace(daemon.home / ".claude.json", mcp("first", projects={"/home/dev/deep/in/the/tree/of/this/home/work": {}}))
    found = daemon.sees(lambda found: set(found) == {"first", "shared"})
    assert found["shared"]["scope"] == "project"
    write(project / ".mcp.json", mcp("shared", "later"))
    daemon.sees(lambda found: set(found) == {"first", "shared", "later"})
    replace(daemon.home / ".claude.json", mcp("first"))
    daemon.sees(lambda found: set(found) == {"first"})


def _gaps(daemon: RunningDaemon) -> list[Record]:
    return [diagnostic for diagnostic in daemon.inventory("diagnostic") if diagnostic["severity"] == "error"]


@pytest.mark.parametrize("trouble", ["owner", "fifo", "broken"])
def test_a_file_that_cannot_be_read_keeps_its_servers_until_it_can(daemon: RunningDaemon, trouble: str) -> None:
    config = daemon.home / ".claude.json"
    if trouble == "owner":
        os.chown(config, 0, 0)
        config.chmod(0o600)
    elif trouble == "fifo":
        config.unlink()
        os.mkfifo(config)
    else:
        write(config, '{"mcpServers": {<<<<<<< HEAD')
    wait_until(lambda: _gaps(daemon), daemon.explain)
    assert "/home/dev/.claude.json" in {gap["path"] for gap in _gaps(daemon)}
    assert set(daemon.servers()) == {"first"}
    replace(config, mcp("first", "second"))
    daemon.sees(lambda found: set(found) == {"first", "second"})
    wait_until(lambda: not _gaps(daemon), daemon.explain)
    assert not [e for e in daemon.entries() if e["op"] == "removed" and e["record"]["kind"] == "mcp_server"]


def test_a_file_made_unreadable_by_its_mode_alone_is_read_again_when_that_is_undone(daemon: RunningDaemon) -> None:
    config = daemon.home / ".claude.json"
    config.chmod(0)
    wait_until(lambda: _gaps(daemon), daemon.explain)
    config.chmod(0o600)
    wait_until(lambda: not _gaps(daemon), daemon.explain)
    assert set(daemon.servers()) == {"first"}


def test_names_that_no_database_takes_are_journaled_and_stop_nothing(daemon: RunningDaemon) -> None:
    strange = os.fsencode(daemon.home) + b"/work-\xff\xfe"
    os.mkdir(strange)
    config = {"mcpServers": {"lone \udc9d": {"command": "a\udcff"}}, "projects": {"/home/dev/work-\udcff\udcfe": {}}}
    (Path(os.fsdecode(strange)) / ".mcp.json").write_text(mcp("in-strange-folder"))
    replace(daemon.home / ".claude.json", json.dumps(config))
    daemon.sees(lambda found: any(name.startswith("lone") for name in found))
    replace(daemon.home / ".claude.json", mcp("plain"))
    daemon.sees(lambda found: "plain" in found and not any(name.startswith("lone") for name in found))
    assert not daemon.logged("collector.failed")
    assert daemon.stop() == 0
    daemon.ready()
    assert "plain" in daemon.servers()


def test_a_restart_tells_only_what_changed_meanwhile(daemon: RunningDaemon) -> None:
    replace(daemon.home / ".claude.json", mcp("kept", "dropped"))
    daemon.sees(lambda found: set(found) == {"kept", "dropped"})
    assert daemon.stop() == 0
    before = len(daemon.lines())
    replace(daemon.home / ".claude.json", mcp("kept", "new"))
    daemon.ready()
    told = {(e["op"], e["record"]["name"]) for e in daemon.entries()[before:] if e["record"]["kind"] == "mcp_server"}
    assert told == {("removed", "dropped"), ("discovered", "new")}


# Processes.

SCRIPT = "import sys\nfor line in sys.stdin:\n    pass\n"


def test_a_stdio_server_started_by_hand_appears_joined_to_its_definition_and_disappears(daemon: RunningDaemon) -> None:
    write(daemon.home / "server.py", SCRIPT)
    config = {"mcpServers": {"mine": {"command": "/usr/bin/python3", "args": ["/home/dev/server.py"]}}}
    replace(daemon.home / ".claude.json", json.dumps(config))
    daemon.sees(lambda found: "mine" in found and found["mine"]["running"] is False)
    process = daemon.machine.start({}, "/usr/bin/python3", "/home/dev/server.py")
    definition = daemon.sees(lambda found: found["mine"]["running"] is True)["mine"]
    (instance,) = daemon.inventory("instance")
    assert (instance["subject"], instance["owner"], instance["server_ids"]) == ("mcp_server", "dev", [definition["id"]])
    assert process.stdin
    process.stdin.close()
    daemon.sees(lambda found: found["mine"]["running"] is False)
    assert daemon.inventory("instance") == []
    ops = [entry["op"] for entry in daemon.entries() if (entry["record"] or {}).get("kind") == "instance"]
    assert ops == ["discovered", "removed"]


def test_a_server_that_runs_on_over_a_restart_of_the_daemon_is_no_news(daemon: RunningDaemon) -> None:
    package = daemon.home / "node_modules/some-mcp-server"
    write(package / "package.json", json.dumps({"name": "some-mcp-server", "version": "1.0.0"}))
    write(package / "server.py", SCRIPT)
    command = ("/usr/bin/python3", "/home/dev/node_modules/some-mcp-server/server.py")
    config = {"mcpServers": {"mine": {"command": command[0], "args": [command[1]]}}}
    replace(daemon.home / ".claude.json", json.dumps(config))
    daemon.sees(lambda found: found.get("mine", {}).get("running") is False)
    daemon.machine.start({}, *command)
    daemon.sees(lambda found: found["mine"]["running"] is True)
    assert daemon.stop() == 0
    before, running = len(daemon.lines()), daemon.inventory("instance")
    daemon.ready()
    assert daemon.inventory("instance") == running
    assert len(running[0]["server_ids"]) == 1
    assert [e["op"] for e in daemon.entries()[before:] if (e["record"] or {}).get("kind") == "instance"] == []
    # Its definition goes, it runs on: a server that no config declares.
    replace(daemon.home / ".claude.json", mcp("first"))
    wait_until(lambda: daemon.inventory("instance")[0]["server_ids"] == [], daemon.explain)


# Signals and the service manager.


@pytest.mark.parametrize("moment", ["before the answer", "in the handshake"])
def test_sigterm_ends_it_within_five_seconds_while_a_receiver_hangs(
    idle: RunningDaemon, receiver: RunningReceiver, moment: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        if moment == "before the answer":
            receiver.faults({"slow": 60})
        else:
            receiver.port = mute.getsockname()[1]
        write(idle.home / ".claude.json", mcp("first"))
        idle.configure(QUICK + target(receiver).replace("timeout = 5", "timeout = 300"))
        idle.ready()
        if moment == "before the answer":
            wait_until(lambda: receiver.faults()["posts"] == 1, idle.explain)
        else:
            mute.settimeout(60)
            accepted, _ = mute.accept()
            assert accepted.recv(1) == b"\x16"  # the first byte of a TLS handshake
        assert idle.stop() == 0  # and not after the 300 seconds that it may wait for an answer
        assert idle.logged("daemon.stopped")
        assert idle.rollcall("audit", "verify").status == 0


def test_sigterm_ends_it_also_while_it_starts(idle: RunningDaemon) -> None:
    for after in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6):
        idle.start()
        time.sleep(after)
        idle.signal(signal.SIGTERM)
        assert idle.process
        assert idle.process.wait(60) in (0, -signal.SIGTERM)


HANGING = """
import time
from collectors.host import HostCollector
class Plugin(HostCollector):
    name = "thirdparty"
    def collect(self, context):
        time.sleep(60)
        yield from ()
"""


def test_sigterm_ends_it_within_five_seconds_while_a_collector_hangs(
    idle: RunningDaemon, plugin: Callable[[str], str]
) -> None:
    idle.start({"PYTHONPATH": plugin(HANGING)})
    wait_until((idle.state / "lock").exists, idle.explain)
    time.sleep(0.5)
    assert idle.stop() == 0
    assert idle.rollcall("audit", "verify").status == 0
    assert idle.ready().stop() == 0


def test_sighup_takes_up_a_new_target_from_the_first_entry(daemon: RunningDaemon, receiver: RunningReceiver) -> None:
    replace(daemon.home / ".claude.json", mcp("second"))
    daemon.sees(lambda found: set(found) == {"second"})
    pid = daemon.pid
    daemon.configure(QUICK + target(receiver))
    daemon.signal(signal.SIGHUP)
    assert daemon.delivered(receiver) == daemon.lines()
    assert json.loads(daemon.lines()[0])["seq"] == 1
    assert daemon.pid == pid
    replace(daemon.home / ".claude.json", mcp("third"))
    daemon.sees(lambda found: set(found) == {"third"})
    assert daemon.delivered(receiver) == daemon.lines()


BROKEN_SETTINGS = (
    "[collect]\nprocess_seconds = 'often'\n",
    "[[target]\n",
    "\x00",
    "[catalog]\npaths = ['/home/dev/catalog']\n",
    "[policy]\nurl = 'https://policy.example/policy.toml'\n",
    "[[target]]\nurl = 'http://collector.example/'\n",
)


def test_sighup_with_a_broken_config_keeps_the_settings_in_force_and_says_so(
    idle: RunningDaemon, receiver: RunningReceiver
) -> None:
    write(idle.home / "catalog/broken.toml", "id = 3\n")
    idle.configure(QUICK + target(receiver))
    idle.ready()
    for number, broken in enumerate(BROKEN_SETTINGS, 1):
        idle.configure(broken)
        idle.signal(signal.SIGHUP)
        wait_until(lambda number=number: len(idle.logged("daemon.started")) == number + 1, idle.explain)
        assert len(idle.logged("config.rejected")) == number
        replace(idle.home / ".claude.json", mcp(f"server-{number}"))
        idle.sees(lambda found, number=number: set(found) == {f"server-{number}"})
    assert idle.delivered(receiver) == idle.lines()
    assert idle.stop() == 0


def test_many_sighups_in_a_row_end_with_the_last_settings(daemon: RunningDaemon, receiver: RunningReceiver) -> None:
    for _ in range(20):
        daemon.signal(signal.SIGHUP)
        time.sleep(0.02)
    daemon.configure(QUICK + target(receiver))
    daemon.signal(signal.SIGHUP)
    assert daemon.delivered(receiver) == daemon.lines()


def test_a_second_daemon_on_the_same_state_is_refused(daemon: RunningDaemon) -> None:
    second = daemon.rollcall("run", timeout=60)
    assert second.status == 1
    assert b"another daemon" in second.stderr
    assert daemon.alive
    replace(daemon.home / ".claude.json", mcp("second"))
    daemon.sees(lambda found: set(found) == {"second"})


def test_the_journal_of_another_endpoint_is_refused(idle: RunningDaemon) -> None:
    Journal.open(idle.rollcall.state / "journal.db", "e" * 32).close()
    refused = idle.rollcall("run", timeout=60)
    assert refused.status == 1
    assert b"another endpoint" in refused.stderr
    assert idle.lines() == []


def test_status_tells_what_runs_and_what_waits(idle: RunningDaemon, receiver: RunningReceiver) -> None:
    fresh = idle.rollcall("status")
    assert fresh.status == 1
    assert b"no daemon has run" in fresh.stdout
    write(idle.home / ".claude.json", mcp("first"))
    idle.configure(QUICK + target(receiver))
    idle.ready()
    idle.delivered(receiver)
    running = idle.rollcall("status")
    assert running.status == 0
    text = running.stdout.decode()
    assert ": running, pid " in text
    assert f"journal: {len(idle.lines())} entries" in text
    for name in ("host", "processes", "configs", "sockets", "sessions"):
        assert any(line.split()[:2] == [name, "yes"] for line in text.splitlines()), text
    assert "configs       yes  inotify" in text
    assert "target central: backlog 0\n" in text
    receiver.kill()
    replace(idle.home / ".claude.json", mcp("first", "second"))
    idle.sees(lambda found: "second" in found)
    backlog = int(idle.rollcall("status").stdout.decode().partition("backlog ")[2].split()[0].rstrip(","))
    assert backlog >= 1
    idle.kill()
    stopped = idle.rollcall("status")
    assert stopped.status == 1
    assert b": not running" in stopped.stdout


def test_status_does_not_fail_on_what_another_version_wrote(daemon: RunningDaemon) -> None:
    for text in ("\x00", '{"pid": 1, "written_at": "now", "heartbeat": {"new": "field"}}'):
        (daemon.state / "status.json").write_text(text)
        outcome = daemon.rollcall("status")
        assert outcome.status == 0, outcome
        assert b"Traceback" not in outcome.stderr
        assert b": running" in outcome.stdout


def test_a_service_manager_hears_of_readiness_life_and_end(idle: RunningDaemon, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(str(tmp_path / "notify"))
        channel.settimeout(60)
        idle.start({"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "600000"})
        while (told := channel.recv(100)) == b"WATCHDOG=1":
            pass  # the first collection tells that it lives
        assert told == b"READY=1"
        assert any(e["op"] == "snapshot_end" for e in idle.entries())
        assert [channel.recv(100) for _ in range(4)] == [b"WATCHDOG=1"] * 4
        assert idle.stop() == 0
        words = [channel.recv(100)]
        while words[-1] == b"WATCHDOG=1":
            words.append(channel.recv(100))
        assert words[-1] == b"STOPPING=1"


# What goes wrong.


@pytest.fixture
def small_disk(tmp_path: Path, as_root: None) -> Iterator[Path]:
    """Where the state will lie; made before the machine, which then sees it too."""
    folder = tmp_path / "rollcall/state"
    folder.mkdir(parents=True)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "none", folder]).returncode:
        pytest.skip("may not mount here")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_full_disk_loses_nothing_and_does_not_end_the_daemon(
    small_disk: Path, idle: RunningDaemon, receiver: RunningReceiver
) -> None:
    write(idle.home / ".claude.json", mcp("first"))
    idle.configure(QUICK + "[daemon]\nheartbeat_seconds = 1\n" + target(receiver))
    idle.ready()
    idle.delivered(receiver)
    receiver.kill()
    filler = (small_disk / "filler").open("wb", buffering=0)
    with pytest.raises(OSError, match="No space"):
        while True:
            filler.write(b"\0" * 4096)
    replace(idle.home / ".claude.json", mcp("second", *(f"{n}-{'x' * 900}" for n in range(400))))
    wait_until(lambda: idle.logged("journal.not_written"), idle.explain)
    time.sleep(2)  # in which it tries again and again
    assert idle.alive
    assert "second" not in idle.servers()
    # A disk that is full must not be filled with the news that it is.
    assert len(idle.logged("journal.not_written")) < 5
    filler.close()
    # What there is to write is too much for the disk, also now: it must not take all the room for itself.
    (small_disk / "filler").unlink()
    replace(idle.home / ".claude.json", mcp("third"))
    idle.sees(lambda found: set(found) == {"third"})
    receiver.start()
    # The receiver knows of a heartbeat from before, too: up to date alone may be that one's.
    wait_until(lambda: [server["name"] for server in receiver.get("/v1/servers")] == ["third"], idle.explain)
    wait_until(lambda: receiver.get("/v1/endpoints")[0]["up_to_date"], idle.explain)
    assert idle.rollcall("audit", "verify").status == 0
    assert idle.stop() == 0


@pytest.mark.parametrize("trouble", ["its reader is gone", "its disk is full"])
def test_a_log_that_cannot_be_written_does_not_end_the_daemon(idle: RunningDaemon, trouble: str) -> None:
    reader, log = os.pipe() if trouble == "its reader is gone" else (os.open("/dev/null", 0), os.open("/dev/full", 1))
    os.close(reader)
    write(idle.home / ".claude.json", mcp("first"))
    idle.process = subprocess.Popen(
        idle.rollcall.arguments("run"), env=idle.rollcall.environment, cwd=idle.rollcall.folder,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log,
    )  # fmt: skip
    os.close(log)
    idle.sees(lambda found: set(found) == {"first"})
    replace(idle.home / ".claude.json", mcp("second"))
    idle.sees(lambda found: set(found) == {"second"})
    assert idle.stop() == 0


FLAKY = """
from pathlib import Path
import threading, time
from agent.records import Diagnostic, Evidence
from collectors.contract import Observation, Scope

TRIGGER, BREAK = Path("{folder}/trigger"), Path("{folder}/break")

class Watch:
    mode = "trigger"
    def __init__(self, notify):
        self._notify, self._open = notify, True
        threading.Thread(target=self._run, daemon=True).start()
    def _run(self):
        while self._open:
            if TRIGGER.exists():
                TRIGGER.unlink()
                self._notify(None)
            time.sleep(0.02)
    def close(self):
        self._open = False

class Plugin:
    name, settles = "thirdparty", False
    rounds = 0
    def collect(self, context):
        self.rounds += 1
        seen = Evidence(collector=self.name, confidence="confirmed")
        yield Observation(Scope(self.name, "", "rounds"), (Diagnostic(
            endpoint_id=context.endpoint_id, evidence=seen, severity="info", code="round", message=str(self.rounds)),))
        if BREAK.exists():
            raise RuntimeError("ghp_secret that a file held")
    def refresh(self, context, scopes): return iter(())
    def depends_on(self, context): return None
    def poll(self, context): return iter(())
    def watch(self, notify): return Watch(notify)
"""


def _round(daemon: RunningDaemon) -> int:
    return int(next((d["message"] for d in daemon.inventory("diagnostic") if d["code"] == "round"), "0"))


def _failed(daemon: RunningDaemon) -> list[str]:
    return [d["message"] for d in daemon.inventory("diagnostic") if d["code"] == "collector.failed"]


def test_lost_events_lead_to_a_look_at_everything(idle: RunningDaemon, plugin: Callable[[str], str]) -> None:
    folder = idle.machine.folder
    idle.ready({"PYTHONPATH": plugin(FLAKY.format(folder=folder))})
    assert _round(idle) == 1
    # An account that did not exist before: no event tells of it, only a full look finds it.
    (idle.home.parent / "ann").mkdir()
    (idle.home.parent / "ann/.claude.json").write_text(mcp("of-ann"))
    os.chown(idle.home.parent / "ann", 54322, 54322)
    os.chown(idle.home.parent / "ann/.claude.json", 54322, 54322)
    with (folder / "passwd").open("a") as accounts:
        accounts.write("ann:x:54322:54322::/home/ann:/bin/sh\n")
    (folder / "trigger").touch()
    found = idle.sees(lambda found: "of-ann" in found)
    assert found["of-ann"]["owner"] == "ann"
    assert _round(idle) == 2
    assert idle.stop() == 0


def test_a_collector_that_breaks_is_told_harms_no_other_and_comes_back(
    idle: RunningDaemon, plugin: Callable[[str], str]
) -> None:
    folder = idle.machine.folder
    (folder / "break").touch()
    write(idle.home / ".claude.json", mcp("first"))
    idle.ready({"PYTHONPATH": plugin(FLAKY.format(folder=folder))})
    assert len(_failed(idle)) == 1
    assert set(idle.servers()) == {"first"}
    replace(idle.home / ".claude.json", mcp("second"))
    idle.sees(lambda found: set(found) == {"second"})
    text = idle.rollcall("status").stdout.decode()
    assert any(line.split()[:2] == ["thirdparty", "NO"] for line in text.splitlines()), text
    (folder / "break").unlink()
    (folder / "trigger").touch()
    wait_until(lambda: not _failed(idle), idle.explain)
    assert idle.stop() == 0
    everything = b"".join(idle.lines()) + idle.log_file.read_bytes() + (idle.state / "status.json").read_bytes()
    assert b"ghp_secret" not in everything


BROKEN = """
from collectors.host import HostCollector
class Plugin(HostCollector):
    name = "thirdparty"
    def collect(self, context):
        {collect}
    def watch(self, notify):
        {watch}
    def depends_on(self, context):
        {depends_on}
"""


@pytest.mark.parametrize("method", ["collect", "watch", "depends_on", "load"])
def test_a_third_party_collector_may_fail_in_any_of_its_parts(
    idle: RunningDaemon, plugin: Callable[[str], str], method: str
) -> None:
    parts = {"collect": "return iter(())", "watch": "return None", "depends_on": "return None"}
    text = BROKEN.format(**(parts | {method: "raise RuntimeError"})) if method != "load" else "import nothing_there"
    write(idle.home / ".claude.json", mcp("first"))
    idle.ready({"PYTHONPATH": plugin(text)})
    assert len(_failed(idle)) == 1
    assert set(idle.servers()) == {"first"}
    assert idle.stop() == 0


def test_what_a_disabled_collector_knew_is_not_told_for_ever(daemon: RunningDaemon) -> None:
    assert daemon.inventory("owner")
    daemon.configure(QUICK.replace("[collect]", '[collect]\ndisabled = ["configs"]'))
    daemon.signal(signal.SIGHUP)
    daemon.sees(lambda found: not found)
    daemon.configure(QUICK)
    daemon.signal(signal.SIGHUP)
    daemon.sees(lambda found: set(found) == {"first"})


def test_state_belongs_to_its_user_alone(daemon: RunningDaemon) -> None:
    assert stat.S_IMODE(daemon.state.stat().st_mode) == 0o700
    for path in (*daemon.state.glob("journal*"), daemon.state / "status.json"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
