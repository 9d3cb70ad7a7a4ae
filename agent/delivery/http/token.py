"""A secret that a target asks for: read from its file or variable when needed, never kept in settings or messages."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import NamedTuple

from agent.delivery.contract import Notice
from agent.runtime.error import RollcallError
from agent.runtime.given_file import read_given

_TOKEN = re.compile(r"[\x21-\x7e]{1,8192}")


class TokenError(RollcallError):
    """The token cannot be used; the message names its source, never its content."""


class Place(NamedTuple):
    """Where a secret is: in one of them, or nowhere."""

    file: Path | None = None
    variable: str | None = None
    credential: str | None = None
    """Name of a systemd credential."""


class Token:
    """Reads the file again whenever it changed, so that a rotated token needs no restart."""

    def __init__(self, place: Place, on_notice: Notice) -> None:
        self._file, self._variable, self._credential = place
        self._on_notice = on_notice
        self._seen: tuple[int, int, int] | None = None
        self._value: str | None = None

    def value(self) -> str | None:
        """The token, or None where none is configured. Raises `TokenError`."""
        if self._file is not None:
            return self._from_file(self._file)
        if self._credential is not None:
            # systemd names the folder to the processes of the service alone.
            return self._from_file(Path(os.environ.get("CREDENTIALS_DIRECTORY", "/nonexistent"), self._credential))
        if self._variable is not None:
            return _usable(os.environ.get(self._variable, ""), f"environment variable {self._variable}")
        return None

    def forget(self) -> None:
        """The token was not accepted: read its file again, changed or not."""
        self._seen = None

    def _from_file(self, path: Path) -> str:
        try:
            status = path.stat()
            seen = (status.st_mtime_ns, status.st_size, status.st_ino)
            if self._value is None or seen != self._seen:
                self._value = _usable(read_given(path, 16_384).decode("ascii", "replace"), f"token file {path}")
                self._seen = seen
                self._tell_if_exposed(path, status.st_mode)
            return self._value
        except OSError as error:
            raise TokenError(f"token file {path}: {error.strerror}") from error

    def _tell_if_exposed(self, path: Path, mode: int) -> None:
        exposed = os.name == "posix" and mode & stat.S_IROTH
        self._on_notice(
            "delivery.token_exposed", f"token file {path} can be read by every account" if exposed else None
        )


def _usable(text: str, source: str) -> str:
    token = text.strip()
    if not _TOKEN.fullmatch(token):
        raise TokenError(f"{source} holds no usable token")
    return token
