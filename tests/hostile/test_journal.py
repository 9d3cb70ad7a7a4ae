"""The journal under the hands of somebody with root's rights, and on a disk without room."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import time
from pathlib import Path

from tests.hostile.world import Daemon, Record, World


def audit(daemon: Daemon, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        daemon.world.command("root", *daemon.arguments, "audit", *words), capture_output=True, text=True, check=False
    )


def first(daemon: Daemon) -> Record:
    """The record of the first entry."""
    return daemon.entries()[0]["record"]


def journal_files(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.name.startswith("journal.db")]


def seen_again(daemon: Daemon, name: str) -> None:
    """A new server reaches a journal that verifies."""
    daemon.follows_bob(name)
    time.sleep(0.5)
    done = audit(daemon, "verify")
    assert done.returncode == 0, done.stdout


def test_a_journal_deleted_while_it_is_in_use_is_named_by_a_new_one(world: World) -> None:
    with world.daemon() as daemon:
        before = daemon.entries()
        for path in journal_files(daemon.state):
            path.unlink()
        seen_again(daemon, "after")
        named = first(daemon)["replaces"]
        assert named["chain"] == before[0]["chain"]
        assert named["head_seq"] >= len(before)
        assert "deleted" in named["reason"]
        assert "journal.replaced" in daemon.codes()


def test_a_folder_deleted_while_it_is_in_use_is_made_again_with_its_lock(world: World) -> None:
    with world.daemon() as daemon:
        shutil.rmtree(daemon.state)
        seen_again(daemon, "after")
        assert first(daemon)["replaces"]["reason"]
        second = subprocess.run(
            world.command("root", *daemon.arguments, "run"), capture_output=True, text=True, timeout=60, check=False
        )
        assert second.returncode == 1, "the lock of the new folder holds too"


def test_an_older_copy_put_in_its_place_is_set_aside(world: World) -> None:
    with world.daemon() as daemon:
        shutil.copytree(daemon.state, daemon.folder / "older")
        daemon.follows_bob("between")
        for path in journal_files(daemon.folder / "older"):
            shutil.copy(path, daemon.state / "new")
            os.replace(daemon.state / "new", daemon.state / path.name)
        seen_again(daemon, "after")
        named = first(daemon)["replaces"]
        assert "replaced" in named["reason"]
        assert (daemon.state / named["kept_as"]).exists()
        assert daemon.sees("after")


def test_one_put_back_while_the_daemon_is_down_is_noticed_at_the_start(world: World) -> None:
    with world.daemon() as daemon:
        shutil.copytree(daemon.state, daemon.folder / "older")
        daemon.follows_bob("between")
        assert daemon.stop() == 0
        for path in journal_files(daemon.state):
            path.unlink()
        for path in journal_files(daemon.folder / "older"):
            shutil.copy(path, daemon.state)
        done = audit(daemon, "verify")
        assert done.returncode == 1
        assert "an older state" in done.stdout
        (daemon.folder / "log").write_bytes(b"")
        daemon.start()
        seen_again(daemon, "after")
        assert "older state" in first(daemon)["replaces"]["reason"]


def test_random_bytes_in_the_middle_are_told_and_stop_nobody(world: World) -> None:
    with world.daemon() as daemon:
        daemon.follows_bob("before")
        assert daemon.stop() == 0
        path, head = daemon.state / "journal.db", len(daemon.bodies())
        with path.open("r+b") as file:
            for part in (0.3, 0.5, 0.7):
                file.seek(int(path.stat().st_size * part))
                file.write(os.urandom(3000))
        done = audit(daemon, "verify")
        assert done.returncode == 1, done.stdout
        (daemon.folder / "log").write_bytes(b"")
        daemon.start()
        world.put("bob", {".claude.json": {"mcpServers": {"after": {"command": "npx", "args": ["after"]}}}})
        daemon.wait(lambda: is_told(daemon, head), 30)


def is_told(daemon: Daemon, head: int) -> bool:
    """Whether "after" came into the journal: a new one, or the old one where what is damaged is needed by nobody."""
    try:
        return daemon.sees("after")
    except sqlite3.DatabaseError:
        return any(b'"after"' in body for body in daemon.bodies(head))


def test_a_full_disk_shows_in_status_and_is_told_afterwards(world: World) -> None:
    disk = world.folder / "daemon" / "state"
    disk.mkdir(parents=True)
    mount = ("mount", "-t", "tmpfs", "-o", "size=4m,mode=700", "none", str(disk))
    assert subprocess.run(world.command("root", *mount), check=False).returncode == 0
    inside = Path(f"/proc/{world.init}/root{disk}")
    with world.daemon() as daemon:
        daemon.wait(lambda: (inside / "status.json").exists())
        # The shell's own `cat` stops where there is no room.
        subprocess.run(world.command("root", "sh", "-c", f"cat /dev/zero > {disk}/filler"), check=False, stderr=-3)
        world.put("bob", {".claude.json": {"mcpServers": {"full": {"command": "npx", "args": ["full"]}}}})
        daemon.wait(lambda: "NOT JOURNALED" in daemon.status())
        assert '"full"' not in audit(daemon, "show", "--format", "ndjson").stdout
        (inside / "filler").unlink()
        daemon.wait(lambda: '"full"' in audit(daemon, "show", "--format", "ndjson").stdout)
        told = audit(daemon, "show", "--op", "notice").stdout
        assert "journal.gap: since" in told
        assert "disk full" in told
        daemon.wait(lambda: "NOT JOURNALED" not in daemon.status())
        assert audit(daemon, "verify").returncode == 0
