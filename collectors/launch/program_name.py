"""The name of a program from its path, and which names are shells."""

from __future__ import annotations

SHELLS = frozenset({"sh", "bash", "dash", "zsh", "fish", "ash", "ksh"})
POWERSHELLS = frozenset({"powershell", "pwsh"})


def base_name(path: str) -> str:
    """The last component, without `.exe`."""
    name = path.replace("\\", "/").rpartition("/")[2]
    return name[:-4] if name.lower().endswith(".exe") else name
