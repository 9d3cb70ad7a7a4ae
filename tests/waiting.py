"""Waiting for something to become true."""

from __future__ import annotations

import time
from collections.abc import Callable


def wait_for(truth: Callable[[], object], seconds: float = 60) -> bool:
    """Whether it became true in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if truth():
            return True
        time.sleep(0.02)
    return False
