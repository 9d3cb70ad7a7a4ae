"""What the daemon's own rights could be turned to: others' files, its children, its folders, its settings."""

import json
import os
import subprocess
from pathlib import Path

from tests.hostile.world import _ENVIRONMENT, QUICK, World

TARGET = '[[target]]\nurl = "http://127.0.0.1:9/"\nbackoff_cap = 0.5\n'


def test_a_link_in_alices_folder_tells_root_nothing_she_could_not_read(world: World) -> None:
    secret = world.home("root") / "secret.json"
    secret.write_text(json.dumps({"mcpServers": {"stolen": {"command": "x"}}}))
    secret.chmod(0o600)
    world.put("alice", {"p/.git/HEAD": "x", "p/.cursor/mcp.json": {"mcpServers": {"hers": {"command": "x"}}}})
    for name, target in {
        ".mcp.json": "/home/root/secret.json",
        "CLAUDE.md": "/etc/shadow",
        "AGENTS.md": "/etc/gshadow",
    }.items():
        (world.home("alice") / "p" / name).symlink_to(target)
    world.own("alice")
    (world.home("root") / ".claude.json").write_text(json.dumps({"projects": {"/home/alice/p": {}}}))
    found = [record for record in world.once() if record["owner"] == "root"]
    assert [record["name"] for record in found if record["kind"] == "mcp_server"] == ["hers"]
    assert not [record for record in found if record["kind"] == "artifact"]
    codes = {Path(record["path"]).name: record["code"] for record in found if record["kind"] == "diagnostic"}
    assert codes[".mcp.json"] == codes["CLAUDE.md"] == "file.not_owners"


def test_what_a_file_of_alices_names_is_looked_at_with_no_more_than_her_rights(world: World) -> None:
    private = world.home("root") / "private"
    (private / "proj").mkdir(parents=True)
    (world.home("root")).chmod(0o700)
    (private / "secret.sh").write_text("#!/bin/sh\necho secret\n")
    (private / "proj" / ".mcp.json").write_text(json.dumps({"mcpServers": {"stolen": {"command": "x"}}}))
    world.put("bob", {"private/proj/.mcp.json": {"mcpServers": {"stolen": {"command": "x"}}}})
    scripts = {
        "direct": {"command": "/home/root/private/secret.sh"},
        "argument": {"command": "sh", "args": ["/home/root/private/secret.sh"]},
        "relative": {"command": "../../root/private/secret.sh"},
        "own": {"command": "/home/alice/p/own.sh"},
    }
    folders = [{"path": "/home/bob/private/proj"}, {"path": "../../bob/private/proj"}, {"path": "/home/alice/q"}]
    world.put(
        "alice",
        {
            "p/.git/HEAD": "x",
            "p/own.sh": "#!/bin/sh\n",
            "p/.mcp.json": {"mcpServers": scripts},
            "p/all.code-workspace": {"folders": folders},
            "q/.mcp.json": {"mcpServers": {"hers": {"command": "x"}}},
        },
    )
    (world.home("root") / ".claude.json").write_text(json.dumps({"projects": {"/home/alice/p": {}}}))
    servers = [record for record in world.once() if record["kind"] == "mcp_server" and record["owner"] == "root"]
    assert {server["name"] for server in servers if server["project"] != "/home/root/private/proj"} == {
        *scripts,
        "hers",
    }
    told = {server["name"]: server["launch_file"] for server in servers if server["name"] in scripts}
    assert told["own"]["content_hash"]
    assert not any(told[name] for name in ("direct", "argument", "relative"))


def test_no_process_of_the_daemons_has_its_rights(world: World) -> None:
    with world.daemon(QUICK + TARGET) as daemon:
        folder = Path(f"/proc/{daemon.pid}/task")
        daemon.wait(lambda: any(tasks.read_text() for tasks in folder.glob("*/children")))
        children = [pid for tasks in folder.glob("*/children") for pid in tasks.read_text().split()]
        assert children
        for pid in children:
            status = dict(
                line.split(":\t") for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line
            )
            assert {int(status[name], 16) for name in ("CapEff", "CapPrm", "CapAmb")} == {0}


def test_files_of_the_state_folder_are_its_owners_alone(world: World) -> None:
    with world.daemon() as daemon:
        assert daemon.state.stat().st_mode & 0o777 == 0o700
        modes = {path.name: path.stat().st_mode & 0o777 for path in daemon.state.iterdir()}
        own = {name for name, mode in modes.items() if mode == 0o600}
        assert {"lock", "pulse", "journal.db", "status.json"} <= own
        assert not any(mode & 0o022 for mode in modes.values())


def refused(world: World, config: Path) -> tuple[int, str]:
    words = world.command("root", *world.rollcall, "--config", str(config), "run")
    done = subprocess.run(words, env=_ENVIRONMENT, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stderr


def test_settings_and_state_that_others_can_change_are_refused(world: World) -> None:
    config = world.folder / "config.toml"
    config.write_text(f'[state]\ndir = "{world.folder}/state"\n')
    config.chmod(0o666)
    assert refused(world, config) == (2, f"not used: {config} can be written to by others (mode 0666): chmod go-w it\n")
    config.chmod(0o644)
    (world.folder / "state").mkdir(mode=0o700)
    os.chown(world.folder / "state", 61001, 61001)
    status, said = refused(world, config)
    assert status != 0 and "belongs to user id 61001" in said
    (world.folder / "state").rmdir()
    (world.folder / "state").symlink_to("/home/alice")
    status, said = refused(world, config)
    assert status != 0 and "/home/alice belongs to user id 61001" in said
