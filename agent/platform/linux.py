"""Linux: accounts from the name service, the machine id from /etc/machine-id."""

from __future__ import annotations

import os
import platform
import pwd
from dataclasses import replace
from pathlib import Path

from agent.platform.accounts import Account, homes_of
from collectors.contract import Home


def homes() -> list[Home]:
    """Homes of all accounts the name service lists, and of owners of folders in /home that it does not list.

    Directory services often do not enumerate: an LDAP user shows only through the folder they own.
    """
    accounts = [Account(p.pw_name, p.pw_uid, p.pw_gid, p.pw_dir) for p in pwd.getpwall()]
    known = {account.home.rstrip("/") for account in accounts}
    for folder in sorted(Path("/home").glob("*")):
        if str(folder) not in known and folder.is_dir() and not folder.is_symlink():
            accounts.append(_owner_of(folder))
    return [_with_groups(home) for home in homes_of(accounts, "linux") if Path(home.path).is_dir()]


def _owner_of(folder: Path) -> Account:
    status = folder.stat()
    try:
        entry = pwd.getpwuid(status.st_uid)
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, str(folder))
    except KeyError:
        return Account(folder.name, status.st_uid, status.st_gid, str(folder))


def _with_groups(home: Home) -> Home:
    try:
        gids = frozenset(os.getgrouplist(home.owner, next(iter(home.gids))))
    except (OSError, KeyError):
        gids = home.gids
    reachable = os.access(home.path, os.R_OK | os.X_OK, effective_ids=True)
    return replace(home, gids=gids, reachable=reachable)


def machine_id() -> str | None:
    """The installation's id, or None in a container image that was never booted."""
    for path in (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id")):
        try:
            text = path.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            continue
        if text:
            return text
    return None


def version() -> str | None:
    """Such as `Debian GNU/Linux 12 (bookworm)`."""
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME")
    except OSError:
        return None
