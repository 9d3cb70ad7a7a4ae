"""What the daemon and the process that checks a policy say to each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MAX_POLICY = 1_048_576
"""Bytes of a policy."""
MAX_SIGNATURE = 4_096


@dataclass(frozen=True, slots=True)
class Question:
    """A text and its signature to check, or where to fetch them."""

    keys: str
    """minisign public keys, separated by spaces."""
    url: str = ""
    ca_file: str = ""
    etag: str = ""
    """Of what is known already."""
    text: str = ""
    signature: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is there. `refused`: something that must not be used; `unreachable`: nothing could be seen."""

    kind: Literal["good", "unchanged", "refused", "unreachable"]
    reason: str = ""
    text: str = ""
    signature: str = ""
    signed_by: str = ""
    signed_at: int = 0
    """Seconds since 1970."""
    etag: str = ""
