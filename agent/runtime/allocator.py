"""How the C library gives memory back that is no longer used."""

from __future__ import annotations

import contextlib
import sys

_MMAP_THRESHOLD, _ARENA_MAX = -3, -8
"""Names of mallopt(3) in glibc's malloc.h."""
_LARGE = 256 * 1024


def give_back_large_blocks() -> None:
    """Have each large block go back to the system when it is freed, for the life of this process.

    By default glibc learns from the first freed block of 16 MB, a file that was read whole, to keep up to 32 MB of
    those that follow.
    """
    if sys.platform == "linux":
        import ctypes

        with contextlib.suppress(AttributeError, OSError):
            libc = ctypes.CDLL(None)
            libc.mallopt(_MMAP_THRESHOLD, _LARGE)
            libc.mallopt(_ARENA_MAX, 2)
