"""The machine itself."""

from typing import ClassVar, Literal

from agent.records.base import Record


class Endpoint(Record):
    """One machine, named by an id that is a keyed hash of its machine id, never the id itself."""

    kind: Literal["endpoint"] = "endpoint"
    hostname: str | None = None
    """As the machine calls itself."""
    os: Literal["linux", "macos", "windows"]
    """Its operating system."""
    os_version: str | None = None
    """Version of the operating system, as that gives it."""
    arch: str | None = None
    """Processor architecture, such as `x86_64`."""
    rollcall_version: str
    """Version of Rollcall that made the records."""
    root: bool = False
    """True when the records were read from a mounted image (`--root`), not from the running machine."""

    IDENTITY: ClassVar[tuple[str, ...]] = ()
