"""The one base of all errors of the agent."""

from __future__ import annotations

from typing import ClassVar


class RollcallError(Exception):
    """What a part of Rollcall could not do. The text is for its user: one plain sentence, or a line for each fault,
    and never content that may be secret. A command that ends with it exits with `status`."""

    status: ClassVar[int] = 1
    """1: a failure; 2: what the user gave does not fit."""

    def __init__(self, *lines: str) -> None:
        # A name that is quoted may hold line ends, and would begin a line of its own.
        super().__init__("\n".join("\N{REPLACEMENT CHARACTER}".join(line.splitlines()) for line in lines))

    @property
    def text(self) -> str:
        """What a command prints: about the user's own input just what is wrong with it, else also who says so."""
        return str(self) if self.status == 2 else f"rollcall: {self}"
