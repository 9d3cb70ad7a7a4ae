"""The same daemon where a machine has little to give: few watches and descriptors, a disk that is full again and again.

`ROLLCALL_SOAK_SECONDS` sets another time than an hour. Nothing may be lost that was to be known at the end.
"""

from __future__ import annotations

import ctypes
import json
import os
import re
import resource
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tests.bench import home, machine
from tests.bench.bench_soak import changing, drifts, edit_and_measure
from tests.bench.table import Row

_PROJECTS = 100
"""Each changes so often that the journal puts most changes together, and none waits long at the end."""
_WATCHES = 60
"""A third of the folders that there are to watch; of the others a look at everything tells, twice a minute here."""
_DESCRIPTORS = 20
_DISK = "size=32m,mode=700"
"""Room for what is kept, and for as much again while it is cut."""
_FULL_EVERY, _FULL_FOR = 60.0, 20.0
_NEW_USER_NAMESPACE = 0x10000000
_ENTER = f'read mapped; exec sh -c \'echo {_WATCHES} >/proc/sys/user/max_inotify_watches; exec "$@"\' sh "$@"'


def run(quick: bool) -> list[Row]:
    """Watches that are refused, a full disk for a third of the time, descriptors that just suffice."""
    seconds = 30.0 if quick else float(os.environ.get("ROLLCALL_SOAK_SECONDS", "3600"))
    home.make(machine.HOME, machine.UID, _PROJECTS)
    more = '[journal]\nkeep_bytes = 6_291_456\n[collect]\ndisabled = ["sessions", "actions"]\nreconcile_seconds = 30\n'
    with machine.folder() as place, _small_disk(place / "state") as state:
        config = machine.settings(place, more)
        with machine.daemon(config, _start) as daemon:
            points = edit_and_measure(daemon.pid, state, seconds, _Filler(state).work)
            (state / "filler").unlink(missing_ok=True)
            caught_up = _until_all_is_known(state / "journal.db", daemon)
            alive = daemon.poll() is None
        verified = subprocess.run(machine.rollcall(config, "audit", "verify"), cwd=machine.REPOSITORY).returncode
    return [
        *drifts(points, seconds),
        Row("most descriptors", max(point.descriptors for point in points), "", goal=_DESCRIPTORS),
        Row("until all is known after the last full disk", caught_up, "s", goal=120),
        Row("faults: ended, or a journal that does not verify", float(not alive) + float(verified != 0), "", goal=1),
    ]


@contextmanager
def _small_disk(folder: Path) -> Iterator[Path]:
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", _DISK, "state", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def _start(command: list[str]) -> subprocess.Popen[bytes]:
    """In a user namespace of its own, whose number of watches is limited, with few descriptors."""
    process = subprocess.Popen(
        ["sh", "-c", _ENTER, "sh", *command], cwd=machine.REPOSITORY, stdin=subprocess.PIPE, preexec_fn=_confine
    )
    for kind in ("uid", "gid"):
        Path(f"/proc/{process.pid}/{kind}_map").write_text("0 0 4294967295")
    assert process.stdin
    process.stdin.write(b"\n")
    process.stdin.close()
    return process


def _confine() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (_DESCRIPTORS, _DESCRIPTORS))
    if ctypes.CDLL(None, use_errno=True).unshare(_NEW_USER_NAMESPACE):
        raise OSError(ctypes.get_errno(), "no user namespace")


class _Filler:
    """Fills the disk, and gives it back."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "filler"

    def work(self, seconds: float) -> None:
        """What is due at this time."""
        full = seconds % _FULL_EVERY > _FULL_EVERY - _FULL_FOR
        if not full:
            self._path.unlink(missing_ok=True)
            return
        with self._path.open("ab", buffering=0) as file:
            try:
                while file.write(bytes(65_536)):
                    pass
            except OSError:
                return


def _until_all_is_known(journal: Path, daemon: subprocess.Popen[bytes]) -> float:
    """Seconds until the daemon's inventory holds the servers that the files do."""
    began = time.monotonic()
    machine.wait_until(lambda: _known(journal) == _configured(), daemon, 300)
    return time.monotonic() - began


def _configured() -> set[tuple[str, str, str]]:
    return {
        (str(file), name, entry["args"][0])
        for file in changing()
        for name, entry in json.loads(file.read_text())["servers"].items()
    }


def _known(journal: Path) -> set[tuple[str, str, str]]:
    with closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True, timeout=10)) as connection:
        records = [json.loads(text) for (text,) in connection.execute("SELECT record FROM inventory")]
    servers = [record for record in records if record["kind"] == "mcp_server"]
    return {
        (server["source"]["path"], server["name"], server["args"][0])
        for server in servers
        if re.search(r"/src/p\d+/[.]vscode/mcp[.]json$", server["source"]["path"])
    }
