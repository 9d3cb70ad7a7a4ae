"""Standard output, one entry a line: for a container, or whoever starts the daemon and reads what it says."""

from __future__ import annotations

import os
from typing import Literal

from agent.delivery.batch import Batch
from agent.delivery.contract import Accepted, Notice, Outcome, Retry, TargetType
from agent.delivery.filter import chosen
from agent.delivery.settings import FilteredSettings

_STDOUT = 1


class StdoutSettings(FilteredSettings):
    """What is written there."""

    type: Literal["stdout"] = "stdout"


class StdoutTarget:
    """Whoever reads it has it once it is written: nobody confirms a line."""

    def __init__(self, settings: StdoutSettings, on_notice: Notice) -> None:
        self.name = settings.name
        self._settings = settings

    def send(self, batch: Batch) -> Outcome:
        # A line that was cut off must not run into the first of this attempt.
        begin = b"\n" if batch.again else b""
        view = memoryview(begin + b"".join(sent.line + b"\n" for sent in chosen(batch, self._settings)))
        try:
            while view:
                view = view[os.write(_STDOUT, view) :]
        except OSError as error:
            return Retry(f"standard output: {error.strerror}")
        return Accepted()

    def abort(self) -> None:
        """A reader that does not read is left behind with the process."""

    def close(self) -> None:
        """It is not ours to close."""


TARGET = TargetType(StdoutSettings, StdoutTarget)
