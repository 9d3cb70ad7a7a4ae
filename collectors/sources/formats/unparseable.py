"""Why a document could not be understood, and what was odd about one that could; neither ever quotes its content."""

from __future__ import annotations

from typing import NamedTuple


class UnparseableError(Exception):
    """The text is not what its format asks for, so what it says is unknown.

    `code` is `parse.encoding`, `parse.empty`, `parse.conflict` (merge markers), `parse.too_deep`, `parse.too_large`
    (more work than it may cost) or `parse.` with the name of the format. `line` and `column` count from 1.
    """

    def __init__(self, code: str, message: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.line = line
        self.column = column


class Note(NamedTuple):
    """Something odd that does not keep the document from being read."""

    code: str
    message: str
    line: int | None = None
    key: str | None = None
    """The key it is about, as it stands in the document: to be redacted before it is told to anybody."""


class Notes:
    """Collects notes, each once and not more than a reader would look at."""

    MOST = 20

    def __init__(self) -> None:
        self._notes: dict[Note, None] = {}

    def add(self, code: str, message: str, key: str | None = None) -> None:
        if len(self._notes) < self.MOST:
            self._notes[Note(code, message, key=key)] = None

    def duplicate(self, key: str) -> None:
        self.add("parse.duplicate_key", "a key stands here twice; the last one counts", key)

    def not_finite(self) -> None:
        self.add("parse.not_finite", "it holds NaN or Infinity, which the format does not know")

    def all(self) -> tuple[Note, ...]:
        return tuple(self._notes)


def too_deep() -> UnparseableError:
    return UnparseableError("parse.too_deep", "it is nested too deeply")
