"""Compiled files for the whole tree: the service cannot write any, and each start would pay for that."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from target import PREFIX, Target


def compile_tree(tree: Path, target: Target) -> None:
    """Without docstrings, which take two megabytes of the daemon; believed without a look at the source's time."""
    environment = {**os.environ, "PYTHONHASHSEED": "0", "SOURCE_DATE_EPOCH": str(target.made_at)}
    command = [sys.executable, "-I", "-m", "compileall", "-q", "-o", "2", "--invalidation-mode", "unchecked-hash"]
    paths = ["-s", str(tree), "-p", PREFIX, str(tree / "lib")]
    # In one process, in one order: what is written depends on what was compiled before.
    done = subprocess.run([*command, *paths], env=environment, stdout=subprocess.DEVNULL, stderr=sys.stderr)
    assert done.returncode == 0, "not everything could be compiled"
