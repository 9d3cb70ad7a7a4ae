"""Small machines with an account for each combination, on which the real client runs as that account's user.

A process gets the machine's `/home`, and its `/etc` before ours, in a mount namespace of its own; so paths in files
mean the same to the client and to `rollcall --root`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.conformance.combination import Behaviour, Combination, Files

REPOSITORY = Path(__file__).resolve().parents[2]
PROBE_SERVER = Path(__file__).with_name("probe_server.py")
FIRST_UID = 54_400

# Whoever is killed takes along all that was started: no client outlives its test. The shell stays
# the first process of its namespace: one that becomes another user forgets whose end it waits for.
_WITH_US = ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
_ENTER = """
mount --bind "$0/home" /home && mount -t overlay -o lowerdir="$0/etc:/etc" none /etc &&
uid=$1 && cd "$2" && shift 2 && setpriv --reuid=$uid --regid=$uid --clear-groups env -i "$@"
exit $?
"""


def missing() -> str:
    """Why there can be no such machines here; empty where there can."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return "needs root, to give each client a home and an account of its own"
    if not all(map(shutil.which, ("unshare", "setpriv"))):
        return "needs util-linux"
    tried = subprocess.run(
        ["unshare", "--mount", "mount", "-t", "overlay", "-o", "lowerdir=/etc:/usr", "none", "/mnt"],
        capture_output=True,
    )
    return "" if tried.returncode == 0 else "may not make mount namespaces here"


# Nothing listens there: whoever wants more than loopback learns at once that there is none.
_NOWHERE = "http://127.0.0.1:9"
_OFFLINE = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "npm_config_registry"), _NOWHERE)
_OFFLINE |= dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,localhost")


@dataclass(frozen=True)
class Place:
    """Where one combination lives: an account of a machine and a project of it."""

    machine: Machine
    owner: str
    uid: int
    project: str

    @property
    def home(self) -> str:
        return f"/home/{self.owner}"

    def run(self, command: list[str], env: Mapping[str, str], timeout: float = 300) -> subprocess.CompletedProcess[str]:
        """A command of the account's user, in the project."""
        line = self._line(command, env)
        return subprocess.run(line, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout)

    def start(self, command: list[str], env: Mapping[str, str]) -> subprocess.Popen[bytes]:
        """The same, running on."""
        line = self._line(command, env)
        quiet = {"stdin": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.Popen(line, **quiet, stdout=subprocess.PIPE, start_new_session=True)

    def _line(self, command: list[str], env: Mapping[str, str]) -> list[str]:
        words = {
            "HOME": self.home,
            "USER": self.owner,
            "LANG": "C.UTF-8",
            "TMPDIR": f"{self.home}/tmp",
            **_OFFLINE,
            **env,
        }
        given = [f"{name}={value}" for name, value in words.items()]
        enter = ["sh", "-c", _ENTER, str(self.machine.root), str(self.uid), self.project]
        return [*_WITH_US, *enter, *given, *command]

    def marks(self, pattern: str) -> list[str]:
        """What the stars of a pattern stand for in the names of the home's files."""
        head, _, tail = pattern.partition("*")
        found = (self.machine.root / self.home[1:]).glob(pattern)
        return sorted(path.name.removeprefix(head).removesuffix(tail) for path in found)

    @property
    def folder(self) -> Path:
        """The project as seen from here."""
        return self.machine.root / self.project[1:]


def headless(place: Place, command: list[str], env: Mapping[str, str]) -> tuple[Behaviour, str]:
    """What a run against the model did without asking, the servers that it started, and its output."""
    try:
        done = place.run(command, env)
    except subprocess.TimeoutExpired:
        return Behaviour(refused="it does not end"), ""
    if "Done." not in done.stdout:
        return Behaviour(refused=(done.stdout + done.stderr)[-300:] or f"status {done.returncode}"), done.stdout
    unasked = {"command"} if place.marks("command*-ran") else set()
    unasked |= {"edit"} if (place.folder / "edited.txt").exists() else set()
    unasked |= {"server"} if place.marks("called-*") else set()
    return Behaviour(unasked=frozenset(unasked), servers=dict.fromkeys(place.marks("started-*"), "stdio")), done.stdout


@dataclass
class Machine:
    """A root folder: `/etc` and one home an account."""

    root: Path
    accounts: dict[str, int] = field(default_factory=dict)

    def place(self, combination: Combination, shared_with: Place | None = None) -> Place:
        """Room for a combination: an account of its own, or one more project of another's."""
        if shared_with is None:
            owner, uid = f"dev{len(self.accounts):03}", FIRST_UID + len(self.accounts)
            self.accounts[owner] = uid
            number = 0
        else:
            owner, uid = shared_with.owner, shared_with.uid
            number = len(list((self.root / f"home/{owner}").glob("proj*")))
        place = Place(self, owner, uid, f"/home/{owner}/proj{number}")
        if shared_with is None:
            write(
                self.root / place.home[1:],
                place,
                combination.home | {"tmp/.keep": "", "probe.py": PROBE_SERVER.read_text()},
            )
        own = {".git/HEAD": "ref: refs/heads/main\n", "note": '#!/bin/sh\ntouch "$HOME/$1-ran"\n'}
        write(self.root / place.project[1:], place, {**own, **combination.project})
        (self.root / place.project[1:] / "note").chmod(0o755)
        subprocess.run(["chown", "-R", f"{uid}:{uid}", str(self.root / place.home[1:])], check=True)
        return place

    def settle(self, etc: Files, package: Path) -> None:
        """The rest of the machine: accounts, `/etc`, and the client's package, from which its version is known."""
        rows = [f"{owner}:x:{uid}:{uid}::/home/{owner}:/bin/sh\n" for owner, uid in self.accounts.items()]
        passwd = {"passwd": "root:x:0:0::/root:/bin/sh\n" + "".join(rows)}
        write(self.root / "etc", None, {**etc, **passwd})
        name = "/".join(package.parts[package.parts.index("node_modules") :])
        write(self.root / "usr/lib", None, {f"{name}/package.json": (package / "package.json").read_text()})

    def rollcall(self) -> list[dict[str, object]]:
        """Everything that Rollcall says of this machine."""
        state = self.root.with_name(f"{self.root.name}-state")
        env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY), "HOME": str(state), "LANG": "C.UTF-8"}
        command = (
            sys.executable,
            "-m",
            "agent",
            "--once",
            "--root",
            str(self.root),
            "--format",
            "ndjson",
            "--no-deliver",
        )
        done = subprocess.run(
            command, env=env, cwd=self.root, stdin=subprocess.DEVNULL, capture_output=True, timeout=120
        )
        assert done.returncode in (0, 3), done.stderr.decode()[-2000:]
        return [json.loads(line) for line in done.stdout.splitlines()]


def write(folder: Path, place: Place | None, files: Files) -> None:
    """Files below a folder, with the place's own paths filled in."""
    for name, content in files.items():
        text = content if isinstance(content, str) else json.dumps(content)
        if place:
            text = text.replace("{home}", place.home).replace("{project}", place.project)
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
