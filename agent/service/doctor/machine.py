"""Rights, watch limits, clock and disk: what the machine gives to Rollcall."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from agent.service.doctor.answer import Answer, error, ok, warning
from agent.service.doctor.running import Running
from agent.service.room import fault, is_short

_CAPABILITIES = {
    2: ("CAP_DAC_READ_SEARCH", "files of other accounts are not read"),
    19: ("CAP_SYS_PTRACE", "processes of other accounts are not looked into"),
}
_FULL = 0.8
_UNSYNCHRONISED = 0x0040
_ADJTIMEX_BYTES = 512
"""More than the kernel's `struct timex` on any machine."""


def look(running: Running) -> Iterator[Answer]:
    """One answer for each; those that another system does not have are left out."""
    if sys.platform == "linux":
        yield _rights(running)
        yield _watches(running)
        yield _clock()
    yield _disk(running.folder)


def _rights(running: Running) -> Answer:
    whose = "the daemon" if running.pid else "this command"
    status = Path(f"/proc/{running.pid or 'self'}/status")
    try:
        lines = status.read_text(encoding="ascii", errors="replace").splitlines()
        effective = next(int(line.split()[1], 16) for line in lines if line.startswith("CapEff:"))
    except (OSError, StopIteration):
        return warning("rights", f"{status} could not be read", "run this as root")
    lacks = [f"{name} ({loss})" for bit, (name, loss) in _CAPABILITIES.items() if not effective >> bit & 1]
    if not lacks:
        return ok("rights", f"{whose} may read all accounts and see all processes")
    remedy = "grant them in the unit, or run as root" if running.pid else "run this as root"
    return warning("rights", f"{whose} lacks {', '.join(lacks)}", remedy)


def _watches(running: Running) -> Answer:
    about, limits = "watch limits", Path("/proc/sys/fs/inotify")
    try:
        most = int((limits / "max_user_watches").read_text())
        used = _used_watches(running.pid) if running.pid else 0
    except (OSError, ValueError):
        return warning(about, "could not be read", "run this as root")
    if used > most * _FULL:
        more = f"sysctl fs.inotify.max_user_watches={most * 2}, and keep it in /etc/sysctl.d"
        return warning(about, f"{used} of {most} folders that may be watched are", more)
    return ok(about, f"{used} of {most} folders that may be watched are")


def _used_watches(pid: int) -> int:
    folder = Path(f"/proc/{pid}/fdinfo")
    return sum(
        line.startswith("inotify ")
        for entry in folder.iterdir()
        for line in entry.read_text(errors="replace").splitlines()
    )


def _clock() -> Answer:
    """Whether the kernel's clock is kept by something: a signed journal with wrong times is of less use."""
    import ctypes

    state = ctypes.create_string_buffer(_ADJTIMEX_BYTES)
    known = ctypes.CDLL(None, use_errno=True).adjtimex(state)
    status = ctypes.c_int.from_buffer(state, 5 * ctypes.sizeof(ctypes.c_long)).value
    if known < 0:
        return warning("clock", "the kernel does not say whether it is kept", "see `timedatectl`")
    if status & _UNSYNCHRONISED:
        return warning("clock", "not synchronised", "switch on a time service: `timedatectl set-ntp true`")
    return ok("clock", "synchronised")


def _disk(folder: Path) -> Answer:
    place = next((part for part in (folder, *folder.parents) if part.exists()), Path("/"))
    free = shutil.disk_usage(place).free
    said = f"{free / 1e6:,.0f} MB free for {folder}"
    if failed := fault(place):
        return error("disk", f"{place}: {failed}", "check the disk (`dmesg`, fsck): nothing can be kept before that")
    if is_short(place):
        return error("disk", said, "make room: heartbeats are not journaled any more, soon nothing is")
    if not os.access(place, os.W_OK):
        return warning("disk", f"{said}, which this account may not write", "run this as root")
    return ok("disk", said)
