"""A Debian machine of our own that runs: systemd is its first process, the network is that of this machine."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.e2e.debian_root import BOOKWORM, ENVIRONMENT, System, debian, mirrors, skip_unless_possible

PACKAGES = ("systemd", "systemd-sysv", "dbus", "python3", "python3-venv", "ca-certificates")
# What a real machine grants to its services, and nspawn only on request.
CAPABILITIES = ("--capability=CAP_NET_ADMIN",)
NAMESPACES = ("--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--root", "--wd")


@dataclass(frozen=True)
class Booted:
    """The running machine."""

    root: Path
    nspawn: subprocess.Popen[bytes]

    def run(self, *command: str, check: bool = True) -> str:
        """Run a command inside as root; its output, both streams."""
        init = psutil.Process(self.nspawn.pid).children()[0].pid
        variables = [f"{name}={value}" for name, value in ENVIRONMENT.items()]
        done = subprocess.run(
            ["nsenter", "--target", str(init), *NAMESPACES, "env", "-i", *variables, *command],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=180,
        )  # fmt: skip
        assert done.returncode == 0 or not check, f"{command}: {done.returncode}\n{done.stdout[-4000:]}"
        return done.stdout

    def path(self, path: str) -> Path:
        """A path of that machine as seen from here; not for what it mounts, such as /tmp and /run."""
        return self.root / path.lstrip("/")

    def wait_for_boot(self) -> None:
        """Skips where nspawn gives up by itself: containers often lack what it needs."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if self.nspawn.poll() is not None:
                pytest.skip(f"systemd-nspawn does not run here: {self._console()}")
            if psutil.Process(self.nspawn.pid).children():
                state = self.run("systemctl", "is-system-running", "--wait", check=False).strip()
                if state in ("running", "degraded"):
                    return
            time.sleep(0.2)
        pytest.fail(f"did not boot: {self._console()}")

    def _console(self) -> str:
        return (self.root.parent / "console").read_text(errors="replace")[-2000:]


@contextmanager
def booted_debian(
    folder: Path,
    change: Callable[[Path], None] = lambda root: None,
    packages: Sequence[str] = PACKAGES,
    system: System = BOOKWORM,
) -> Iterator[Booted]:
    """A freshly booted machine below `folder`, with this checkout in /src; nothing is left of it afterwards. `change`
    gets its root before it boots."""
    skip_unless_possible("systemd-nspawn", "nsenter")
    root = debian(folder / "root", *packages, system=system)
    change(root)
    mounts = [f"--bind-ro={mirror}" for mirror in mirrors()]
    command = ["systemd-nspawn", "--quiet", f"--directory={root}", "--boot", "--register=no", "--keep-unit"]
    with (folder / "console").open("wb") as console:
        nspawn = subprocess.Popen(
            [*command, "--console=pipe", *CAPABILITIES, *mounts],
            stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT,
        )  # fmt: skip
    machine = Booted(root, nspawn)
    try:
        machine.wait_for_boot()
        yield machine
    finally:
        _end(nspawn)
        shutil.rmtree(root)


def _end(nspawn: subprocess.Popen[bytes]) -> None:
    """SIGTERM lets nspawn shut the machine down in order."""
    nspawn.terminate()
    try:
        nspawn.wait(30)
    except subprocess.TimeoutExpired:
        nspawn.kill()
        nspawn.wait()
