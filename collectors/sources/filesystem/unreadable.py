"""Why a file could not be read: one exception with a stable code, and how the system's own errors become it."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager


class UnreadableError(Exception):
    """Something is there and could not be read, so what it says is unknown.

    `code` is one of `file.not_regular`, `file.too_large`, `file.not_permitted` (this process may not),
    `file.not_owners` (the home's owner could not read it either), `file.link_loop`, `file.changed` (replaced while it
    was being opened), `file.remote` (network or FUSE, not touched), `file.io`, `survey.truncated` (too much
    lies there) and `registry.hidden` (that part of the registry is out of sight). `message` never holds content.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


_ABSENT = {errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG}
_DENIED = {errno.EACCES, errno.EPERM}
# O_NOFOLLOW met a link where a moment before there was none.
_REPLACED = {errno.ELOOP, errno.EMLINK}


@contextmanager
def explained() -> Iterator[None]:
    """Turns errors of the operating system into `FileNotFoundError` or `UnreadableError`."""
    try:
        yield
    except ValueError as error:  # a zero byte, or text that is no file name: nothing can have that name
        raise FileNotFoundError(errno.ENOENT, "no such file") from error
    except OSError as error:
        if error.errno in _ABSENT:
            raise FileNotFoundError(errno.ENOENT, "no such file") from error
        if error.errno in _DENIED:
            raise UnreadableError("file.not_permitted", "this process has no right to read it") from error
        if error.errno in _REPLACED:
            raise UnreadableError("file.changed", "it was replaced while being opened") from error
        name = errno.errorcode.get(error.errno or 0, "unknown")
        raise UnreadableError("file.io", f"the system reports {name}") from error
