"""How much work something does, counted and not timed: a count is the same on every machine, however busy it is."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

LINEAR = 4.6
"""By what `growth` may exceed one, at most, where four times as much is four times the work: some sort, too."""


def steps(work: Callable[[], object]) -> int:
    """Lines of Python that `work` runs in this thread, and its calls of Python and of C.

    What happens within one call of C is not seen: the length of a regular expression's search, say, or of `in` a list.
    """
    count = 0

    def hear(frame: FrameType, event: str, argument: Any) -> Callable[[FrameType, str, Any], Any]:
        nonlocal count
        count += event in ("line", "call", "c_call")
        return hear

    before = sys.gettrace(), sys.getprofile()
    sys.setprofile(hear)
    sys.settrace(hear)
    try:
        work()
    finally:
        sys.settrace(before[0])
        sys.setprofile(before[1])
    return count


def growth(prepared: Callable[[int], Callable[[], object]], few: int) -> float:
    """How many times the steps four times as much takes; `prepared` makes ready the work on so much."""
    prepared(1)()  # what is done but once is done
    return steps(prepared(4 * few)) / steps(prepared(few))


@contextmanager
def ends(seconds: float = 60) -> Iterator[None]:
    """Nothing in it takes for ever: a limit that only a hang reaches, on a slow and busy machine too."""
    start = time.process_time()
    try:
        yield
    finally:
        taken = time.process_time() - start
        assert taken < seconds, f"{taken:.1f} s of processor time"
