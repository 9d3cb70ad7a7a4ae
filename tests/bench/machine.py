"""The machine that is measured: one account with a home of its own, processes that sleep, a daemon.

The daemon reads all homes of the account database and all processes, so the benchmark runs in namespaces in which the
account database, /home and the process table are its own: no account is made, nothing of others is read or slows it,
nothing is left behind. The kernel tells no process events in there: the daemon only sweeps. What events cost and the
thread that takes them are missing from the numbers then; with the machine's own process table they are included, and
so is the work that processes of others make.
"""

from __future__ import annotations

import compileall
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
HOME = Path("/home/bench")
UID = 1000
SIX_IMPORTS = "import psutil, watchdog.observers, httpx, pydantic, structlog, platformdirs"
_INSIDE = "ROLLCALL_BENCH_NAMESPACE"
_ACCOUNTS = f"root:x:0:0:root:/nonexistent:/bin/sh\nbench:x:{UID}:{UID}::{HOME}:/bin/sh\n"


def enter_private_namespaces(processes: bool = True) -> None:
    """Run this program again in a mount namespace and, if asked, a process namespace of its own, and set them up."""
    if sys.platform != "linux" or os.geteuid() != 0 or shutil.which("unshare") is None:
        sys.exit("the benchmarks need Linux, root and unshare")
    namespace = os.readlink("/proc/self/ns/mnt")
    outside = os.environ.get(_INSIDE)
    if outside is None:
        own = ["unshare", "--mount", "--propagation", "private"]
        if processes:
            own += ["--pid", "--fork", "--kill-child", "--mount-proc"]
        command = [*own, sys.executable, "-m", "tests.bench", *sys.argv[1:]]
        os.environ[_INSIDE] = namespace
        os.chdir(REPOSITORY)
        os.execvp(command[0], command)
    if outside == namespace:
        sys.exit("unshare gave no namespaces")
    with tempfile.NamedTemporaryFile("w") as accounts:
        accounts.write(_ACCOUNTS)
        accounts.flush()
        os.chmod(accounts.name, 0o644)
        subprocess.run(["mount", "--bind", accounts.name, "/etc/passwd"], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/home"], check=True)


def compile_all() -> None:
    """As a package ships it: compiled; an import that has to compile is another measurement, in time and in memory."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    for package in ("agent", "collectors"):
        compileall.compile_dir(REPOSITORY / package, quiet=2)


@contextmanager
def sleepers(count: int) -> Iterator[None]:
    """So many processes that do nothing."""
    running = [subprocess.Popen(["sleep", "1000000"]) for _ in range(count)]
    try:
        yield
    finally:
        for process in running:
            process.kill()
        for process in running:
            process.wait()


@contextmanager
def folder() -> Iterator[Path]:
    """An empty folder on the disk, for state and settings."""
    with tempfile.TemporaryDirectory(prefix="rollcall-bench-") as path:
        yield Path(path)


def settings(place: Path, more: str = "") -> Path:
    """A settings file that keeps all state in `place`."""
    file = place / "config.toml"
    file.write_text(f'[state]\ndir = "{place}/state"\n[log]\nlevel = "warning"\n{more}')
    return file


def rollcall(config: Path, *arguments: str) -> list[str]:
    """The command, run from this checkout by this interpreter."""
    return [sys.executable, "-m", "agent", "--config", str(config), *arguments]


@contextmanager
def daemon(
    config: Path, start: Callable[[list[str]], subprocess.Popen[bytes]] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A running daemon, ready when this returns; `start` begins it in another way."""
    command = rollcall(config, "run")
    process = start(command) if start else subprocess.Popen(command, cwd=REPOSITORY)
    try:
        wait_until((config.parent / "state/status.json").exists, process)
        yield process
    finally:
        process.terminate()
        process.wait(20)


def wait_until(holds: object, process: subprocess.Popen[bytes], seconds: float = 60.0) -> None:
    """Wait for a condition that a process brings about."""
    assert callable(holds)
    deadline = time.monotonic() + seconds
    while not holds():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"not ready (exit status {process.poll()})")
        time.sleep(0.02)
