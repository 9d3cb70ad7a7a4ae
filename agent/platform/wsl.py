"""Windows homes as Linux sees them inside WSL: on the drives it mounts, with the layout of Windows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from agent.platform.accounts import printable
from collectors.sources.account import Home
from collectors.sources.filesystem.file_tree import FileTree, UnreadableError

NOT_HOMES = ("Shared", "Public", "Default", "Default User", "All Users", "Guest", "defaultuser0")


def windows_homes(files: FileTree, drives: Iterable[str]) -> Iterator[Home]:
    """The profiles on these drives (`/mnt/c`), owned by `WINDOWS\\name`: Linux may have an account of that name too.

    Whether this account of Linux may look into one, Windows decides when it is tried.
    """
    for drive in drives:
        for name in _folders(files, f"{drive}/Users"):
            path = f"{drive}/Users/{name}"
            if name not in NOT_HOMES and files.exists(f"{path}/NTUSER.DAT"):
                owner = f"WINDOWS\\{printable(name)}"
                yield Home(owner, path, None, account="human", reachable=_can_list(files, path), os="windows")


def drives_of_image(files: FileTree) -> list[str]:
    """Where the drives are in an image of a WSL machine: each letter below `/mnt`; nowhere in other images."""
    try:
        kernel = files.read("/proc/version").decode("utf-8", "replace").lower()
    except (OSError, UnreadableError):
        return []
    return [f"/mnt/{name}" for name in _folders(files, "/mnt") if len(name) == 1] if "microsoft" in kernel else []


def _folders(files: FileTree, folder: str) -> list[str]:
    try:
        return [entry.name for entry in files.entries(folder) if entry.kind == "folder"]
    except (OSError, UnreadableError):
        return []


def _can_list(files: FileTree, folder: str) -> bool:
    try:
        files.entries(folder)
    except UnreadableError as error:
        return error.code != "file.not_permitted"
    except OSError:
        return False
    return True
