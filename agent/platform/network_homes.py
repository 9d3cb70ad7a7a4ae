"""Homes on network file systems: told from the mount table alone, so that a dead file server hangs nobody."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from agent.platform.accounts import printable
from collectors.sources.account import Home
from collectors.sources.filesystem.file_tree import FileTree, UnreadableError
from collectors.sources.filesystem.mounts import Mounts

UNLISTED = "(unlisted)"
"""Stands for the owners of homes in a folder that was not listed."""


class NetworkHomes:
    """Which homes may be touched: those on disks, and with `allowed` all."""

    def __init__(self, allowed: bool) -> None:
        self._allowed = allowed
        self._mounts = Mounts()
        self._files = FileTree()

    def folders(self, base: str) -> list[Path]:
        """What lies in a folder of homes and may be touched."""
        if self._place(base) != "disk" and not self._allowed:
            return []
        return [path for path in sorted(Path(base).glob("*")) if self._allowed or self._place(str(path)) == "disk"]

    def refused(self, base: str, known: set[str]) -> Iterator[Home]:
        """What lies there and may not, but for `known` homes; the whole folder as one where not even its names may
        be asked for."""
        if self._allowed or not self._mounts.waits:
            return
        if self._place(base) == "network":
            yield _refused(UNLISTED, base)
        elif self._place(base) == "disk":
            for path in map(str, sorted(Path(base).glob("*"))):
                if path not in known and self._place(path) == "network":
                    yield _refused(path.rpartition("/")[2], path)

    def look(self, home: Home) -> Home | None:
        """The home with what may be done with it; None where it does not exist, or nobody has it mounted now."""
        place = self._place(home.path)
        if place != "disk" and not self._allowed:
            return home._replace(reachable=False, network=home.path) if place == "network" else None
        if not Path(home.path).is_dir():
            return None
        return home if place == "disk" else home._replace(network=os.path.realpath(home.path))

    def _place(self, path: str) -> Literal["disk", "network", "not_mounted"]:
        """`not_mounted` is what an automounter would mount if anybody looked at it now."""
        if not self._mounts.waits:
            return "disk"
        parts = path.strip("/").split("/")
        if any(
            self._mounts.answers("/" + "/".join(parts[:count])) == "automount" for count in range(1, len(parts) + 1)
        ):
            return "not_mounted"
        try:
            self._files.check(path)
        except UnreadableError as error:
            return "network" if error.code == "file.remote" else "disk"
        except FileNotFoundError:
            pass
        return "disk"


def _refused(owner: str, path: str) -> Home:
    return Home(printable(owner), path, None, reachable=False, network=path)
