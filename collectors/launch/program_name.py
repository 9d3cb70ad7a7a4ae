"""The name of a program from its path."""

from __future__ import annotations


def base_name(path: str) -> str:
    """The last component, without `.exe`."""
    name = path.replace("\\", "/").rpartition("/")[2]
    return name[:-4] if name.lower().endswith(".exe") else name
