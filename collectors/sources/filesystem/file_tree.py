"""The observed machine's file system as one account may see it: every look and every read goes through here."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Final, Literal

from collectors.sources.account import Home
from collectors.sources.filesystem.digests import Digest, Digests
from collectors.sources.filesystem.globbing import expression
from collectors.sources.filesystem.lookup import Lookup
from collectors.sources.filesystem.unreadable import UnreadableError, explained
from collectors.sources.filesystem.windows_registry import Registry, is_key
from collectors.sources.limits import Limits

__all__ = ["Entry", "FileTree", "UnreadableError"]

Kind = Literal["folder", "file", "link", "other"]

_LIMITS: Final = Limits()


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """One name in a folder; a link is told as a link, whatever it leads to."""

    name: str
    kind: Kind


class FileTree:
    """Files by the path the observed machine knows them by: absolute, forward slashes, `C:/Users/…` for Windows, where
    `HKLM/…` and `HKCU/…` are registry keys: to be read and checked like files, and nothing else.

    With a `root` other than `/` everything is looked up inside it and no link or `..` leads out. With a `home` the
    answer is what that account could see itself: where this process may do more, mode bits decide, else the kernel.
    Methods raise `FileNotFoundError` for what is absent (a dangling link too) and `UnreadableError` for all other
    failures. On macOS a folder must be readable, not only searchable, to be passed; on Windows see `resolve.by_name`.
    """

    def __init__(
        self, root: str = "/", os: str = "linux", limits: Limits = _LIMITS, registry: Registry | None = None
    ) -> None:
        self.root = root
        self.os = os
        self._limits = limits
        self._digests = Digests()
        self._lookup = Lookup(root, os, limits.links)
        self._registry = registry or Registry.of_this_machine(root == "/")

    def shown(self, path: str) -> str:
        """How records name it: as its machine writes it, with what is no text (undecodable bytes) replaced."""
        text = path.replace("/", "\\") if self.os == "windows" else path
        return text if text.isascii() else re.sub("[\ud800-\udfff]", "\ufffd", text)

    def read(self, path: str, home: Home | None = None) -> bytes:
        """The whole content of a regular file of at most `limits.file_bytes` bytes."""
        most = self._limits.file_bytes
        if is_key(path):
            return self._registry.read(path, home, most)
        try:
            with self.opened(path, home) as file, explained():
                data = _read(file, most)
        except FileNotFoundError:
            if "*" in path:  # `glob` could not list this folder: let the true reason be raised
                self.entries(path[: path.index("*")].rpartition("/")[0] or "/", home)
            raise
        if len(data) > most:
            raise UnreadableError("file.too_large", f"it is larger than {most} bytes")
        return data

    def digest(self, path: str, home: Home | None = None) -> Digest:
        """Hash and size of what `read` would give."""
        with self.opened(path, home) as file, explained():
            return self._digests.of(file, self._limits.file_bytes)

    @contextmanager
    def opened(self, path: str, home: Home | None = None) -> Iterator[int]:
        """A read-only descriptor of a regular file of any size, verified after it was opened."""
        if self._lookup.is_absent(path):
            raise FileNotFoundError(path)
        with self._lookup.place(path, home) as place:
            file = self._lookup.open_file(place, home)
        try:
            yield file
        finally:
            os.close(file)

    @contextmanager
    def folder(self, path: str, home: Home | None = None) -> Iterator[int | str]:
        """What to list a folder by: a descriptor, or a path where folders cannot be opened (Windows)."""
        if self._lookup.is_absent(path):
            raise FileNotFoundError(path)
        with self._lookup.place(path, home) as place:
            target = self._lookup.open_folder(place, home)
        try:
            yield target
        finally:
            if isinstance(target, int):
                os.close(target)

    def entries(self, folder: str, home: Home | None = None) -> list[Entry]:
        """What a folder holds, sorted by name. More than `limits.folder_entries` entries are `file.too_large`."""
        most = self._limits.folder_entries
        with self.folder(folder, home) as target, explained(), os.scandir(target) as found:
            entries = [Entry(entry.name, _kind(entry)) for entry in islice(found, most + 1)]
        if len(entries) > most:
            raise UnreadableError("file.too_large", f"the folder has more than {most} entries")
        return sorted(entries)

    def exists(self, path: str, home: Home | None = None) -> bool:
        """Whether something is there, as far as this process and the account can tell; links are followed."""
        return self.mode(path, home) is not None

    def is_absent(self, path: str, home: Home | None = None) -> bool:
        """Whether there is certainly nothing; what cannot be judged may be there."""
        try:
            self.check(path, home)
        except FileNotFoundError:
            return True
        except UnreadableError:
            pass
        return False

    def is_folder(self, path: str, home: Home | None = None) -> bool:
        mode = self.mode(path, home)
        return mode is not None and stat.S_ISDIR(mode)

    def readlink(self, path: str, home: Home | None = None) -> str:
        """The text of a link. Raises `UnreadableError` (`file.not_regular`) for anything that is no link."""
        with self._lookup.place(path, home, follow=False) as place:
            if not stat.S_ISLNK(place.status.st_mode):
                raise UnreadableError("file.not_regular", "it is no link")
            return os.readlink(place.name, dir_fd=place.folder)

    def real(self, path: str, home: Home | None = None) -> str:
        """Where a path leads, without links; what does not exist stands as it is named, and a path that cannot be
        judged as it was given."""
        try:
            return self._lookup.goal(path, home)
        except (FileNotFoundError, UnreadableError):
            return path

    def glob(self, pattern: str, home: Home | None = None) -> list[str]:
        """Existing paths, sorted, for a pattern whose `*` stand for anything within one component.

        Never raises `UnreadableError`: a path that cannot be judged, or the pattern of a folder that cannot be listed,
        is in the answer as it stands, so that reading it raises why. At most `limits.folder_entries` paths.
        """
        return sorted(islice(matches(self, pattern, home), self._limits.folder_entries))

    def check(self, path: str, home: Home | None = None) -> None:
        """Raises what looking at the path meets: `FileNotFoundError`, `UnreadableError` or nothing."""
        if is_key(path):
            self._registry.check(path, home)
            return
        if self._lookup.is_absent(path):
            raise FileNotFoundError(path)
        with self._lookup.place(path, home):
            pass

    def check_mount(self, path: str, home: Home | None = None) -> None:
        """Raises `UnreadableError` for a path without links that another machine or process would have to answer
        for."""
        self._lookup.check_mount(path, home)

    def status(self, path: str, home: Home | None = None, follow: bool = True) -> os.stat_result | None:
        """What stat(2) says of what a path leads to, or with `follow` off of what is there; None where nothing can be
        told."""
        try:
            if self._lookup.is_absent(path):
                return None
            with self._lookup.place(path, home, follow) as place:
                return place.status
        except (FileNotFoundError, UnreadableError):
            return None

    def at_word_of(self, path: str, home: Home | None) -> Home | None:
        """The account as what this file names is looked at: with no more rights than those have who could write it."""
        if home is None or home.uid is None:
            return home
        found = self.status(path, home), self.status(path.rpartition("/")[0] or "/", home)
        writers = {status.st_uid for status in found if status} - {0, home.uid}
        return home._replace(word_of=home.word_of | writers) if writers else home

    def mode(self, path: str, home: Home | None = None) -> int | None:
        """Type and permission bits of what a path leads to; None where nothing can be told."""
        try:
            if is_key(path):
                self._registry.check(path, home)
                return stat.S_IFREG
            if self._lookup.is_absent(path):
                return None
            with self._lookup.place(path, home) as place:
                return place.status.st_mode
        except (FileNotFoundError, UnreadableError):
            return None


def _kind(entry: os.DirEntry[str]) -> Kind:
    if entry.is_symlink():
        return "link"
    if entry.is_dir(follow_symlinks=False):
        return "folder"
    return "file" if entry.is_file(follow_symlinks=False) else "other"


def _read(file: int, most: int) -> bytes:
    """All bytes of the file, or `most` + 1 of them where it holds (or grows to) more."""
    expected = os.fstat(file).st_size
    if expected > most:
        raise UnreadableError("file.too_large", f"it is larger than {most} bytes")
    chunks = [os.read(file, expected + 1)]
    left = most + 1 - len(chunks[0])
    while left > 0 and (more := os.read(file, min(left, 1 << 20))):
        chunks.append(more)
        left -= len(more)
    return b"".join(chunks)  # which copies nothing where there is but one


def matches(tree: FileTree, pattern: str, home: Home | None, done: str = "") -> Iterator[str]:
    """Paths for `pattern` below the existing path `done`; see `FileTree.glob` for what stands for an unreadable one."""
    if "*" not in pattern:
        if not pattern or not tree.is_absent(done + pattern, home):
            yield done + pattern
        return
    above, _, _ = pattern.partition("*")[0].rpartition("/")
    component, slash, below = pattern[len(above) + 1 :].partition("/")
    try:
        names = [entry.name for entry in tree.entries(done + above or "/", home)]
    except FileNotFoundError:
        return
    except UnreadableError:
        yield done + pattern
        return
    for name in filter(expression(component).fullmatch, names):
        yield from matches(tree, slash + below, home, f"{done}{above}/{name}")
