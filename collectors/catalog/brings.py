"""What a start of a client may bring in by an option or an environment variable."""

from __future__ import annotations

from typing import Literal

from collectors.catalog.base import Fact


class Brings(Fact):
    """An option or an environment variable with which a start of the client brings in a file, a folder or a text."""

    options: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    reads: str = ""
    """Path template of the client's own file that what is brought in is read like; without one it holds servers."""
    plugin: bool = False
    """It is the folder of a plug-in."""
    many: bool = False
    """The option takes all words up to the next option."""
    text: bool = False
    """In place of a path the document itself may be given."""
    mark: str = ""
    """What stands before a path, where all else is a text."""
    inside: str = ""
    """What is given stands at this key of the document."""
    assigns: bool = False
    """What is given is `key.path=value`."""
    each: bool = False
    """What is given is a map of such documents by name."""
    entry: Literal["", "command", "url"] = ""
    """What is given is one server: its command line, or its URL."""
    replaces: str = ""
    """What is given is a folder: the start of the path templates, of all clients, that it takes the place of."""
