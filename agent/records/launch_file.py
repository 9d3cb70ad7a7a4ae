"""The program or script on disk that a stdio definition names."""

from typing import Literal

from agent.records.base import Part


class LaunchFile(Part):
    """Whether it is there, and who else than its owner could change what runs."""

    path: str
    """As the observed machine names it."""
    exists: bool
    """Whether it was there when the definition was read."""
    content_hash: str | None = None
    """SHA-256 of what stands in it, where it is a script of ordinary size."""
    writable_by: Literal["owner", "group", "everyone"] = "owner"
    """Who could change the file, or put another in its place; on Windows nothing else is known than `owner`."""
