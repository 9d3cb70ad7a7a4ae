"""The daemon of this machine, if one runs, and what it last said of itself."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.service import status
from agent.service.health import STATUS


@dataclass(frozen=True, slots=True)
class Running:
    """`pid` is None where no daemon runs, or this account may not know."""

    folder: Path
    pid: int | None
    responds: bool
    said: dict[str, Any]
    """The status file, as JSON; empty where there is none."""
    unreadable: str | None = None
    """Why the state folder could not be looked at."""


def running(folder: Path) -> Running:
    """Of this state folder."""
    try:
        report = status.report(folder)
        said = json.loads((folder / STATUS).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Running(folder, None, False, {})
    except (OSError, ValueError) as error:
        return Running(folder, None, False, {}, getattr(error, "strerror", None) or type(error).__name__)
    pid = said.get("pid") if isinstance(said, dict) else None
    alive = isinstance(pid, int) and not report.document["state"].startswith("not running")
    return Running(folder, pid if alive else None, report.running, said if isinstance(said, dict) else {})
