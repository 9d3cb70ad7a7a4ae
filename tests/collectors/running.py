"""Real processes for tests: interpreters in crafted places, with crafted command lines."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from collectors.sources.process.row import ProcessRow
from collectors.sources.process.table import ProcessTable

WAIT = "import time; time.sleep(60)"
WAIT_JS = "setInterval(() => {}, 1000)\n"


def needs(program: str) -> str:
    """The path of a program; tests that need one that is not here are skipped."""
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"needs {program}")
    return path


class Processes:
    """Starts processes and ends them."""

    def __init__(self) -> None:
        self.started: list[subprocess.Popen[bytes]] = []

    def __call__(self, *argv: str | Path, cwd: Path | None = None, program: str | Path | None = None,
                 env: dict[str, str] | None = None) -> int:  # fmt: skip
        """Its process id, once it runs what it was told to."""
        words = [str(word) for word in argv]
        child = subprocess.Popen(
            words, executable=str(program) if program else None, cwd=cwd, env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        self.started.append(child)
        eventually(lambda: child.poll() is not None or self.row(child.pid).argv[-1:] == tuple(words[-1:]))
        return child.pid

    def row(self, pid: int) -> ProcessRow:
        row = ProcessTable().row(pid)
        assert row is not None, "the process has ended"
        return row

    def end(self, pid: int) -> None:
        child = next(child for child in self.started if child.pid == pid)
        child.kill()
        child.wait()

    def end_all(self) -> None:
        for child in self.started:
            # Also what it started: each leads a session and process group of its own.
            with_group(child)
            child.wait()


def with_group(child: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(child.pid, 9)
    except ProcessLookupError:
        child.kill()


@contextmanager
def processes() -> Iterator[Processes]:
    started = Processes()
    try:
        yield started
    finally:
        started.end_all()


def eventually(question: Callable[[], object], seconds: float = 60) -> None:
    """Waits until something is true; fails when it does not become so."""
    deadline = time.monotonic() + seconds
    while not question():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.02)


def node_package(folder: Path, name: str, script: str = WAIT_JS, file: str = "dist/index.js") -> Path:
    """A package in a `node_modules` tree; the path of its script."""
    path = folder / "node_modules" / name / file
    path.parent.mkdir(parents=True)
    path.write_text(script)
    (folder / "node_modules" / name / "package.json").write_text(f'{{"name": "{name}", "version": "1.0.0"}}')
    return path


def python_as(path: Path) -> Path:
    """This interpreter as a program of another name or place (a copy: a link would still be the interpreter's)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(os.path.realpath(sys.executable), path)
    return path
