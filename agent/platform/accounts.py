"""Which account entries stand for a home that agents could live in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from collectors.contract import Home

_FIRST_HUMAN = {"linux": 1000, "macos": 500, "windows": 0}
_NOT_HOMES = ("/", "/nonexistent", "/var/empty")
_SYSTEM_FOLDERS = (
    "/bin", "/boot", "/dev", "/etc", "/lib", "/proc", "/run", "/sbin", "/sys", "/usr",
    "/var/cache", "/var/mail", "/var/run", "/var/spool", "/System",
)  # fmt: skip


def printable(name: str) -> str:
    """An account name that records can carry, whatever bytes it was made of."""
    return name.encode("utf-8", "replace").decode()


class Account(NamedTuple):
    """One line of an account database."""

    name: str
    uid: int
    gid: int
    home: str


def homes_of(accounts: Iterable[Account], os: str) -> list[Home]:
    """Homes worth looking at, each once, lowest uid first; whether they exist is not asked here."""
    homes: dict[str, Home] = {}
    for account in sorted(accounts, key=lambda a: (a.uid, a.name)):
        path = account.home.rstrip("/") or "/"
        inside = any(path == folder or path.startswith(folder + "/") for folder in _SYSTEM_FOLDERS)
        if path.startswith("/") and path not in _NOT_HOMES and not inside:
            homes.setdefault(
                path, Home(printable(account.name), path, account.uid, frozenset({account.gid}), kind(account, os))
            )
    return list(homes.values())


def kind(account: Account, os: str) -> Literal["root", "human", "service"]:
    """root, human or service, by the uid ranges of the system."""
    if account.uid == 0:
        return "root"
    human = account.uid >= _FIRST_HUMAN[os] and account.name != "nobody"
    return "human" if human else "service"
