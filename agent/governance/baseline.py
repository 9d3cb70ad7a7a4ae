"""An accepted state of the inventory, to which drift is measured."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent.records import Record
from agent.runtime.error import RollcallError
from agent.runtime.files import replace_file
from agent.runtime.given_file import read_given

FILE = "baseline.json"
_REMEDY = "put the accepted file back, or accept what is there now: `rollcall baseline accept`"
KINDS = ("ai_agent", "mcp_server", "artifact", "connection", "posture", "approval", "model_provider", "tool")
_ABOUT = {
    "ai_agent": ("agent", "owner"),
    "mcp_server": ("name", "agent", "launch_hash", "package", "url", "enabled", "injects", "script"),
    "artifact": ("name", "agent", "artifact", "content_hash"),
    "connection": ("relation", "remote", "host"),
    "posture": ("agent", "approval_mode", "sandbox", "network", "rules", "trusted_folders", "injects"),
    "approval": ("server", "agent", "state"),
    "model_provider": ("provider", "agent", "base_url"),
    "tool": (
        *("name", "server", "agent", "definition_hash", "whole", "known_from", "description_hash", "description_size"),
        *("parameters", "hints"),
    ),
}
"""Fields that drift is measured by; the others change with ordinary use."""


class BaselineError(RollcallError):
    """The file cannot be used; the text names it and says what to do."""

    status = 2


class Baseline:
    """What was accepted, by record id, and when."""

    def __init__(self, accepted_at: str, accepted: Mapping[str, Mapping[str, Any]]) -> None:
        self.accepted_at = accepted_at
        self.accepted = accepted

    @classmethod
    def of(cls, records: Iterable[Record]) -> Baseline:
        """The state to accept."""
        return cls(
            datetime.now(UTC).isoformat(timespec="seconds"),
            {record.id: about_of(record) for record in records if _counts(record)},
        )

    @classmethod
    def load(cls, path: Path) -> Baseline | None:
        """None where none was accepted yet. Raises `BaselineError` for a file that is no baseline, and `OSError`."""
        try:
            document = json.loads(read_given(path))
        except FileNotFoundError:
            return None
        except (ValueError, RecursionError) as error:
            at = f":{error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
            raise BaselineError(f"{path}{at}: not JSON; {_REMEDY}") from None
        accepted = document.get("accepted") if isinstance(document, dict) else None
        if not isinstance(accepted, dict) or not all(isinstance(about, dict) for about in accepted.values()):
            raise BaselineError(f"{path}: not a baseline; {_REMEDY}")
        return cls(str(document.get("accepted_at")), accepted)

    def save(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_file(path, [json.dumps({"accepted_at": self.accepted_at, "accepted": self.accepted}, sort_keys=True)])

    def changes(self, record: Record) -> Iterator[tuple[str, Any, Any]]:
        """Field, before and after, of what is different; nothing for what is new or the same."""
        before = self.accepted.get(record.id)
        if before is not None:
            after = about_of(record)
            # What an older baseline did not hold was not accepted and is not known to be different.
            yield from (
                (name, before[name], after[name]) for name in after if name in before and before[name] != after[name]
            )

    def is_new(self, record: Record) -> bool:
        return record.id not in self.accepted


def _counts(record: Record) -> bool:
    """A tool that its server no longer offers is not accepted."""
    return record.kind in KINDS and vars(record).get("state") != "gone"


def about_of(record: Record) -> dict[str, Any]:
    return {"kind": record.kind, **{name: _field(record, name) for name in _ABOUT[record.kind]}}


def _field(record: Record, name: str) -> Any:
    """The value as JSON has it."""
    if name == "script":
        file = vars(record).get("launch_file")
        return file.content_hash if file else None
    value = vars(record).get(name)
    return (
        [item if isinstance(item, str) else item.model_dump() for item in value] if isinstance(value, tuple) else value
    )
