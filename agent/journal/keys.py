"""Where the private key of the journal lies, and what may be wrong with it."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from agent.journal.errors import JournalError
from agent.journal.signing import (
    CREDENTIAL,
    KEY_FILE,
    PublicKey,
    SigningKey,
    SigningKeyError,
    is_exposed,
    make_key,
    read_key,
)
from agent.runtime.files import replace_file

PUBLIC_FILE = "journal.pub"
"""Name of the public key's file in the state folder."""
_NEXT = KEY_FILE + ".next"


class Problem(NamedTuple):
    """What is wrong, as a notice says it."""

    code: str
    message: str


class Keys(NamedTuple):
    """The key that signs, and the one it is to hand over to where somebody asked for that."""

    current: SigningKey
    next: SigningKey | None
    folder: Path
    problems: tuple[Problem, ...] = ()

    def adopt_next(self) -> Keys:
        """After the handing over: the next key is the key."""
        assert self.next
        os.replace(self.folder / _NEXT, self.folder / KEY_FILE)
        _publish(self.folder, self.next.public)
        return self._replace(current=self.next, next=None)


def load_keys(folder: Path) -> Keys:
    """The key of the journal in this folder, made when there is none. Raises `JournalError`."""
    path, problems = _place(folder), []
    try:
        try:
            key = read_key(path)
        except FileNotFoundError:
            key = make_key(path)
        except SigningKeyError as error:
            if path.name == CREDENTIAL:
                raise JournalError(str(error)) from None
            aside = path.with_name(f"{KEY_FILE}.unusable-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
            os.replace(path, aside)
            problems.append(Problem("journal.key_unusable", f"set aside as {aside.name}; a new key was made"))
            key = make_key(path)
        if path.name != CREDENTIAL and is_exposed(path):
            problems.append(Problem("journal.key_exposed", "others than the daemon may read or replace journal.key"))
        _publish(folder, key.public)
        return Keys(key, _next(folder / _NEXT), folder, tuple(problems))
    except OSError as error:
        raise JournalError(f"{path}: {error.strerror}") from error


def existing_key(folder: Path) -> SigningKey | None:
    """The key, for whoever may read it; None where there is none or that is not allowed."""
    try:
        return read_key(_place(folder))
    except (OSError, SigningKeyError):
        return None


def request_new_key(folder: Path) -> PublicKey:
    """Make the key that the daemon will hand over to. Raises `OSError`, also where one is waiting already."""
    return make_key(folder / _NEXT).public


def published_key(folder: Path) -> PublicKey | None:
    """The public key as the daemon left it; None where there is none that can be read."""
    try:
        return PublicKey.parse((folder / PUBLIC_FILE).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _place(folder: Path) -> Path:
    """What systemd hands over, where it does; else the file in the state folder."""
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    given = Path(credentials, CREDENTIAL) if credentials else None
    return given if given and given.exists() else folder / KEY_FILE


def _next(path: Path) -> SigningKey | None:
    try:
        return read_key(path)
    except (FileNotFoundError, SigningKeyError):
        return None


def _publish(folder: Path, key: PublicKey) -> None:
    """For whoever checks the journal; what counts is the copy that somebody keeps elsewhere."""
    if published_key(folder) != key:
        replace_file(folder / PUBLIC_FILE, [key.pem])
