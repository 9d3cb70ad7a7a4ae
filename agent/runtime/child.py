"""Starts one of Rollcall's own modules as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import IO


def start(
    module: str,
    stdin: int | IO[bytes],
    stdout: int | IO[bytes],
    stderr: int | None = None,
    keep: tuple[int, ...] = (),
) -> subprocess.Popen[bytes]:
    """The very modules that this process runs, and none from the folder it happens to be in. It holds the
    descriptors `keep` under their numbers. Raises `OSError`."""
    return subprocess.Popen(  # noqa: S603 - this interpreter and a module of ours
        [sys.executable, "-P", *["-OO"] * (sys.flags.optimize > 1), "-m", module],
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        pass_fds=keep,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
