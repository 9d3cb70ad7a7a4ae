"""macOS: accounts from Open Directory, the machine id from the hardware UUID."""

from __future__ import annotations

import ctypes
import os
import platform
import pwd
import uuid
from pathlib import Path

from agent.platform.accounts import Account, full_name, homes_of
from collectors.sources.account import Home


def homes(network: bool = False) -> list[Home]:
    """Homes of all accounts that Open Directory lists and whose folder exists, on a network too."""
    accounts = [
        Account(p.pw_name, p.pw_uid, p.pw_gid, p.pw_dir, full_name(p.pw_gecos, p.pw_name)) for p in pwd.getpwall()
    ]
    return [
        home._replace(reachable=os.access(home.path, os.R_OK | os.X_OK))
        for home in homes_of(accounts, "macos")
        if Path(home.path).is_dir()
    ]


def machine_id() -> str | None:
    """The hardware UUID, through gethostuuid(2): no program needs to be run for it."""
    buffer = (ctypes.c_ubyte * 16)()
    wait = (ctypes.c_long * 2)(1, 0)
    try:
        failed = ctypes.CDLL(None).gethostuuid(buffer, wait)
    except AttributeError:
        return None
    return None if failed else str(uuid.UUID(bytes=bytes(buffer)))


def version() -> str | None:
    """Such as `macOS 15.1`."""
    release = platform.mac_ver()[0]
    return f"macOS {release}" if release else None
