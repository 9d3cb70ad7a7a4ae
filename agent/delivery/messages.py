"""What the daemon and the process that delivers say to each other: one line of JSON each, over its pipes."""

from __future__ import annotations

from agent.delivery.targets.registry import AnyTarget
from agent.runtime.logs import LogSettings
from agent.runtime.settings import Section


class _Line(Section):
    def line(self) -> bytes:
        return self.model_dump_json().encode() + b"\n"


class DeliveryJob(_Line):
    """The first line on the process's standard input. Each later one says that there is more; its end, to stop."""

    journal: str
    """Path of the journal's file."""
    endpoint_id: str
    targets: tuple[AnyTarget, ...]
    log: LogSettings
    stdout: int | None = None
    """Descriptor of the daemon's standard output, where a target writes to it."""
    linger: float
    """Seconds with nothing to send before the process ends: a burst of changes shares one connection."""


class WorkerMessage(_Line):
    """A line on the process's standard output: something for the journal. How a target fares is in the database."""

    code: str
    text: str
