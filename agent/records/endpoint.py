"""The machine itself."""

from typing import ClassVar, Literal

from agent.records.base import Record


class Endpoint(Record):
    """One machine, named by an id that is a keyed hash of its machine id, never the id itself."""

    kind: Literal["endpoint"] = "endpoint"
    hostname: str | None = None
    os: Literal["linux", "macos", "windows"]
    os_version: str | None = None
    arch: str | None = None
    rollcall_version: str
    root: bool = False
    """True when the records were read from a mounted image (`--root`), not from the running machine."""

    IDENTITY: ClassVar[tuple[str, ...]] = ()
