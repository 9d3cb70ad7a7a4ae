"""The policy as a file: noticed when it changes, read whole."""

from __future__ import annotations

import stat
from pathlib import Path

from agent.governance.policy.fetch_messages import MAX_POLICY, MAX_SIGNATURE
from agent.governance.policy.model import PolicyError

_LIMITS = (MAX_POLICY, MAX_SIGNATURE)
_Stamp = tuple[int, ...] | None


class PolicyFile:
    """A path, with the signature beside it where one is asked for."""

    def __init__(self, path: Path, signed: bool) -> None:
        self._paths = (path, path.with_name(path.name + ".minisig")) if signed else (path,)
        self._read: tuple[_Stamp, ...] = ()
        self._seen: tuple[_Stamp, ...] = ()

    def ripe(self) -> bool:
        """Whether it is not what was read last, and is no longer being written: it was the same a look ago."""
        now = tuple(map(_stamp, self._paths))
        before, self._seen = self._seen, now
        return now == before and now != self._read

    def read(self) -> tuple[str, str]:
        """Text and signature, which is empty where none is asked for. Raises `PolicyError`."""
        self._read = self._seen = tuple(map(_stamp, self._paths))
        text, *signature = (_text(path, limit) for path, limit in zip(self._paths, _LIMITS, strict=False))
        return text, "".join(signature)


def _stamp(path: Path) -> _Stamp:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _text(path: Path, limit: int) -> str:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise PolicyError(f"{path}: no file")
        with path.open("rb") as file:
            data = file.read(limit + 1)
        if len(data) > limit:
            raise PolicyError(f"{path}: larger than {limit} bytes")
        return data.decode()
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(f"{path}: {type(error).__name__}") from None
