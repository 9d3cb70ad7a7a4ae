"""Which paths must not be touched because a network, a FUSE process or the kernel answers for them."""

from __future__ import annotations

import os
import re
import select
import threading
import time
from dataclasses import dataclass, field

from collectors.sources.filesystem.unreadable import UnreadableError

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
# WSL reaches the disks of Windows as if they were another machine's. See microsoft/WSL.
_DRIVES = ("9p", "drvfs", "virtiofs")
_DRIVE = re.compile(r"[A-Za-z]:\\?")
_TABLE = "/proc/self/mountinfo"
_ESCAPE = re.compile(r"\\([0-7]{3})")
_REASONS = {
    "remote": ("file.remote", "it lies on a network or FUSE file system"),
    "automount": ("file.remote", "it lies on a network or FUSE file system"),
    "kernel": ("file.not_regular", "it lies on a file system of the kernel, not on a disk"),
}


@dataclass(frozen=True, slots=True)
class _Table:
    """Mount points with what answers for them: remote, kernel, automount, disk or windows (a drive, seen from WSL)."""

    kinds: dict[str, str] = field(default_factory=dict)
    waits: bool = False


class _Changes:
    """Counts how often the mount table changed: the kernel tells that to whoever has it open, see proc(5)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._poll: select.poll | None = None
        self._count = 0

    def count(self) -> int:
        with self._lock:
            if self._poll is None:
                try:
                    table = os.open(_TABLE, os.O_RDONLY | os.O_CLOEXEC)  # open as long as the process lives
                except OSError:
                    return 0
                self._poll = select.poll()
                self._poll.register(table, select.POLLPRI)
            if self._poll.poll(0):
                self._count += 1
            return self._count


_CHANGES = _Changes()


class Mounts:
    """The mount table of this machine (Linux: `/proc/self/mountinfo`); where there is none, nothing is remote.

    Only names are compared, no mount is touched: a hung file server must not hang us.
    """

    def __init__(self, table: str = _TABLE, fresh_seconds: float = 5.0, kernel: str | None = None) -> None:
        self._path = table
        self._changes = 0
        release = kernel or (os.uname().release if hasattr(os, "uname") else "")
        self._in_wsl = "microsoft" in release.lower()
        self._fresh_seconds = fresh_seconds
        self._read_at = float("-inf")
        self._table = _Table()

    @property
    def waits(self) -> bool:
        """Whether any mount here could make a look-up wait."""
        return self._current().waits

    @property
    def windows_drives(self) -> list[str]:
        """Where WSL has mounted the drives of Windows; none anywhere else."""
        return sorted(point for point, kind in self._current().kinds.items() if kind == "windows")

    def check(self, path: str, home: str = "") -> None:
        """Raises `UnreadableError` for a path that is not to be opened.

        `path` holds no links, and the folder above it has passed this check: only the last step is judged. What a
        network home lies on passes, other network file systems within it do not.
        """
        kind = self.answers(path)
        if kind in ("remote", "automount") and f"{home}/".startswith(f"{path}/"):
            return
        if kind in _REASONS:
            raise UnreadableError(*_REASONS[kind])

    def answers(self, path: str) -> str:
        """Who answers for a path as far as its last step tells: `remote`, `automount` (it would be mounted only by
        looking at it), `kernel` or, which is no news, `disk`."""
        kinds = self._current().kinds
        kind = kinds.get(path, "disk")
        below = path not in kinds and kinds.get(path.rpartition("/")[0]) == "automount"
        return "automount" if below else "disk" if kind == "automount" else kind

    def _current(self) -> _Table:
        now, changes = time.monotonic(), _CHANGES.count() if self._path == _TABLE else 0
        if changes != self._changes or now - self._read_at > self._fresh_seconds:
            self._changes = changes
            self._table = _read(self._path, self._in_wsl)
            self._read_at = now
        return self._table


def _read(path: str, in_wsl: bool) -> _Table:
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
            file_system, source = (*map(_unescaped, after.split(" ", 2)), "")[:2]
            point = _unescaped(fields[4])
            kinds[point] = "windows" if in_wsl and _is_drive(point, file_system, source) else _kind(file_system)
    # A container may have its whole root on FUSE or 9p; without it there would be nothing to read at all.
    kinds.pop("/", None)
    waits = any(kind in ("remote", "automount") and not point.startswith("/proc/") for point, kind in kinds.items())
    return _Table(kinds, waits)


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda match: chr(int(match[1], 8)), text)


def _is_drive(point: str, file_system: str, source: str) -> bool:
    """Whether a mount is `C:` and the like, and no share that somebody mounted the same way."""
    if file_system == "virtiofs":
        return len(point.rpartition("/")[2]) == 1
    return file_system in _DRIVES and bool(_DRIVE.fullmatch(source))


def _kind(file_system: str) -> str:
    if file_system == "autofs":
        return "automount"
    if file_system in _REMOTE or file_system.partition(".")[0] in ("fuse", "fuseblk"):
        return "remote"
    return "kernel" if file_system in _KERNEL else "disk"
