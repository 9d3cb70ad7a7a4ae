"""Which account entries stand for a home that agents could live in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from collectors.sources.account import Home

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
    full_name: str | None = None


def homes_of(accounts: Iterable[Account], os: str) -> list[Home]:
    """Homes worth looking at, each once, lowest uid first; whether they exist is not asked here."""
    homes: dict[str, Home] = {}
    for account in sorted(accounts, key=lambda a: (a.uid, a.name)):
        path = account.home.rstrip("/") or "/"
        inside = any(path == folder or path.startswith(folder + "/") for folder in _SYSTEM_FOLDERS)
        if path.startswith("/") and path not in _NOT_HOMES and not inside:
            gids, full_name = frozenset({account.gid}), account.full_name
            home = Home(printable(account.name), path, account.uid, gids, kind(account, os), full_name=full_name)
            homes.setdefault(path, home)
    return list(homes.values())


def full_name(gecos: str, name: str) -> str | None:
    """The name in the comment field of an account: what stands before the first comma, `&` for the account's own name
    (see passwd(5)). None where the field says nothing more than the account's name does."""
    text = " ".join(printable(gecos).partition(",")[0].replace("&", name.capitalize()).split())[:100]
    return text if text and text.lower() != name.lower() and text.isprintable() else None


def kind(account: Account, os: str) -> Literal["root", "human", "service"]:
    """root, human or service, by the uid ranges of the system."""
    if account.uid == 0:
        return "root"
    human = account.uid >= _FIRST_HUMAN[os] and account.name != "nobody"
    return "human" if human else "service"
