"""A process shut away: namespaces and a user of its own, an empty home, and bounds on all it can use. Linux only."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from typing import Final

import psutil

from agent.probe.conversation import ProbeError
from agent.probe.enter import NO_SANDBOX
from agent.probe.messages import Question
from agent.runtime.capabilities import sandboxing_lent

MEMORY: Final = 1 << 30
"""Bytes that all processes of a server may hold together."""
PROCESSES: Final = 64
"""How many they may be."""
_SECONDS: Final = 10.0


class Sandbox:
    """One server in its sandbox."""

    def __init__(self, question: Question) -> None:
        """Start it. Raises `ProbeError`."""
        if sys.platform != "linux":
            raise ProbeError("there is no sandbox for programs on this system: only remote servers can be asked")
        self._root = tempfile.mkdtemp(prefix="rollcall-probe-")
        taken, given = os.pipe()
        command = [sys.executable, "-P", "-m", "agent.probe.enter", str(taken), self._root]
        try:
            self.process = subprocess.Popen(  # noqa: S603 - this interpreter and a module of ours
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=(taken,),
                start_new_session=True,
                env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PATH": os.defpath},
            )
            with os.fdopen(given, "w") as spec:
                json.dump(asdict(question), spec)
        except OSError as error:
            raise ProbeError(f"no sandbox can be started: {error.strerror}") from None
        finally:
            os.close(taken)

    def overuse(self) -> str:
        """What of the bounds it passes, in words; empty: nothing."""
        try:
            inside = psutil.Process(self.process.pid).children(recursive=True)
        except psutil.Error:
            return ""
        if len(inside) > PROCESSES:
            return f"it started more than {PROCESSES} processes"
        held = 0
        for process in inside:
            try:
                held += process.memory_info().rss
            except psutil.Error:
                continue
        return f"it took more than {MEMORY >> 20} MB of memory" if held > MEMORY else ""

    def close(self) -> None:
        """End everything in it: with the first process of a process namespace all others end."""
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream:
                stream.close()
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        shutil.rmtree(self._root, ignore_errors=True)


@cache
def obstacle() -> str:
    """Why this process can make no sandbox, as a service may be forbidden to; empty: it can."""
    try:
        with sandboxing_lent():
            sandbox = Sandbox(Question("stdio", argv=("true",)))
    except ProbeError as error:
        return str(error)
    try:
        _, said = sandbox.process.communicate(timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        return ""
    finally:
        sandbox.close()
    words = said.decode(errors="replace").removeprefix("sandbox: ").strip()
    return words if sandbox.process.returncode == NO_SANDBOX else ""
