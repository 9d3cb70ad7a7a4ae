"""Packages as the build command makes them, once in a run of tests, whichever file asks first."""

from __future__ import annotations

import fcntl
import os
import subprocess
from pathlib import Path

import pytest

from tests.e2e.debian_root import REPOSITORY, skip_unless_possible

VERSION = "0.9.0"


def build(output: Path, format: str, version: str) -> Path:
    """The folder of what one run of the build command wrote."""
    options = ["--compression", "gzip", "--version", version, "--output", output]
    # A time of its own, the same for all: the checkout may lie there without its history.
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}
    done = subprocess.run(
        [REPOSITORY / "packaging/build", format, *options], env=environment, stdin=subprocess.DEVNULL,
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return output


def built(factory: pytest.TempPathFactory) -> Path:
    """The folder with deb and rpm of `VERSION`."""
    skip_unless_possible("apt-get", "dpkg-deb")
    place = factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        place = place.parent  # what all workers share
    finished = place / "packages"
    with (place / "packages.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not finished.exists():
            build(place / "packages.unfinished", "all", VERSION).rename(finished)
    return finished


def architecture() -> str:
    """As Debian calls it."""
    return subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True).stdout.strip()
