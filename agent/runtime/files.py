"""Files that are replaced whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterable
from pathlib import Path


def replace_file(path: Path, text: Iterable[str], mode: int = 0o600, owner: tuple[int, int] | None = None) -> None:
    """Put a new file in place of whatever is at `path`; a reader sees the old or the new one whole.

    Mode and owner are those of the open file: by its name, whoever may write to its folder could have put a link.
    """
    path = path.absolute()
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    partial = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with contextlib.suppress(FileNotFoundError):
        # Left behind by a process of the same number that was killed, as happens in containers.
        os.unlink(partial)
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
    except OSError as error:
        raise type(error)(error.errno, error.strerror, str(path)) from None
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.writelines(text)
            file.flush()
            if owner:
                os.chown(file.fileno(), *owner)
            if mode != 0o600 and hasattr(os, "fchmod"):
                os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        os.replace(partial, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(partial)
        raise


def overwrite_file(path: Path, text: str) -> None:
    """Put the text over what is in a file, which takes no more room on a full disk; a reader may see some of both.

    Raises `OSError`, also where the file is too short for it.
    """
    descriptor = os.open(path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    with os.fdopen(descriptor, "r+b") as file:
        content = text.encode()
        size = os.fstat(descriptor).st_size
        if size < len(content):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        file.write(content.ljust(size))
