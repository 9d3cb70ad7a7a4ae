"""`rollcall --once` as a command among others: formats, exit status, what it reads and what it leaves."""

from __future__ import annotations

import json
import os
import pty
import shutil
import stat
import subprocess
import threading
import unicodedata
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Machine, Rollcall

Place = Callable[[Path, Mapping[str, object]], Path]

SERVER = {"command": "npx", "args": ["-y", "some-mcp@1.0.0"]}
HEALTHY = {"home/dev/.claude.json": {"mcpServers": {"good": SERVER}}}
BROKEN = {"home/dev/.cursor/mcp.json": '{"mcpServers": '}


@pytest.fixture
def root(tmp_path: Path, place: Place) -> Path:
    return place(tmp_path / "root", HEALTHY)


def test_ndjson_and_json_hold_the_same_records_and_the_summary_comes_last(rollcall: Rollcall, root: Path) -> None:
    lines = rollcall.once(root)
    array = rollcall("--once", "--root", root, "--format", "json")
    records = json.loads(array.stdout)
    assert (lines.status, array.status) == (0, 0)
    assert [record["id"] for record in lines.records] == [record["id"] for record in records]
    assert records[-1]["kind"] == "summary"


def test_the_table_names_agent_server_package_and_owner_and_ends_with_the_count(rollcall: Rollcall, root: Path) -> None:
    outcome = rollcall("--once", "--root", root, "--format", "table")
    text = outcome.stdout.decode()
    for word in ("Claude Code", "claude-code", "good", "stdio", "pkg:npm/some-mcp@1.0.0", "user", "dev"):
        assert word in text
    assert "1 agent, 1 MCP server," in text
    assert outcome.stderr == b""


def test_without_a_format_a_pipe_gets_ndjson_and_a_terminal_a_table(rollcall: Rollcall, root: Path) -> None:
    assert rollcall("--once", "--root", root).records[-1]["kind"] == "summary"
    status, shown = on_terminal(rollcall, "--once", "--root", str(root))
    assert status == 0
    assert b"AGENT" in shown and b"good" in shown and b"complete" in shown
    assert b"\x1b" not in shown and b'"kind"' not in shown


def on_terminal(rollcall: Rollcall, *arguments: str, env: Mapping[str, str] | None = None) -> tuple[int, bytes]:
    """Exit status, and what both streams wrote to a terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        ["timeout", "60", *rollcall.arguments(*arguments)], env={**rollcall.environment, **(env or {})},
        cwd=rollcall.folder, stdin=theirs, stdout=theirs, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    shown = b""
    while True:
        try:
            chunk = os.read(ours, 65_536)
        except OSError:  # the last writer is gone
            break
        if not chunk:
            break
        shown += chunk
    os.close(ours)
    return process.wait(60), shown


SLOW = """
import time
class Plugin:
    name, settles = "slow", True
    def collect(self, context):
        time.sleep(1.5)
        return iter(())
    refresh = poll = watch = lambda self, *_: None
    def depends_on(self, context): return 1
"""


def test_a_look_of_over_a_second_says_so_on_a_terminal_and_nowhere_else(
    rollcall: Rollcall, root: Path, plugin: Callable[[str], str]
) -> None:
    env = {"PYTHONPATH": plugin(SLOW)}
    status, shown = on_terminal(rollcall, "--once", "--root", str(root), env=env)
    assert status == 0
    assert shown.startswith(b"rollcall: ") and b"AGENT" in shown
    assert rollcall("--once", "--root", root, env=env).stderr == b""


def test_names_from_files_cannot_steer_the_terminal(rollcall: Rollcall, place: Place, tmp_path: Path) -> None:
    evil = "a\x1b]0;owned\x07\x1b[2Jb\r\n\u202eCOMPLETE\u2028c\x9bd"
    config = {"mcpServers": {evil: {"command": evil, "args": [evil]}, "plain": {"url": "https://h.example/" + evil}}}
    root = place(tmp_path / "root", {"home/dev/.claude.json": config})
    status, shown = on_terminal(rollcall, "--once", "--color", "never", "--root", str(root))
    text = shown.decode()
    assert status == 0
    assert all(char.isprintable() or char in "\r\n" for char in text)
    assert len([line for line in text.splitlines() if line.startswith("claude-code ")]) == 2
    # A record a line, and no control character outside of an escape, whatever a name holds.
    outcome = rollcall.once(root)
    assert len(outcome.of("mcp_server")) == 2
    assert not [char for char in outcome.stdout.decode() if unicodedata.category(char) == "Cc" and char != "\n"]


def test_records_are_utf_8_whatever_the_locale_says(rollcall: Rollcall, place: Place, tmp_path: Path) -> None:
    root = place(tmp_path / "root", {"home/dev/.claude.json": {"mcpServers": {"名前-é": SERVER}}})
    for form in ("ndjson", "json", "table"):
        for encoding in ("ascii", "cp1252"):
            env = {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
            outcome = rollcall("--once", "--root", root, "--format", form, env=env)
            assert (outcome.status, outcome.stderr) == (0, b"")
            assert form == "table" or "名前-é" in outcome.stdout.decode()


def test_output_goes_to_a_private_file_and_leaves_stdout_empty(rollcall: Rollcall, root: Path, tmp_path: Path) -> None:
    target = tmp_path / "out" / "inventory.ndjson"
    target.parent.mkdir()
    target.write_text("old")
    target.chmod(0o666)
    outcome = rollcall("--once", "--root", root, "--output", target)
    assert (outcome.status, outcome.stdout, outcome.stderr) == (0, b"", b"")
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert json.loads(target.read_text().splitlines()[-1])["kind"] == "summary"
    assert list(target.parent.iterdir()) == [target]


def test_output_replaces_a_link_and_does_not_write_through_it(rollcall: Rollcall, root: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    link = tmp_path / "inventory.ndjson"
    link.symlink_to(victim)
    assert rollcall("--once", "--root", root, "--output", link).status == 0
    assert victim.read_text() == "precious"
    assert not link.is_symlink() and "summary" in link.read_text()


def test_a_reader_of_the_output_file_never_sees_half_of_it(rollcall: Rollcall, root: Path, tmp_path: Path) -> None:
    target, ended, seen = tmp_path / "inventory.ndjson", threading.Event(), []
    rollcall("--once", "--root", root, "--output", target)

    def read() -> None:
        while not ended.is_set():
            seen.append(json.loads(target.read_bytes().splitlines()[-1])["kind"])

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(5):
        assert rollcall("--once", "--root", root, "--output", target).status == 0
    ended.set()
    reader.join()
    assert set(seen) == {"summary"} and len(seen) > 100


def test_an_output_that_cannot_be_written_is_a_failure_in_one_line(rollcall: Rollcall, root: Path) -> None:
    missing = rollcall("--once", "--root", root, "--output", "/nowhere/at/all")
    assert missing.status == 1
    assert missing.stderr.count(b"\n") == 1 and b"/nowhere/at/all:" in missing.stderr


def test_a_full_disk_below_stdout_is_a_failure_in_one_line(rollcall: Rollcall, root: Path) -> None:
    with open("/dev/full", "wb") as full:
        command = rollcall.arguments("--once", "--root", root)
        done = subprocess.run(command, env=rollcall.environment, stdout=full, stderr=subprocess.PIPE, timeout=60)
    assert done.returncode == 1
    assert done.stderr.count(b"\n") == 1 and b"No space left" in done.stderr


def test_a_reader_that_goes_away_is_no_traceback(rollcall: Rollcall, place: Place, tmp_path: Path) -> None:
    many = {f"s{n}": SERVER for n in range(1500)}
    root = place(tmp_path / "root", {"home/dev/.claude.json": {"mcpServers": many}})
    process = subprocess.Popen(
        ["timeout", "60", *rollcall.arguments("--once", "--root", root)], env=rollcall.environment,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout and process.stderr
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(60) == 1


def test_a_scope_that_cannot_be_read_makes_the_run_partial_and_is_named(
    rollcall: Rollcall, root: Path, place: Place
) -> None:
    outcome = rollcall.once(place(root, BROKEN))
    assert outcome.status == 3
    assert outcome.records[-1]["status"] == "partial"
    assert outcome.servers.keys() == {"good"}
    (reason,) = outcome.of("diagnostic")
    assert (reason["path"], reason["code"], reason["line"]) == ("/home/dev/.cursor/mcp.json", "parse.json", 1)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--once", "--format", "xml"), ("--once", "--root", "/no/such/folder"), ("--nonsense",), ("frobnicate",),
        ("--once", "--root", "/etc/passwd"), ("--config", "/no/such/file", "--once"),
    ],
)  # fmt: skip
def test_wrong_usage_is_status_2_with_a_reason_and_no_data(rollcall: Rollcall, arguments: tuple[str, ...]) -> None:
    outcome = rollcall(*arguments)
    assert (outcome.status, outcome.stdout) == (2, b"")
    assert outcome.stderr and b"Traceback" not in outcome.stderr


def test_a_wrong_setting_is_status_2_and_named_by_line_and_key(tmp_path: Path, root: Path, rollcall: Rollcall) -> None:
    (rollcall.folder / "config.toml").write_text("[limits]\ndepth = 20\nfile_bytes = 'many'\n")
    outcome = rollcall.once(root)
    assert (outcome.status, outcome.stdout) == (2, b"")
    assert b"config.toml:3: limits.file_bytes" in outcome.stderr


def snapshot(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Every path below a folder with its mode, size and time of change."""
    return {
        str(path.relative_to(folder)): (status.st_mode, status.st_size, status.st_mtime_ns)
        for path in [folder, *folder.rglob("*")]
        for status in [path.lstat()]
    }


def test_it_leaves_nothing_behind(rollcall: Rollcall, shared: Path, tmp_path: Path) -> None:
    for client in ("claude", "copilot", "codex", "opencode"):
        shutil.copytree(shared / "clients" / client, tmp_path / "image/home" / client)
    folders = {name: tmp_path / name for name in ("image", "home", "temp", "cwd")}
    for folder in folders.values():
        folder.mkdir(exist_ok=True)
    env = {"HOME": str(folders["home"]), "TMPDIR": str(folders["temp"]), "PYTHONDONTWRITEBYTECODE": "1"}
    env |= {f"XDG_{name}_HOME": str(folders["home"] / name) for name in ("CACHE", "STATE", "CONFIG", "DATA")}
    before = {name: snapshot(folder) for name, folder in folders.items()}
    for arguments in (("--root", str(folders["image"])), ()):
        outcome = rollcall("--once", "--format", "json", *arguments, env=env, cwd=folders["cwd"])
        assert outcome.status in (0, 3)
        assert json.loads(outcome.stdout)[-1]["kind"] == "summary"
    assert {name: snapshot(folder) for name, folder in folders.items()} == before
    assert not rollcall.state.exists()


def test_links_and_dots_lead_nowhere_outside_the_root(rollcall: Rollcall, place: Place, tmp_path: Path) -> None:
    outside = place(tmp_path / "outside", {"mcp.json": {"mcpServers": {"escaped": SERVER}}})
    place(outside, {"proj/.mcp.json": {"mcpServers": {"escaped": SERVER}}})
    place(outside, {"home/.claude.json": {"mcpServers": {"escaped": SERVER}}})
    up = "../" * 30
    state = {
        str(outside / "proj"): {},
        f"/{up}{outside}/proj": {},
        up: {},
        "/home/dev/linked": {},
        "/": {},
        "/proc": {},
    }
    root = place(tmp_path / "root", HEALTHY | {"home/dev/.claude.json": {"projects": state, "mcpServers": {}}})
    plugins = {
        "plugins": {"p@m": [{"installPath": f"{outside}/proj"}], "q@m": [{"installPath": f"/{up}{outside}/proj"}]}
    }
    place(root, {"home/dev/.claude/plugins/installed_plugins.json": plugins})
    links = {
        "home/dev/.cursor/mcp.json": f"{outside}/mcp.json",
        "home/dev/.gemini/settings.json": f"{up}{outside}/mcp.json",
        "home/dev/.copilot": str(outside),
        "home/dev/linked": str(outside / "proj"),
        "home/eve": f"{outside}/home",
        "etc/passwd": "/etc/passwd",
        "home/dev/.vscode": f"..{outside}",
    }
    for name, target in links.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).symlink_to(target)
    outcome = rollcall.once(root)
    assert b"escaped" not in outcome.stdout
    assert outcome.status in (0, 3)
    assert [owner["owner"] for owner in outcome.of("owner")] == ["dev"]


def test_an_absolute_link_is_followed_inside_the_root(rollcall: Rollcall, place: Place, tmp_path: Path) -> None:
    root = place(tmp_path / "root", {"dotfiles/claude.json": {"mcpServers": {"good": SERVER}}})
    (root / "home/dev").mkdir(parents=True)
    (root / "home/dev/.claude.json").symlink_to("/dotfiles/claude.json")
    outcome = rollcall.once(root)
    assert outcome.status == 0
    assert outcome.servers["good"]["source"]["path"] == "/home/dev/.claude.json"


def test_records_name_paths_as_the_other_machine_sees_them(rollcall: Rollcall, root: Path, place: Place) -> None:
    place(root, BROKEN | {"home/dev/p/.mcp.json": {"mcpServers": {"in-project": SERVER}}, "home/dev/p/.git/HEAD": ""})
    outcome = rollcall.once(root)
    assert outcome.servers["in-project"]["project"] == "/home/dev/p"
    for form in ("ndjson", "table"):
        told = rollcall("--once", "--root", root, "--format", form)
        assert str(root).encode() not in told.stdout + told.stderr
    assert outcome.of("instance") == []
    assert {server["running"] for server in outcome.of("mcp_server")} == {None}


def test_accounts_of_an_image_come_from_its_passwd(rollcall: Rollcall, place: Place, tmp_path: Path) -> None:
    passwd = "root:x:0:0::/root:/bin/sh\nbuild:x:998:998::/srv/build:/bin/sh\nann:x:1000:1000::/data/ann:/bin/sh\n"
    config = {"mcpServers": {"good": SERVER}}
    homes = {f"{home}/.cursor/mcp.json": config for home in ("root", "srv/build", "data/ann", "home/left-over")}
    outcome = rollcall.once(place(tmp_path / "root", {"etc/passwd": passwd, **homes}))
    owners = {s["owner"]: s["source"]["path"] for s in outcome.of("mcp_server")}
    assert owners == {
        "root": "/root/.cursor/mcp.json",
        "build": "/srv/build/.cursor/mcp.json",
        "ann": "/data/ann/.cursor/mcp.json",
        "left-over": "/home/left-over/.cursor/mcp.json",
    }


LAYOUTS: dict[str, dict[str, Any]] = {
    "macos": {
        "Users/dev/Library/Application Support/Claude/claude_desktop_config.json": ("claude-desktop", "mcpServers"),
        "Users/dev/Library/Application Support/Code/User/mcp.json": ("vscode", "servers"),
        "Users/dev/.codeium/windsurf/mcp_config.json": ("windsurf", "mcpServers"),
    },
    "windows": {
        "Users/dev/AppData/Roaming/Claude/claude_desktop_config.json": ("claude-desktop", "mcpServers"),
        "Users/dev/AppData/Roaming/Code/User/mcp.json": ("vscode", "servers"),
        "Users/dev/.codeium/windsurf/mcp_config.json": ("windsurf", "mcpServers"),
    },
}


@pytest.mark.parametrize("system", LAYOUTS)
def test_images_of_other_systems_are_read_where_those_keep_things(
    rollcall: Rollcall, place: Place, tmp_path: Path, system: str
) -> None:
    drive = "C:/" if system == "windows" else "/"
    files = {path: {key: {agent: SERVER}} for path, (agent, key) in LAYOUTS[system].items()}
    projects = {"Users/dev/.claude.json": {"projects": {f"{drive}Users/dev/work": {}}, "mcpServers": {}}}
    projects |= {"Users/dev/code/.mcp.json": {"mcpServers": {"claude-code": SERVER}}}
    outcome = rollcall.once(place(tmp_path / "root", {**files, **projects}))
    assert outcome.status == 0, outcome.of("diagnostic")
    assert outcome.of("endpoint")[0]["os"] == system
    found = {s["source"]["path"]: s["agent"] for s in outcome.of("mcp_server") if s["agent"] == s["name"]}
    expected = {path: agent for path, (agent, _) in LAYOUTS[system].items()} | {
        "Users/dev/code/.mcp.json": "claude-code"
    }
    separator = "\\" if system == "windows" else "/"
    assert found == {(drive + path).replace("/", separator): agent for path, agent in expected.items()}
    assert {server["owner"] for server in outcome.of("mcp_server")} == {"dev"}


def give(path: Path, uid: int, mode: int) -> None:
    for part in [path, *path.rglob("*")]:
        os.chown(part, uid, uid)
    path.chmod(mode)


def test_an_unprivileged_run_is_complete_and_names_the_homes_out_of_reach(machine: Machine, place: Place) -> None:
    config = {".cursor/mcp.json": {"mcpServers": {"good": SERVER}}}
    place(machine.home, config)
    place(machine.home.parent / "closed", config)
    place(machine.home.parent / "open", config)
    give(machine.home, 54321, 0o700)
    give(machine.home.parent / "closed", 54322, 0o700)
    give(machine.home.parent / "open", 54323, 0o755)
    outcome = machine.rollcall_as_dev("--once", "--format", "ndjson")
    assert (outcome.status, outcome.stderr) == (0, b"")
    summary = outcome.records[-1]
    assert summary["status"] == "complete"
    assert "closed" in summary["out_of_reach"] and not {"dev", "open"} & set(summary["out_of_reach"])
    reach = {owner["owner"]: owner["reach"] for owner in outcome.of("owner")}
    assert (reach["dev"], reach["closed"], reach["open"]) == ("read", "out_of_reach", "read")
    assert {s["owner"] for s in outcome.of("mcp_server")} == {"dev", "open"}
    table = machine.rollcall_as_dev("--once", "--format", "table")
    assert b"Out of reach" in table.stdout and b"closed" in table.stdout


def test_the_same_machine_is_the_same_inventory_for_root(machine: Machine, place: Place) -> None:
    place(machine.home, {".cursor/mcp.json": {"mcpServers": {"good": SERVER}}})
    give(machine.home, 54321, 0o700)
    mine = machine.rollcall_as_dev("--once", "--format", "ndjson").servers["good"]
    roots = machine.rollcall().once()
    same = next(s for s in roots.of("mcp_server") if s["name"] == "good" and s["owner"] == "dev")
    assert same["id"] == mine["id"]
    assert roots.records[-1]["out_of_reach"] == []
