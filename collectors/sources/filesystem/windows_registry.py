"""Keys of the Windows registry by the path the catalog names them by, read as JSON objects of their values.

`HKLM/SOFTWARE/Policies/…` is the machine's, `HKCU/…` that of the account whose home is looked at. Only Windows itself
can be asked: the hives in an image are not read.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final, Protocol

from collectors.sources.account import Home
from collectors.sources.filesystem.unreadable import UnreadableError, explained

_PROFILES: Final = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList"
_MOST_ENTRIES: Final = 1_000
_DEPTH: Final = 4


class Winreg(Protocol):
    """The part of the standard library's `winreg` that is used, as it is documented."""

    HKEY_LOCAL_MACHINE: Any
    HKEY_USERS: Any
    KEY_READ: int
    KEY_WOW64_64KEY: int

    def OpenKey(self, key: Any, sub_key: str, reserved: int = 0, access: int = ...) -> AbstractContextManager[Any]: ...

    def QueryInfoKey(self, key: Any) -> tuple[int, int, int]: ...

    def EnumKey(self, key: Any, index: int) -> str: ...

    def EnumValue(self, key: Any, index: int) -> tuple[str, Any, int]: ...

    def QueryValueEx(self, key: Any, value_name: str) -> tuple[Any, int]: ...


def is_key(path: str) -> bool:
    """Whether a path is that of a registry key and no file's."""
    return path.startswith(("HKLM/", "HKCU/"))


class Registry:
    """Reads keys; writes nothing, loads no hive. `expand` makes a path of one with `%variables%` in it."""

    def __init__(self, winreg: Winreg | None, expand: Callable[[str], str] = str) -> None:
        self._winreg = winreg
        self._expand = expand

    @classmethod
    def of_this_machine(cls, live: bool) -> Registry:
        """That of the running Windows; elsewhere, and for an image, one that says it cannot be seen."""
        if sys.platform == "win32" and live:
            import os
            import winreg

            return cls(winreg, os.path.expandvars)
        return cls(None)

    def check(self, path: str, home: Home | None) -> None:
        """Raises `FileNotFoundError`, or `UnreadableError`: `registry.hidden` where the whole hive is out of sight."""
        with self._opened(path, home):
            pass

    def read(self, path: str, home: Home | None, most: int) -> bytes:
        """Values by name, and subkeys as objects in them, as JSON of at most `most` bytes. Binary values are left out.

        Raises what `check` raises, and `file.too_large`.
        """
        with self._opened(path, home) as (winreg, key):
            data = json.dumps(_Reading(winreg).values(key, _DEPTH)).encode()
        if len(data) > most:
            raise UnreadableError("file.too_large", f"it is larger than {most} bytes")
        return data

    @contextmanager
    def _opened(self, path: str, home: Home | None) -> Iterator[tuple[Winreg, Any]]:
        winreg = self._winreg
        if winreg is None:
            raise UnreadableError("registry.hidden", "only a running Windows can be asked for its registry")
        hive, _, rest = path.replace("/", "\\").partition("\\")
        access = winreg.KEY_READ | winreg.KEY_WOW64_64KEY
        with explained():
            if hive == "HKLM":
                with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, rest, 0, access) as key:
                    yield winreg, key
                return
            with self._of_account(winreg, home, access) as hive_key, winreg.OpenKey(hive_key, rest, 0, access) as key:
                yield winreg, key

    @contextmanager
    def _of_account(self, winreg: Winreg, home: Home | None, access: int) -> Iterator[Any]:
        sid = self._sid(winreg, home.path, access) if home else None
        try:
            if sid is None:
                raise FileNotFoundError
            opened = winreg.OpenKey(winreg.HKEY_USERS, sid, 0, access)
        except FileNotFoundError:
            message = "Windows has not loaded this account's part of the registry: it is not signed in"
            raise UnreadableError("registry.hidden", message) from None
        with opened as key:
            yield key

    def _sid(self, winreg: Winreg, home: str, access: int) -> str | None:
        """The account of a home, by the list of profiles."""
        wanted = home.replace("/", "\\").casefold()
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, _PROFILES, 0, access) as profiles:
            for index in range(winreg.QueryInfoKey(profiles)[0]):
                sid = winreg.EnumKey(profiles, index)
                with winreg.OpenKey(profiles, sid, 0, access) as profile:
                    folder = str(winreg.QueryValueEx(profile, "ProfileImagePath")[0])
                if self._expand(folder).casefold() == wanted:
                    return sid
        return None


class _Reading:
    """One key with what lies below it."""

    def __init__(self, winreg: Winreg) -> None:
        self._winreg = winreg
        self._access = winreg.KEY_READ | winreg.KEY_WOW64_64KEY
        self._left = _MOST_ENTRIES

    def values(self, key: Any, depth: int) -> dict[str, object]:
        found: dict[str, object] = {}
        subkeys, entries, _ = self._winreg.QueryInfoKey(key)
        self._left -= entries + subkeys
        if self._left < 0:
            raise UnreadableError("file.too_large", f"it holds more than {_MOST_ENTRIES} values and keys")
        for index in range(entries):
            name, value, _ = self._winreg.EnumValue(key, index)
            if isinstance(value, str):
                found[name] = value.rstrip("\0")
            elif isinstance(value, int | list):
                found[name] = value
        for index in range(subkeys if depth > 1 else 0):
            name = self._winreg.EnumKey(key, index)
            with self._winreg.OpenKey(key, name, 0, self._access) as inner:
                found[name] = self.values(inner, depth - 1)
        return found
