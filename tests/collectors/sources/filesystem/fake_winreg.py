"""The functions of `winreg` that the registry reader uses, as the standard library documents them, over a dict."""

from __future__ import annotations

from typing import Any

PROFILES = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList"
Tree = dict[str, Any]


class Key:
    """An open key: keys below it are dicts, everything else is a value."""

    def __init__(self, tree: Tree) -> None:
        self.keys = {name: inner for name, inner in tree.items() if isinstance(inner, dict)}
        self.values = {name: value for name, value in tree.items() if not isinstance(value, dict)}
        self.open = True

    def __enter__(self) -> Key:
        return self

    def __exit__(self, *_: object) -> None:
        self.open = False


class FakeWinreg:
    """Names are looked up in any case, as Windows does. A key that holds `<denied>` may not be opened."""

    HKEY_LOCAL_MACHINE, HKEY_USERS = "HKEY_LOCAL_MACHINE", "HKEY_USERS"
    KEY_READ, KEY_WOW64_64KEY = 0x20019, 0x100

    def __init__(self, machine: Tree, users: Tree | None = None, profiles: dict[str, str] | None = None) -> None:
        self.hives: dict[str, Tree] = {self.HKEY_LOCAL_MACHINE: machine, self.HKEY_USERS: users or {}}
        listed = {sid: {"ProfileImagePath": folder} for sid, folder in (profiles or {}).items()}
        self._hive(PROFILES, listed)
        self.accesses: set[int] = set()

    def _hive(self, path: str, content: Tree) -> None:
        tree = self.hives[self.HKEY_LOCAL_MACHINE]
        for name in path.split("\\"):
            tree = tree.setdefault(name, {})
        tree.update(content)

    def OpenKey(self, key: Any, sub_key: str, reserved: int = 0, access: int = 0x20019) -> Key:
        self.accesses.add(access)
        tree = self.hives[key] if isinstance(key, str) else key.keys
        for name in sub_key.split("\\"):
            tree = {inner.lower(): content for inner, content in tree.items()}.get(name.lower())
            if not isinstance(tree, dict):
                raise FileNotFoundError(2, "The system cannot find the file specified")
            if "<denied>" in tree:
                raise PermissionError(13, "Access is denied")
        return Key(tree)

    def QueryInfoKey(self, key: Key) -> tuple[int, int, int]:
        assert key.open
        return len(key.keys), len(key.values), 0

    def EnumKey(self, key: Key, index: int) -> str:
        assert key.open
        return list(key.keys)[index]

    def EnumValue(self, key: Key, index: int) -> tuple[str, Any, int]:
        assert key.open
        return (*list(key.values.items())[index], 1)

    def QueryValueEx(self, key: Key, value_name: str) -> tuple[Any, int]:
        assert key.open
        if value_name not in key.values:
            raise FileNotFoundError(2, "The system cannot find the file specified")
        return key.values[value_name], 1
