"""The whole status for members of one group, such as the administrators: a file with an access list of its own.

The service is no member of that group and may not give files away, but may name any group in its file's access list.
"""

from __future__ import annotations

import errno
import os
import struct
from contextlib import suppress
from pathlib import Path

from agent.runtime.files import replace_file

PLACE = Path("/run/rollcall/administrators.json")

_ACCESS_LIST = "system.posix_acl_access"
_VERSION = struct.pack("<I", 2)
_ENTRY = struct.Struct("<HHI")
"""Of the kernel's include/uapi/linux/posix_acl_xattr.h: tag, permissions, number."""
_OWNER, _OWNING_GROUP, _GROUP, _MASK, _OTHER = 0x01, 0x04, 0x08, 0x10, 0x20
_READ, _WRITE, _NOBODY = 4, 2, 0xFFFFFFFF


def write(text: str, group: str) -> None:
    """Where the service manager made a folder for it; without a group none is left there. Raises `OSError`."""
    folder = os.environ.get("RUNTIME_DIRECTORY")
    if not folder:
        return
    file = Path(folder, PLACE.name)
    if not group:
        with suppress(FileNotFoundError):
            file.unlink()
        return
    number = number_of(group)
    replace_file(file, [text])
    os.setxattr(file, _ACCESS_LIST, _readable_by(number))


def read(place: Path = PLACE) -> str | None:
    """None where there is none, or it is not for this account."""
    try:
        return place.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None


def number_of(group: str) -> int:
    """Raises `OSError` where no group is called that."""
    import grp

    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        raise OSError(errno.ENOENT, f"no group is called {group}") from None


def _readable_by(group: int) -> bytes:
    entries = (
        (_OWNER, _READ | _WRITE, _NOBODY),
        (_OWNING_GROUP, 0, _NOBODY),
        (_GROUP, _READ, group),
        (_MASK, _READ, _NOBODY),
        (_OTHER, 0, _NOBODY),
    )
    return _VERSION + b"".join(_ENTRY.pack(*entry) for entry in entries)
