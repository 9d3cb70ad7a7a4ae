"""Linux: accounts from the name service, the machine id from /etc/machine-id."""

from __future__ import annotations

import grp
import os
import platform
import pwd
from collections.abc import Iterable, Iterator
from pathlib import Path

from agent.platform.accounts import Account, full_name, homes_of, printable
from agent.platform.network_homes import NetworkHomes
from agent.platform.wsl import windows_homes
from collectors.sources.account import Home
from collectors.sources.filesystem.file_tree import FileTree
from collectors.sources.filesystem.mounts import Mounts

_GROUPS = 64
"""Groups of one account that are named: a directory service may hold hundreds, and is asked for each."""


def homes(network: bool = False) -> list[Home]:
    """Homes of all accounts the name service lists, and of owners of folders in /home that it does not list.

    Directory services often do not enumerate: an LDAP user shows only through the folder they own. Homes on network
    file systems are told as unreachable, and not touched, unless `network` asks for them. Inside WSL the homes of
    Windows are there too.
    """
    grounds = NetworkHomes(network)
    accounts = [_account(p, p.pw_dir) for p in pwd.getpwall()]
    known = {account.home.rstrip("/") for account in accounts}
    for folder in grounds.folders("/home"):
        if str(folder) not in known and folder.is_dir() and not folder.is_symlink():
            accounts.append(_owner_of(folder))
    there = [found for home in homes_of(accounts, "linux") if (found := grounds.look(home))]
    homes = [*(_with_groups(home) for home in there), *grounds.refused("/home", known)]
    homes = [home if _exists(home) else home._replace(account="unknown") for home in homes]
    return [*homes, *windows_homes(FileTree(), Mounts().windows_drives)]


def _account(entry: pwd.struct_passwd, home: str) -> Account:
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, home, full_name(entry.pw_gecos, entry.pw_name))


def _exists(home: Home) -> bool:
    """Whether there is an account to a home: that of a removed one may remain."""
    try:
        return home.uid is None or bool(pwd.getpwuid(home.uid))
    except (KeyError, OverflowError):
        return False


def _owner_of(folder: Path) -> Account:
    status = folder.stat()
    try:
        return _account(pwd.getpwuid(status.st_uid), str(folder))
    except KeyError:
        return Account(folder.name, status.st_uid, status.st_gid, str(folder))


def _with_groups(home: Home) -> Home:
    try:
        gids = frozenset(os.getgrouplist(home.owner, next(iter(home.gids))))
    except (OSError, KeyError):
        gids = home.gids
    if home.reachable and not _enterable(home.path):
        home = home._replace(reachable=False, network="")
    return home._replace(gids=gids, groups=tuple(sorted(_names(gids))))


def _enterable(folder: str) -> bool:
    """Tried by entering it: `access` leaves this process' own rights out before Linux 5.8 and under older systemds."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        os.stat(".", dir_fd=descriptor)  # which only whoever may pass through it can ask
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def _names(gids: Iterable[int]) -> Iterator[str]:
    for gid in sorted(gids)[:_GROUPS]:
        try:
            yield printable(grp.getgrgid(gid).gr_name)
        except (KeyError, OSError):
            continue


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
