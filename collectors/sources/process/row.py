"""One process as the system shows it."""

from __future__ import annotations

import functools
import time
from typing import NamedTuple, Protocol

from collectors.sources.process.words import weigh


class ProcessRow(NamedTuple):
    """One process as the system shows it. All text is valid Unicode; what could not be decoded is replaced."""

    pid: int
    started: float
    """Seconds since the epoch; the same at every reading by one `ProcessTable`."""
    start_ticks: int
    """Start in the system's own unit, which no later setting of the clock moves: with `pid` the identity."""
    ppid: int
    uid: int | None
    """Real user id; None on Windows."""
    euid: int | None
    owner: str | None
    """Account name of the real user."""
    name: str
    """What the kernel calls it (on Linux at most 15 bytes, and free to be a lie)."""
    exe: str | None
    """Path of the program file, also when it was replaced or deleted since; None without the right to see it."""
    argv: tuple[str, ...]
    """Raw: it may hold secrets and must be redacted before it leaves this process. As `words.kept` leaves it; empty
    where it may not be read."""
    cwd: str | None

    @property
    def weight(self) -> int:
        """Bytes that its texts take here."""
        return sum(map(weigh, (*self.argv, self.exe, self.cwd)))


class ProcessKey(NamedTuple):
    """What tells two processes apart that were given the same id one after the other."""

    pid: int
    start_ticks: int


class Source(Protocol):
    """One operating system's processes."""

    def marks(self) -> dict[int, int]: ...

    def age(self, row: ProcessRow) -> float: ...

    def row(self, pid: int) -> ProcessRow | None: ...


def account_name(uid: int) -> str | None:
    """The account of a user id, None when nobody has it; asked again every ten minutes, for it may ask a network."""
    return _account_name(uid, int(time.monotonic() // 600))


@functools.lru_cache(maxsize=1024)
def _account_name(uid: int, _period: int) -> str | None:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return None
