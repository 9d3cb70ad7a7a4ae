"""The process that delivers, as the daemon starts it, with its own clock and its own idea of which names there are."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import timedelta
from glob import glob
from pathlib import Path

import pytest

from agent.delivery.messages import DeliveryJob
from agent.delivery.settings import TargetSettings
from agent.runtime.logs import LogSettings
from tests.receivers.nginx import NAME

ENDPOINT = "e" * 32
_PRIVATE = 'mount --bind "$1" /etc/hosts && mount --bind "$2" /etc/resolv.conf && shift 2 && exec "$@"'
_LIBRARY = "/usr/lib/*/faketime/libfaketimeMT.so.1"


@dataclass
class Sending:
    """Start, kill, start again, over the same journal."""

    folder: Path
    journal: Path
    settings: TargetSettings
    stdout: int | None = None
    """Where a target that writes to standard output does so."""
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._library = next(iter(glob(_LIBRARY)), "")
        if not (self._library and shutil.which("unshare")):
            pytest.skip("needs faketime and unshare")
        self.folder.mkdir()
        (self.folder / "resolv.conf").write_text("nameserver 127.0.0.1\n")
        self.resolves(True)
        self.clock(timedelta())

    def start(self) -> None:
        job = DeliveryJob(
            journal=str(self.journal), endpoint_id=ENDPOINT, targets=(self.settings,), log=LogSettings(),
            stdout=self.stdout, linger=3600,
        )  # fmt: skip
        seen = [str(self.folder / "hosts"), str(self.folder / "resolv.conf")]
        command = ["unshare", "--mount", "sh", "-c", _PRIVATE, "sh", *seen, sys.executable, "-m", "agent.delivery"]
        fake = {
            "LD_PRELOAD": self._library,
            "FAKETIME_TIMESTAMP_FILE": str(self.folder / "clock"),
            "FAKETIME_NO_CACHE": "1",
            # As on a machine whose clock is set: the steady one goes on as it did.
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        kept = () if self.stdout is None else (self.stdout,)
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command, env={**os.environ, **fake}, stdin=subprocess.PIPE, stdout=log, stderr=log, pass_fds=kept
            )
        assert self.process.stdin
        self.process.stdin.write(job.line())
        self.process.stdin.flush()

    def wake(self) -> None:
        """There is something new in the journal."""
        assert self.process and self.process.stdin
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        if self.process:
            assert self.process.stdin
            self.process.kill()
            self.process.wait()
            self.process.stdin.close()
            self.process = None

    def clock(self, offset: timedelta) -> None:
        """Set its clock to so much before or behind ours, while it runs."""
        new = self.folder / "clock.new"
        new.write_text(f"{offset.total_seconds():+.0f}\n")
        new.replace(self.folder / "clock")

    def resolves(self, known: bool) -> None:
        """Whether there is an address for the name of the receiver."""
        names = f"127.0.0.1 localhost {NAME if known else ''}\n"
        # In place: what is mounted over the system's own file is this one.
        with (self.folder / "hosts").open("a+") as file:
            file.truncate(0)
            file.write(names)
