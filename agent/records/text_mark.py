"""A place in a text that a model reads where something is hidden, or steers it: never the text itself."""

from typing import Literal

from agent.records.base import Part

Mark = Literal[
    "invisible",
    "bidirectional",
    "addressed",
    "secrets",
    "encoded",
    "download",
    "configuration",
    "exfiltration",
    "comment",
    "unjudged",
]
"""invisible: characters that nobody sees. bidirectional: characters that turn the direction of writing. addressed:
orders to the model about other tools, earlier instructions, or what not to tell. secrets: asks for keys, passwords or
what was said. encoded: text that nobody can read as it stands. download: fetches and runs. configuration: changes what
agents or logins are set up with. exfiltration: sends to a place made for that, or what should stay. comment:
instructions that are not shown. unjudged: from there on the text was not looked at."""


class TextMark(Part):
    """What was seen, and where; never the text."""

    mark: Mark
    """What was seen there."""
    offset: int
    """Character at which it begins."""
    count: int = 1
    """How often the same was seen in the same text, this once included."""
    at: str | None = None
    """Of a folder the file, of an entry or a definition the key path of the text; null: there is only one text."""
