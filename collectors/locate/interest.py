"""What a client wants of a file: one part of its catalog entry, and where that part starts."""

from __future__ import annotations

from typing import NamedTuple

from collectors.catalog.client import Artifact, Client, ConfigFile, Install, Manifest, Provider, Roots, SignedIn
from collectors.catalog.permissions import PosturePart
from collectors.sources.account import Home

Part = ConfigFile | Artifact | Provider | SignedIn | PosturePart | Roots | Install | Manifest


class Root(NamedTuple):
    """A folder that project or plug-in templates start at."""

    kind: str
    """project or extension."""
    path: str
    label: str
    """The project's path, or the name of the plug-in."""
    client: str | None = None
    """Catalog id of the only client it concerns: a plug-in belongs to one client, a project to all."""
    word_of: frozenset[int] = frozenset()
    """Other accounts that could write the file that names it."""

    def seen_by(self, home: Home) -> Home:
        """The account as this folder is looked at."""
        return home._replace(word_of=home.word_of | self.word_of) if self.word_of else home


class Interest(NamedTuple):
    """One client's interest in one file, and as what."""

    client: Client
    part: Part
    root: Root | None = None
    captures: tuple[str, ...] = ()
    """What the `*` of the template stood for."""
    inside: str = ""
    """Name of the value in the property list or registry key that is the document; empty: all of it is."""

    @property
    def shared(self) -> bool:
        part = self.part.file if isinstance(self.part, PosturePart) else self.part
        return getattr(part, "shared", False)

    @property
    def last_resort(self) -> bool:
        return isinstance(self.part, ConfigFile) and self.part.last_resort


NAME = "configs"
