"""The real command as a process: once, as a daemon, on this machine or on a small private one."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY))
COMMAND = (sys.executable, "-m", "agent")

Record = dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What one run of the command said."""

    status: int
    stdout: bytes
    stderr: bytes

    @property
    def records(self) -> list[Record]:
        return [json.loads(line) for line in self.stdout.splitlines()]

    def of(self, kind: str) -> list[Record]:
        return [record for record in self.records if record["kind"] == kind]

    @property
    def servers(self) -> dict[str, Record]:
        """Definitions by name; no two may share one."""
        servers = self.of("mcp_server")
        by_name = {server["name"]: server for server in servers}
        assert len(by_name) == len(servers)
        return by_name


@dataclass(frozen=True)
class Rollcall:
    """The command with settings and state of its own."""

    folder: Path
    prefix: tuple[str, ...] = ()
    """Words before the command, to run it as someone else or elsewhere."""
    settings: str = ""
    home: str = ""

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "home").mkdir(exist_ok=True)
        (self.folder / "config.toml").write_text(f'[state]\ndir = "{self.state}"\n{self.settings}')

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def environment(self) -> dict[str, str]:
        home = self.home or str(self.folder / "home")
        return {"PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY), "HOME": home, "LANG": "C.UTF-8"}

    def arguments(self, *arguments: str | Path) -> list[str]:
        return [*self.prefix, *COMMAND, "--config", str(self.folder / "config.toml"), *map(str, arguments)]

    def __call__(
        self, *arguments: str | Path, env: Mapping[str, str] | None = None, cwd: Path | None = None, timeout: float = 60
    ) -> Outcome:
        done = subprocess.run(
            self.arguments(*arguments),
            env={**self.environment, **(env or {})},
            cwd=cwd or self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    def once(self, root: Path | None = None, *more: str | Path, timeout: float = 60) -> Outcome:
        where = ("--root", root) if root else ()
        return self("--once", *where, "--format", "ndjson", *more, timeout=timeout)

    def daemon(self, env: Mapping[str, str] | None = None) -> Daemon:
        """Started; ready to be asked once the first snapshot is in its journal."""
        self.folder.joinpath("stderr").touch()
        with (self.folder / "stdout").open("wb") as out, (self.folder / "stderr").open("wb") as err:
            process = subprocess.Popen(
                self.arguments("run"), env={**self.environment, **(env or {})}, cwd=self.folder,
                stdin=subprocess.DEVNULL, stdout=out, stderr=err,
            )  # fmt: skip
        daemon = Daemon(self, process)
        daemon.wait_for(lambda entries: any(entry["op"] == "snapshot_end" for entry in entries))
        return daemon


@dataclass
class Daemon:
    """A running daemon and its journal."""

    rollcall: Rollcall
    process: subprocess.Popen[bytes]

    @property
    def pid(self) -> int:
        """The daemon's own process, below whatever word of the prefix started it."""
        pid = self.process.pid
        for _ in self.rollcall.prefix:
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            pid = int(children[0]) if children else pid
        return pid

    def entries(self) -> list[Record]:
        path = self.rollcall.state / "journal.db"
        if not path.exists():
            return []
        try:
            journal = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
            rows = journal.execute("SELECT body FROM entries ORDER BY seq").fetchall()
        except sqlite3.OperationalError:
            return []
        journal.close()
        return [json.loads(row[0]) for row in rows]

    def wait_for(self, seen: Callable[[list[Record]], object], seconds: float = 60) -> list[Record]:
        """The journal as soon as it fulfils a condition."""
        deadline = time.monotonic() + seconds
        while not seen(entries := self.entries()):
            assert self.process.poll() is None, (self.rollcall.folder / "stderr").read_text()[-2000:]
            assert time.monotonic() < deadline, [(e["op"], e["record"]["kind"]) for e in entries[-20:] if e["record"]]
            time.sleep(0.05)
        return entries

    def stop(self) -> int:
        """SIGTERM, and the exit status."""
        subprocess.run(["kill", str(self.pid)], check=False)
        return self.process.wait(60)


@pytest.fixture
def rollcall(tmp_path: Path) -> Rollcall:
    return Rollcall(tmp_path / "rollcall")


def place(root: Path, files: Mapping[str, str | bytes | object]) -> Path:
    """Files below a root: text, bytes, or anything else as JSON."""
    for name, content in files.items():
        path = root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content if isinstance(content, str) else json.dumps(content))
    return root


@pytest.fixture(name="place")
def _place() -> Callable[[Path, Mapping[str, str | bytes | object]], Path]:
    return place


@pytest.fixture
def plugin(tmp_path: Path) -> Callable[[str], str]:
    """Installs the text of a module, whose `Plugin` is a third-party collector; returns the PYTHONPATH to find it."""

    def install(text: str) -> str:
        folder = tmp_path / "plugin"
        info = folder / "rollcall_thirdparty-1.0.dist-info"
        place(folder, {"rollcall_thirdparty.py": text})
        place(info, {"METADATA": "Metadata-Version: 2.1\nName: rollcall-thirdparty\nVersion: 1.0\n"})
        place(info, {"entry_points.txt": "[rollcall.collectors]\nthirdparty = rollcall_thirdparty:Plugin\n"})
        return f"{REPOSITORY}:{folder}"

    return install


UID = 54321


@dataclass
class Machine:
    """A private process table, `/home` and account list in namespaces of their own; the rest is this machine's.

    All its processes end with it, and nothing of it is left in the account database or on the disk.
    """

    folder: Path
    keeper: subprocess.Popen[bytes]
    init: int
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def home(self) -> Path:
        """The home of its user as seen from here."""
        return Path(f"/proc/{self.init}/root/home/dev")

    @property
    def enter(self) -> tuple[str, ...]:
        return ("nsenter", "--target", str(self.init), "--mount", "--pid", "--wdns=/")

    def rollcall(self, settings: str = "") -> Rollcall:
        return Rollcall(self.folder / "rollcall", self.enter, settings)

    def lay_open(self, folder: Path) -> None:
        """Let all its accounts enter a folder that lies in a closed one, of which they see nothing else."""
        closed = next((above for above in reversed(folder.parents) if not above.stat().st_mode & 0o001), None)
        if closed:
            cover = "mkdir $3 && mount --bind $1 $3 && mount -t tmpfs -o mode=755 none $2"
            script = f"{cover} && mkdir -p $1 && mount --move $3 $1"
            words = [str(path) for path in (folder, closed, self.folder / "open")]
            subprocess.run([*self.enter, "sh", "-c", script, "sh", *words], check=True)

    def as_dev(self, env: Mapping[str, str], *command: str, cwd: str = "/home/dev") -> list[str]:
        """The command line that runs a command as the user, with this environment only."""
        user = ("setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups")
        words = [f"{name}={value}" for name, value in {"HOME": "/home/dev", "PATH": "/usr/bin:/bin", **env}.items()]
        return [*self.enter[:-1], f"--wdns={cwd}", *user, "env", "-i", *words, *command]

    def rollcall_as_dev(self, *arguments: str) -> Outcome:
        """The command with the user's rights, by an interpreter that every account may run."""
        packages = next(path for path in sys.path if path.endswith("site-packages"))
        env = {"PYTHONPATH": f"{REPOSITORY}:{packages}"}
        for python in (sys.executable, "/usr/bin/python3"):
            command = self.as_dev(env, python, "-m", "agent")
            if subprocess.run([*command, "--version"], capture_output=True, timeout=60).returncode == 0:
                done = subprocess.run([*command, *arguments], capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
                return Outcome(done.returncode, done.stdout, done.stderr)
        pytest.skip("no Python interpreter here that other accounts may run")

    def run(self, env: Mapping[str, str], *command: str, cwd: str = "/home/dev") -> str:
        done = subprocess.run(
            self.as_dev(env, *command, cwd=cwd), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(
        self, env: Mapping[str, str], *command: str, cwd: str = "/home/dev", stdin: int = subprocess.PIPE
    ) -> subprocess.Popen[bytes]:
        """A process of the user; its standard input stays open until the machine ends."""
        log = (self.folder / f"process-{len(self.started)}.log").open("wb")
        process = subprocess.Popen(self.as_dev(env, *command, cwd=cwd), stdin=stdin, stdout=log, stderr=log)
        log.close()
        self.started.append(process)
        return process


_SET_UP = """
mount -t tmpfs -o mode=755 none /home && mkdir /home/dev && chown {uid}:{uid} /home/dev &&
mount --bind {folder}/passwd /etc/passwd && echo ready && exec sleep infinity
"""


@pytest.fixture
def machine(tmp_path: Path, as_root: None) -> Iterator[Machine]:
    if not all(map(shutil.which, ("unshare", "nsenter", "setpriv"))):
        pytest.skip("needs util-linux")
    accounts = Path("/etc/passwd").read_text()
    (tmp_path / "passwd").write_text(f"{accounts}dev:x:{UID}:{UID}::/home/dev:/bin/sh\n")
    script = _SET_UP.format(uid=UID, folder=tmp_path)
    space = ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child", "sh", "-c", script]
    keeper = subprocess.Popen(space, stdout=subprocess.PIPE)
    assert keeper.stdout
    if keeper.stdout.readline() != b"ready\n":
        keeper.kill()
        pytest.skip("may not make namespaces here")
    init = int(Path(f"/proc/{keeper.pid}/task/{keeper.pid}/children").read_text())
    made = Machine(tmp_path, keeper, init)
    yield made
    keeper.kill()
    for process in (keeper, *made.started):
        process.wait()
