"""The program or script on disk that a stdio definition names."""

from typing import Literal

from agent.records.base import Part


class LaunchFile(Part):
    """Whether it is there, and who else than its owner could change what runs."""

    path: str
    exists: bool
    writable_by: Literal["owner", "group", "everyone"] = "owner"
    """The widest write permission of the file and of the folder it lies in."""
