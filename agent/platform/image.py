"""A mounted image (`--root`): which system it holds, its accounts and its id, read only from inside it."""

from __future__ import annotations

from collections.abc import Iterator
from os import stat
from pathlib import Path

from agent.platform.accounts import Account, full_name, homes_of, printable
from agent.platform.wsl import NOT_HOMES, drives_of_image, windows_homes
from collectors.sources.account import Home, Os
from collectors.sources.filesystem.file_tree import FileTree, UnreadableError


def system_of(root: str) -> Os:
    """linux, macos or windows, by the folders at the top of the image."""
    base = Path(root)
    if (base / "Windows").is_dir() or (base / "ProgramData").is_dir() or any(base.glob("Users/*/AppData")):
        return "windows"
    if (base / "System/Library").is_dir() or (base / "Users").is_dir():
        return "macos"
    return "linux"


def homes(files: FileTree, os: Os) -> list[Home]:
    """Accounts of the image's passwd; without one, each folder in `/home`, `/Users` and `/root`."""
    listed = homes_of(_passwd(files), os)
    found = [home for home in listed if files.is_folder(home.path)]
    known = {home.path for home in found}
    found += [home for home in _folders(files, os) if home.path not in known]
    return [*(_with_ids(files, home) for home in found), *windows_homes(files, drives_of_image(files))]


def machine_id(files: FileTree) -> str:
    """The image's machine id; else its host name or, last, its place on this machine."""
    for path in ("/etc/machine-id", "/etc/hostname"):
        try:
            text = files.read(path, None).decode("ascii", "replace").strip()
        except (OSError, UnreadableError):
            continue
        if text:
            return text
    return str(Path(files.root).resolve())


def _passwd(files: FileTree) -> Iterator[Account]:
    try:
        text = files.read("/etc/passwd", None).decode("utf-8", "replace")
    except (OSError, UnreadableError):
        return
    for line in text.splitlines():
        fields = line.split(":")
        if len(fields) == 7 and fields[2].isdigit() and fields[3].isdigit():
            yield Account(fields[0], int(fields[2]), int(fields[3]), fields[5], full_name(fields[4], fields[0]))


def _folders(files: FileTree, os: Os) -> Iterator[Home]:
    bases = ("C:/Users",) if os == "windows" else ("/home", "/Users")
    names = [(f"{base}/{name}", name) for base in bases for name in _names(files, base)]
    for path, name in [*names, ("/root", "root"), ("/var/root", "root")]:
        if name not in NOT_HOMES and files.is_folder(path):
            yield Home(printable(name), path, None, account="root" if name == "root" else "human")


def _names(files: FileTree, folder: str) -> list[str]:
    try:
        return [entry.name for entry in files.entries(folder, None) if entry.kind == "folder"]
    except (OSError, UnreadableError):
        return []


def _with_ids(files: FileTree, home: Home) -> Home:
    """The home with the ids its folder has in this image: a copy may have lost those that its passwd names."""
    try:
        with files.folder(home.path) as folder:
            status = stat(folder)
    except (OSError, UnreadableError):
        return home._replace(reachable=False)
    return home._replace(uid=status.st_uid, gids=frozenset({status.st_gid}))
