"""The journal's head, kept beside the database: a database that was put back, cut or lost does not fit it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

_SIZE = 128


class KnownHead(NamedTuple):
    """What was committed last, as far as the file could still be written: never ahead of the database."""

    chain: str
    seq: int
    hash: bytes


class HeadFile:
    """One line of fixed length, written in place after each commit: it costs a system call, and may lag behind."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def read(self) -> KnownHead | None:
        """None where there is none, or where what there is says nothing."""
        try:
            chain, seq, digest = self._path.read_text(encoding="ascii").split()
            return KnownHead(chain, int(seq), bytes.fromhex(digest))
        except (OSError, ValueError):
            return None

    def write(self, head: KnownHead) -> None:
        """Not forced to the disk, and no reason to fail: an older head is nearly as good."""
        line = f"{head.chain} {head.seq:020} {head.hash.hex()}".ljust(_SIZE - 1) + "\n"
        with suppress(OSError):
            if self._descriptor is None:
                flags = os.O_WRONLY | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
                self._descriptor = os.open(self._path, flags, 0o600)
            os.lseek(self._descriptor, 0, os.SEEK_SET)
            os.write(self._descriptor, line.encode())

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
