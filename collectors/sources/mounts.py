"""Which paths must not be touched because a network, a FUSE process or the kernel answers for them."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field

from collectors.sources.unreadable import Unreadable

# File systems on which any call may wait for a peer that never answers. Besides these every `fuse*` type.
_REMOTE = {
    *("9p", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "gfs2", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs"),
    *("nfs4", "ocfs2", "orangefs", "panfs", "prl_fs", "pvfs2", "smb3", "smbfs", "vboxsf", "vmhgfs"),
}
# Generated text, not files: reading may block or have effects.
_KERNEL = {
    *("binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "debugfs", "devpts", "efivarfs", "fusectl", "mqueue"),
    *("nsfs", "proc", "pstore", "securityfs", "selinuxfs", "sysfs", "tracefs"),
}
_ESCAPE = re.compile(r"\\([0-7]{3})")
_REASONS = {
    "remote": ("file.remote", "it lies on a network or FUSE file system"),
    "kernel": ("file.not_regular", "it lies on a file system of the kernel, not on a disk"),
}


@dataclass(frozen=True, slots=True)
class _Table:
    """Mount points with what answers for them: remote, kernel, automount or disk."""

    kinds: dict[str, str] = field(default_factory=dict)
    waits: bool = False


class Mounts:
    """The mount table of this machine (Linux: `/proc/self/mountinfo`); where there is none, nothing is remote.

    Only names are compared, no mount is touched: a hung file server must not hang us.
    """

    def __init__(self, table: str = "/proc/self/mountinfo", fresh_seconds: float = 5.0) -> None:
        self._path = table
        self._fresh_seconds = fresh_seconds
        self._read_at = float("-inf")
        self._table = _Table()

    @property
    def waits(self) -> bool:
        """Whether any mount here could make a look-up wait."""
        return self._current().waits

    def check(self, path: str) -> None:
        """Raises `Unreadable` for a path that is not to be opened.

        `path` holds no links, and the folder above it has passed this check: only the last step is judged.
        """
        kinds = self._current().kinds
        kind = kinds.get(path)
        if kind is None and kinds.get(path.rpartition("/")[0]) == "automount":
            kind = "remote"
        if kind in _REASONS:
            raise Unreadable(*_REASONS[kind])

    def _current(self) -> _Table:
        now = time.monotonic()
        if now - self._read_at > self._fresh_seconds:
            self._table = _read(self._path)
            self._read_at = now
        return self._table


def _read(path: str) -> _Table:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            lines = file.read().splitlines()
    except OSError:
        return _Table()
    kinds: dict[str, str] = {}
    for line in lines:
        before, _, after = line.partition(" - ")
        fields = before.split(" ")
        if len(fields) > 4 and after:
            point = _ESCAPE.sub(lambda match: chr(int(match[1], 8)), fields[4])
            kinds[point] = _kind(after.split(" ", 1)[0])
    # A container may have its whole root on FUSE or 9p; without it there would be nothing to read at all.
    kinds.pop("/", None)
    waits = any(kind in ("remote", "automount") and not point.startswith("/proc/") for point, kind in kinds.items())
    return _Table(kinds, waits)


def _kind(file_system: str) -> str:
    if file_system == "autofs":
        return "automount"
    if file_system in _REMOTE or file_system.partition(".")[0] in ("fuse", "fuseblk"):
        return "remote"
    return "kernel" if file_system in _KERNEL else "disk"
