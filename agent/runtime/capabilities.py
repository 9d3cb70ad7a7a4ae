"""Linux capabilities: the daemon's stay its own, and no process that it starts inherits one."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SET_SECUREBITS, _SET_NO_NEW_PRIVS, _CAP_AMBIENT = 28, 38, 47
"""Operations of prctl(2), as are those of PR_CAP_AMBIENT below."""
_RAISE, _LOWER, _CLEAR_ALL = 2, 3, 4
_NO_ROOT = 0b1111
"""SECBIT_NOROOT and SECBIT_NO_SETUID_FIXUP, both locked: a program that root starts has no more rights than others."""
_DAC_OVERRIDE, _DAC_READ_SEARCH, _SETGID, _SETUID, _NET_ADMIN, _SYS_ADMIN = 1, 2, 6, 7, 12, 21
_SANDBOXING = 1 << _DAC_READ_SEARCH | 1 << _SETGID | 1 << _SETUID | 1 << _NET_ADMIN | 1 << _SYS_ADMIN
_CAPABILITIES_V3 = 0x20080522


def privileged() -> bool:
    """Whether this process may do more than the account it runs as, or that account is root."""
    if sys.platform == "win32":
        return False
    import os

    return os.geteuid() == 0 or _effective() != 0


def reads_all_accounts() -> bool:
    """Whether this process may read the files of every account."""
    if sys.platform == "win32":
        import ctypes

        return bool(ctypes.windll.shell32.IsUserAnAdmin())
    import os

    if sys.platform == "linux":
        return bool(_effective() & (1 << _DAC_READ_SEARCH | 1 << _DAC_OVERRIDE))
    return os.geteuid() == 0


def keep_from_children() -> None:
    """From now on a process that this thread, or a later one, starts has no capabilities, whoever runs it.

    Nothing happens elsewhere than on Linux, nor where the kernel refuses: then there is none to give away.
    """
    _prctl(_CAP_AMBIENT, _CLEAR_ALL)
    # Root without capabilities is an account like any other: it could not run what lies in another's closed home.
    if all(_is_open(path) for path in (Path(sys.executable), Path(__file__))):
        _prctl(_SET_SECUREBITS, _NO_ROOT)
    _prctl(_SET_NO_NEW_PRIVS, 1)


@contextmanager
def reading_lent(needed: bool) -> Iterator[None]:
    """A process that this thread starts meanwhile may read every file, where that is `needed` and this one may."""
    if needed:
        _prctl(_CAP_AMBIENT, _RAISE, _DAC_READ_SEARCH)
    try:
        yield
    finally:
        if needed:
            _prctl(_CAP_AMBIENT, _LOWER, _DAC_READ_SEARCH)


@contextmanager
def sandboxing_lent() -> Iterator[None]:
    """A process that this thread starts meanwhile may make namespaces, mount in them and become another account, where
    this one may. It has to give that away itself before it starts anything that is not ours."""
    lent = _SANDBOXING & _permitted() if sys.platform == "linux" else 0
    before = _of_status("CapInh") if lent else 0
    if lent:
        _inherit(lent)
    try:
        yield
    finally:
        if lent:
            _prctl(_CAP_AMBIENT, _CLEAR_ALL)
            own = _permitted()
            _capset(own, own, before)


def give_away() -> None:
    """Have no capability any more, whatever account this is, and hand none on."""
    _prctl(_CAP_AMBIENT, _CLEAR_ALL)
    _capset(0, 0, 0)


def _inherit(lent: int) -> None:
    """Hand these on to what is started next, though `keep_from_children` said that none is."""
    own = _permitted()
    _capset(own, own, lent)
    for number in range(64):
        if lent >> number & 1:
            _prctl(_CAP_AMBIENT, _RAISE, number)


def _capset(effective: int, permitted: int, inheritable: int) -> None:
    if sys.platform == "linux":
        import ctypes

        sets = (effective, permitted, inheritable)
        words = [*(each & 0xFFFFFFFF for each in sets), *(each >> 32 for each in sets)]
        ctypes.CDLL(None).capset((ctypes.c_uint32 * 2)(_CAPABILITIES_V3, 0), (ctypes.c_uint32 * 6)(*words))


def _prctl(operation: int, *arguments: int) -> None:
    if sys.platform == "linux":
        import ctypes

        filled = [*arguments, 0, 0, 0, 0][:4]
        ctypes.CDLL(None).prctl(ctypes.c_int(operation), *map(ctypes.c_ulong, filled))


def _is_open(path: Path) -> bool:
    """Whether root could come to a file without a capability."""
    for folder in (*path.parents, *path.resolve().parents):
        status = folder.stat()
        shift = 6 if status.st_uid == 0 else 3 if status.st_gid == 0 else 0
        if not status.st_mode >> shift & 1:
            return False
    return True


def _permitted() -> int:
    return _of_status("CapPrm")


def _effective() -> int:
    return _of_status("CapEff")


def _of_status(name: str) -> int:
    try:
        lines = Path("/proc/thread-self/status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1], 16) for line in lines if line.startswith(f"{name}:")), 0)
