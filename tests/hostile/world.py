"""A small machine in namespaces: root's daemon, accounts that attack, and bob, who works."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
UIDS = {"alice": 61001, "bob": 61002, "carol": 61003, "dave": 61004, "erin": 61005}
ATTACKERS = tuple(name for name in UIDS if name != "bob")
SECONDS = float(os.environ.get("ROLLCALL_HOSTILE_SECONDS", "0"))
"""How long each scenario goes on; 0: as long as it takes to show its point once."""
QUICK = "[collect]\nprocess_seconds = 0.5\nsocket_seconds = 1\n[daemon]\nheartbeat_seconds = 2\n"
MOST_RESIDENT = 128 * 1024
"""Kilobytes that the daemon may take, whatever users do."""

Record = dict[str, Any]

_SET_UP = """
mount -t tmpfs -o mode=755 none /home && mkdir -m 700 /home/root &&
while IFS=: read -r name x uid rest; do
[ $uid = 0 ] || {{ mkdir -m 755 /home/$name && chown $uid:$uid /home/$name; }} || exit 1
done <{folder}/passwd && chmod 700 /home/bob &&
ip link set lo up &&
mount --bind {folder}/passwd /etc/passwd && echo ready && exec sleep infinity
"""


@dataclass
class World:
    """Namespaces of their own for mounts, processes and the network; all its processes end with it."""

    folder: Path
    keeper: subprocess.Popen[bytes]
    init: int
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def rollcall(self) -> tuple[str, ...]:
        """The words that start the command."""
        return _ROLLCALL

    def home(self, user: str) -> Path:
        """A home as it is seen from outside."""
        return Path(f"/proc/{self.init}/root/home/{user}")

    def put(self, user: str, files: Mapping[str, object]) -> None:
        """Files in a home, whole at once, owned by the account: text, bytes, or anything else as JSON."""
        for name, content in files.items():
            path = self.home(user) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            partial = path.with_name(f".{path.name}.partial")
            if isinstance(content, bytes):
                partial.write_bytes(content)
            else:
                partial.write_text(content if isinstance(content, str) else json.dumps(content))
            partial.rename(path)
        self.own(user)

    def write(self, user: str, name: str, content: object) -> None:
        """One file of an account's, whole at once; nothing else in its home is touched."""
        path = self.home(user)
        for part in Path(name).parent.parts:
            path /= part
            if not path.exists():
                path.mkdir()
                os.chown(path, UIDS[user], UIDS[user])
        partial = path / f".{Path(name).name}.partial"
        partial.write_text(content if isinstance(content, str) else json.dumps(content))
        os.chown(partial, UIDS[user], UIDS[user])
        partial.rename(path / Path(name).name)

    def own(self, user: str) -> None:
        subprocess.run(["chown", "-hR", f"{UIDS[user]}:{UIDS[user]}", str(self.home(user))], check=True)

    def command(self, user: str, *words: str) -> list[str]:
        """What runs a command with the rights of a user (root: of the daemon)."""
        rights = (f"--reuid={UIDS[user]}", f"--regid={UIDS[user]}", "--clear-groups") if user != "root" else ()
        inside = ("nsenter", "--target", str(self.init), "--mount", "--pid", "--net", "--wdns=/")
        return [*inside, *(("setpriv", *rights) if rights else ()), *words]

    def start(self, user: str, *words: str, env: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            self.command(user, *words), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={"PATH": os.environ["PATH"], **(env or {})},
        )  # fmt: skip
        self.started.append(process)
        return process

    def python(self, user: str, text: str, *words: str) -> subprocess.Popen[bytes]:
        """A script of a user's, run by an interpreter that every account may run."""
        return self.start(user, "/usr/bin/python3", "-c", text, *words)

    def once(self, seconds: float = 60) -> list[Record]:
        """What `rollcall --once` says as root."""
        done = subprocess.run(
            self.command("root", *_ROLLCALL, "--once", "--format", "ndjson"),
            env=_ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, check=False,
        )  # fmt: skip
        assert done.returncode in (0, 3), done.stderr.decode()[-2000:]
        return [json.loads(line) for line in done.stdout.splitlines()]

    @contextmanager
    def daemon(self, settings: str = QUICK) -> Iterator[Daemon]:
        """A running daemon of root's, done with its first look."""
        daemon = Daemon(self, settings)
        daemon.start()
        try:
            yield daemon
        finally:
            daemon.kill()


_ROLLCALL = (sys.executable, "-m", "agent")
_ENVIRONMENT = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LANG": "C.UTF-8"}


class Daemon:
    """One state folder with a daemon that works in it."""

    def __init__(self, world: World, settings: str) -> None:
        self.world = world
        self.folder = world.folder / "daemon"
        self.state = self.folder / "state"
        self.folder.mkdir(exist_ok=True)
        (self.folder / "config.toml").write_text(f'[state]\ndir = "{self.state}"\n{settings}')
        self.arguments = (*_ROLLCALL, "--config", str(self.folder / "config.toml"))
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, seconds: float = 60) -> None:
        log = (self.folder / "log").open("ab")
        words = self.world.command("root", *self.arguments, "run")
        self.process = subprocess.Popen(words, env=_ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.wait(lambda: b"daemon.started" in (self.folder / "log").read_bytes(), seconds)

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self) -> int:
        """Of the daemon itself, below the word that entered the namespaces."""
        assert self.process
        return int(Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()[0])

    @property
    def highest(self) -> int:
        """The largest resident set so far, in kilobytes."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))

    @property
    def processor(self) -> float:
        """Seconds of processor time so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def entries(self) -> list[Record]:
        return [json.loads(body) for body in self.bodies()]

    def bodies(self, after: int = 0) -> list[bytes]:
        """Entries as they stand in the journal, without the first so many."""
        try:
            journal = sqlite3.connect(f"file:{self.state}/journal.db?mode=ro", uri=True, timeout=60)
            rows = journal.execute("SELECT body FROM entries WHERE seq > ? ORDER BY seq", (after,)).fetchall()
            journal.close()
        except sqlite3.OperationalError:
            return []
        return [body.encode() if isinstance(body, str) else body for (body,) in rows]

    def journaled(self, kind: str) -> list[Record]:
        """Records of a kind as they came into the journal."""
        found = (entry["record"] for entry in self.entries())
        return [record for record in found if record and record["kind"] == kind]

    def codes(self) -> set[str]:
        return {record["code"] for record in self.journaled("diagnostic")}

    def sees(self, name: str) -> bool:
        """Whether a server of this name has come into the journal."""
        return any(server["name"] == name for server in self.journaled("mcp_server"))

    def follows_bob(self, name: str, seconds: float = 60) -> None:
        """Bob takes up a new server, and soon it is in the journal."""
        self.world.put("bob", {".claude.json": {"mcpServers": {name: {"command": "npx", "args": [name]}}}})
        self.wait(lambda: self.sees(name), seconds)

    def status(self) -> str:
        done = subprocess.run(
            self.world.command("root", *self.arguments, "status"), env=_ENVIRONMENT, capture_output=True, check=False
        )
        return done.stdout.decode() + done.stderr.decode()

    def wait(self, condition: Callable[[], object], seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            log = (self.folder / "log").read_text()[-1500:]
            assert self.alive, log
            assert time.monotonic() < deadline, log
            time.sleep(0.1)

    def stop(self, seconds: float = 60) -> int:
        """SIGTERM, and the exit status."""
        assert self.process
        os.kill(self.pid, 15)
        return self.process.wait(seconds)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """It stands still, and with it the word that entered the namespaces."""
        assert self.process
        pid = self.pid
        os.kill(pid, signal.SIGSTOP)
        yield
        os.kill(pid, signal.SIGCONT)
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        if self.alive and self.process:
            os.kill(self.pid, 9)
            self.process.wait(60)


@contextmanager
def made(folder: Path) -> Iterator[World]:
    """A world; the test is skipped where none can be made."""
    if os.geteuid() != 0 or not all(map(shutil.which, ("unshare", "nsenter", "setpriv"))):
        pytest.skip("needs root and util-linux")
    accounts = ["root:x:0:0::/home/root:/bin/sh"]
    accounts += [f"{name}:x:{uid}:{uid}::/home/{name}:/bin/sh" for name, uid in UIDS.items()]
    (folder / "passwd").write_text("\n".join(accounts) + "\n")
    space: Sequence[str] = ("unshare", "--mount", "--pid", "--net", "--fork", "--mount-proc", "--kill-child")
    script = _SET_UP.format(folder=folder)
    keeper = subprocess.Popen([*space, "sh", "-c", script], stdout=subprocess.PIPE)
    assert keeper.stdout
    if keeper.stdout.readline() != b"ready\n":
        keeper.kill()
        pytest.skip("may not make namespaces here")
    init = int(Path(f"/proc/{keeper.pid}/task/{keeper.pid}/children").read_text())
    world = World(folder, keeper, init)
    try:
        yield world
    finally:
        keeper.kill()
        for process in (keeper, *world.started):
            process.wait()
