"""One member of a ZIP archive, as packages of extensions are: read alone, and of what anybody may have made."""

from __future__ import annotations

import os
import struct
import zlib
from typing import Final
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from collectors.sources.formats.unparseable import UnparseableError

_END: Final = b"PK\x05\x06"
_LARGE: Final = b"PK\x06\x07"
_LARGE_BYTES: Final = 76
"""What ZIP64 puts before the end: the list's size, 36 bytes before it, counts there instead of the end's own."""
_LONGEST_END: Final = _LARGE_BYTES + 22 + 65_535
_MOST_DIRECTORY: Final = 2 << 20
"""Bytes of the list of members: reading it takes ten times as much memory."""


def member(file: int, name: str, most: int) -> bytes:
    """The content of a member. Raises `UnparseableError` for what is no such archive, or says more than it may."""
    try:
        _check_directory(file)
        with os.fdopen(os.dup(file), "rb") as stream, ZipFile(stream) as archive:
            if archive.getinfo(name).compress_type not in (ZIP_STORED, ZIP_DEFLATED):
                raise NotImplementedError
            with archive.open(name) as content:
                data = content.read(most + 1)
    except (BadZipFile, KeyError, ValueError, RuntimeError, EOFError, OverflowError, struct.error, zlib.error, OSError):
        raise UnparseableError("parse.archive", f"it is no archive with a readable {name}") from None
    if len(data) > most:
        raise UnparseableError("parse.too_large", f"{name} in it is larger than {most} bytes")
    return data


def _check_directory(file: int) -> None:
    """That the list of members is of a size that can be read."""
    size = os.fstat(file).st_size
    os.lseek(file, max(0, size - _LONGEST_END), os.SEEK_SET)
    end = os.read(file, _LONGEST_END)
    at = end.rfind(_END)
    if at < 0 or len(end) < at + 22:
        raise BadZipFile
    directory = struct.unpack_from("<L", end, at + 12)[0]
    if at >= _LARGE_BYTES and end.startswith(_LARGE, at - 20):
        directory = max(directory, struct.unpack_from("<Q", end, at - 36)[0])
    if directory > _MOST_DIRECTORY:
        raise UnparseableError("parse.too_large", "it has too many members")
    os.lseek(file, 0, os.SEEK_SET)
