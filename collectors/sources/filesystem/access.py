"""What an account may do by the mode bits, for a process that itself may do more."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Final

from collectors.sources.account import Home
from collectors.sources.filesystem.unreadable import UnreadableError

READ: Final = 4
SEARCH: Final = 1


def granted(status: os.stat_result, account: Home, right: int) -> bool:
    """Whether owner, group or other bits give the account this right; root has every right.

    Access control lists are not looked at: what only they grant is denied here.
    """
    if account.uid == 0:
        return True
    mode = status.st_mode
    if status.st_uid == account.uid:
        mode >>= 6
    elif status.st_gid in account.gids:
        mode >>= 3
    return bool(mode & right)


def demand(status: os.stat_result, account: Home | None, right: int) -> None:
    """Raises `UnreadableError` unless the account has the right; None stands for whatever the kernel decides."""
    if account is not None and not granted(status, account, right):
        raise UnreadableError("file.not_owners", "the owner of the home could not read it themself")


def judged(home: Home | None, live: bool) -> Home | None:
    """The account whose rights must be checked by us; None where the kernel's own check is the right one."""
    if home is None or home.uid is None:
        return None
    return None if live and hasattr(os, "geteuid") and os.geteuid() == home.uid else home


@lru_cache(maxsize=1024)
def account_of(uid: int) -> Home:
    """The account of this number on this machine, with the groups it is in; one nobody has is in none."""
    try:
        import pwd

        entry = pwd.getpwuid(uid)
        return Home(entry.pw_name, "/nonexistent", uid, frozenset(os.getgrouplist(entry.pw_name, entry.pw_gid)))
    except (ImportError, KeyError, OSError):
        return Home("", "/nonexistent", uid)
