"""What everybody at the machine may know of its service: that it runs, and whether it is well; no names, no hosts."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ValidationError

from agent.records import Heartbeat
from agent.runtime.files import replace_file

PLACE = Path("/run/rollcall/status.json")
_OLD_SECONDS = 1800.0
"""Six heartbeats by default."""


class PublicStatus(BaseModel):
    """The file."""

    pid: int
    written_at: datetime
    version: str
    collectors: int
    failing_collectors: int
    targets: int
    failing_targets: int
    reduced: bool
    journaled: bool = True
    """Whether what it sees is kept."""


def write(beat: Heartbeat, journaled: bool = True) -> None:
    """Where the service manager made a folder for that. Raises `OSError`."""
    folder = os.environ.get("RUNTIME_DIRECTORY")
    if not folder:
        return
    status = PublicStatus(
        pid=os.getpid(),
        written_at=datetime.now(UTC),
        version=beat.rollcall_version,
        collectors=len(beat.collectors),
        failing_collectors=sum(not one.ok for one in beat.collectors),
        targets=len(beat.targets),
        failing_targets=sum(one.last_error is not None for one in beat.targets),
        reduced=bool(beat.own_use and beat.own_use.exceeded),
        journaled=journaled,
    )
    file = Path(folder, PLACE.name)
    replace_file(file, [status.model_dump_json()], mode=0o644)


def read(place: Path = PLACE) -> PublicStatus | None:
    """None where no service of this machine says anything."""
    try:
        return PublicStatus.model_validate_json(place.read_bytes())
    except (OSError, ValidationError):
        return None


def text_of(status: PublicStatus) -> str:
    """For a person, and for whoever the person asks for help."""
    well = status.journaled and not (status.failing_collectors or status.failing_targets or status.reduced)
    old = (datetime.now(UTC) - status.written_at).total_seconds() > _OLD_SECONDS
    return "\n".join(
        [
            f"rollcall {status.version}: {'silent' if old else 'running'}, {'well' if well else 'NOT WELL'}",
            f"  as of {status.written_at:%Y-%m-%d %H:%M:%S} UTC; more is for root: `sudo rollcall status`",
            f"  collectors that fail: {status.failing_collectors} of {status.collectors}",
            f"  targets that take nothing: {status.failing_targets} of {status.targets}",
        ]
        + ["  cannot keep what it sees: its disk fails or is full"] * (not status.journaled)
        + ["  works more slowly than it should, to leave the machine to others"] * status.reduced
    )


def document_of(status: PublicStatus) -> dict[str, object]:
    """For a program."""
    return {"state": "running", "running": True, **json.loads(status.model_dump_json())}
