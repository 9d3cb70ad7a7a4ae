"""What a catalog entry may say about the files in which a client notes its sessions."""

from __future__ import annotations

from pydantic import model_validator

from collectors.catalog.actions import Paths, Rule, Shape, Table
from collectors.catalog.base import Entry, Fact, Located
from collectors.catalog.permissions import ModeAt, NetworkAt, SandboxAt


class LineAt(Entry):
    """What one type of line says about the session. Nothing else of a line is looked at."""

    type: str
    folder_at: str = ""
    """Key path of the working folder."""
    version_at: str = ""
    """Key path of the client's version."""
    mode: tuple[ModeAt, ...] = ()
    sandbox: tuple[SandboxAt, ...] = ()
    network: tuple[NetworkAt, ...] = ()

    @property
    def posture_at(self) -> tuple[str, ...]:
        """Key paths of what the session may do."""
        places: tuple[ModeAt | SandboxAt | NetworkAt, ...] = (*self.mode, *self.sandbox, *self.network)
        return tuple(place.at for place in places)

    @property
    def key_paths(self) -> tuple[str, ...]:
        """All that is looked at."""
        return tuple(filter(None, (self.folder_at, self.version_at, *self.posture_at)))

    @model_validator(mode="after")
    def _by_name(self) -> LineAt:
        if any("*" in at or "[" in at for at in self.key_paths):
            raise ValueError("every key is named: a captured one could be what somebody wrote")
        if any(place.read or not place.values for place in self.mode):
            raise ValueError("a mode is read by its values")
        return self


class Transcript(Located, Fact):
    """Files in which the client notes its sessions."""

    shape: Shape = "lines"
    table: Table | None = None
    rule: tuple[Rule, ...] = ()
    """How entries map to actions; see `collectors.catalog.actions`."""
    session: Paths = ""
    """A value path: the session that an entry belongs to; without one that of the entry before, or the file's name. `=`
    is for what belongs to the group alone."""
    session_pattern: str = ""
    """Takes the session out of a longer text: its group."""
    group: str = ""
    """A value path: what is said of the group holds for every session in it that does not say otherwise."""

    type_at: str = "type"
    """Key of a line that tells its type."""
    time_at: str = "timestamp"
    """Key path of its time, RFC 3339."""
    line: tuple[LineAt, ...] = ()
    """How lines tell the posture of a session."""
