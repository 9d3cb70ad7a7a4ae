"""A real PostgreSQL for a test: a cluster of its own, on a Unix socket only, run by an account without rights."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from glob import glob
from pathlib import Path

import pytest

_PROGRAMS = "/usr/lib/postgresql/*/bin"
_SETTINGS = (
    "listen_addresses=",
    "fsync=off",
    "shared_buffers=8MB",
    "max_connections=12",
    "dynamic_shared_memory_type=mmap",
)
_ACCOUNT = 65534


@contextmanager
def postgresql() -> Iterator[str]:
    """The address of its database, until the context ends."""
    programs = max(glob(_PROGRAMS), default="")
    if not programs or not importlib.util.find_spec("psycopg"):
        pytest.skip("needs PostgreSQL, which is large")
    # A socket's path is short, and every folder above it must be open to the account.
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    try:
        account = {"user": _ACCOUNT, "group": _ACCOUNT, "extra_groups": []} if os.geteuid() == 0 else {}
        if account:
            os.chown(folder, _ACCOUNT, _ACCOUNT)
        made = [f"{programs}/initdb", "--pgdata", folder / "data", "--username=receiver", "--auth=trust"]
        more = ["--locale=C", "--encoding=UTF8", "--no-sync", "--no-instructions"]
        subprocess.run([*made, *more], cwd=folder, check=True, capture_output=True, **account)
        settings = [word for setting in _SETTINGS for word in ("-c", setting)]
        command = [f"{programs}/postgres", "-D", folder / "data", "-k", folder, *settings]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, **account)
        try:
            yield _ready(f"postgresql:///postgres?host={folder}&user=receiver", server, folder / "log")
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(60)
    finally:
        shutil.rmtree(folder)


def _ready(address: str, server: subprocess.Popen[bytes], log: Path) -> str:
    import psycopg

    deadline = time.monotonic() + 60
    while True:
        try:
            psycopg.connect(address).close()
            return address
        except psycopg.OperationalError:
            assert server.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
