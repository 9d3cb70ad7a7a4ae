"""Why a document could not be understood, and what was odd about one that could; neither ever quotes its content."""

from __future__ import annotations

from dataclasses import dataclass

from agent.records import redact


class Unparseable(Exception):
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


@dataclass(frozen=True, slots=True)
class Note:
    """Something odd that does not keep the document from being read."""

    code: str
    message: str
    line: int | None = None


class Notes:
    """Collects notes, each once and not more than a reader would look at."""

    MOST = 20

    def __init__(self) -> None:
        self._notes: dict[Note, None] = {}

    def add(self, code: str, message: str) -> None:
        if len(self._notes) < self.MOST:
            self._notes[Note(code, message)] = None

    def duplicate(self, key: str) -> None:
        self.add("parse.duplicate_key", f"the key {redact.text(key)[:80]!r} stands here twice; the last one counts")

    def not_finite(self) -> None:
        self.add("parse.not_finite", "it holds NaN or Infinity, which the format does not know")

    def all(self) -> tuple[Note, ...]:
        return tuple(self._notes)


def too_deep() -> Unparseable:
    return Unparseable("parse.too_deep", "it is nested too deeply")
