"""A folder that was just made, by its descriptor: in somebody else's folder, its name may soon mean another."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_BY_DESCRIPTOR = os.open in os.supports_dir_fd


@dataclass(frozen=True, slots=True)
class NewFolder:
    """Where files are put that nobody else has a say in."""

    path: Path
    descriptor: int | None

    def create(self, name: str) -> int:
        """A descriptor of a new file, mode 0600. Raises `OSError`, also where there is one."""
        return self._open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL)

    def read(self, name: str) -> int:
        """A descriptor of a file in it. Raises `OSError`."""
        return self._open(name, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))

    def names(self) -> list[str]:
        return sorted(os.listdir(self.path if self.descriptor is None else self.descriptor))

    def _open(self, name: str, flags: int) -> int:
        if self.descriptor is None:
            return os.open(self.path / name, flags, 0o600)
        return os.open(name, flags, 0o600, dir_fd=self.descriptor)


@contextmanager
def new_folder(path: Path) -> Iterator[NewFolder]:
    """Makes the folder, mode 0700. Raises `OSError`, also where there is something of that name, or another's folder
    has been put in its place."""
    path.mkdir(mode=0o700)
    if not _BY_DESCRIPTOR:
        yield NewFolder(path, None)
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        if os.fstat(descriptor).st_uid != os.geteuid():
            raise PermissionError(f"{path} was replaced by another account")
        yield NewFolder(path, descriptor)
    finally:
        os.close(descriptor)
