"""How the running daemon is: for the heartbeat, for `rollcall status`, and as notices."""

from __future__ import annotations

import errno
import json
import os
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from agent import __version__
from agent.delivery.supervisor import DeliverySupervisor
from agent.inventory.runner import Engine
from agent.journal.errors import JournalError
from agent.journal.journal import Journal
from agent.records import CollectorHealth, Diagnostic, Evidence, Heartbeat, TargetHealth
from agent.records.heartbeat import OwnUse
from agent.runtime.files import overwrite_file, replace_file
from agent.runtime.logs import logger
from agent.service import group_status, public_status
from collectors.contract import Watcher

STATUS = "status.json"
"""Name of the status file in the state folder."""

_STATUS_BYTES = 8192


class Health:
    """Reads the state of everyone; changes nothing but the status file."""

    def __init__(
        self,
        engine: Engine,
        journal: Journal,
        courier: DeliverySupervisor,
        folder: Path,
        own_use: Callable[[], OwnUse | None],
        group: str = "",
    ) -> None:
        """Members of `group` may see what it writes."""
        self._engine = engine
        self._journal = journal
        self._courier = courier
        self._file = folder / STATUS
        self._own_use = own_use
        self._group = group
        self._started = time.monotonic()
        self.journal_error: str | None = None
        self.watchers: Mapping[str, Watcher] = {}
        """By the name of their collector."""

    def heartbeat(self) -> Heartbeat:
        return Heartbeat(
            endpoint_id=self._engine.context.endpoint_id,
            evidence=Evidence(collector="rollcall", confidence="confirmed"),
            rollcall_version=__version__,
            uptime_seconds=round(time.monotonic() - self._started, 1),
            inventory_digest=self._engine.inventory.digest(),
            journal_head=self._journal.head().seq,
            collectors=tuple(self._collectors()),
            targets=tuple(self._targets()),
            own_use=self._own_use(),
        )

    def notice(self, code: str, message: str) -> Diagnostic:
        return Diagnostic(
            endpoint_id=self._engine.context.endpoint_id,
            evidence=Evidence(collector="rollcall", confidence="confirmed"),
            code=code,
            message=message,
        )

    def write(self) -> None:
        """Leave the state where `rollcall status` finds it."""
        try:
            beat = self.heartbeat()
        except JournalError as error:
            logger().warning("status.not_written", reason=str(error))
            return
        status = {
            "pid": os.getpid(),
            "written_at": datetime.now(UTC).isoformat(),
            "journal_error": self.journal_error,
            "heartbeat": json.loads(beat.to_json()),
        }
        # Longer than it need be: on a full disk the same room must do for what is to be said then.
        text = json.dumps(status).ljust(_STATUS_BYTES)
        # Each by itself: where the disk of one fails, the others tell of it.
        places: tuple[Callable[[], None], ...] = (
            lambda: self._keep(text),
            lambda: public_status.write(beat, journaled=self.journal_error is None),
            lambda: group_status.write(text, self._group),
        )
        for leave in places:
            try:
                leave()
            except OSError as error:
                logger().warning("status.not_written", reason=error.strerror or type(error).__name__)

    def _keep(self, text: str) -> None:
        try:
            replace_file(self._file, [text])
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            overwrite_file(self._file, text)

    def _collectors(self) -> list[CollectorHealth]:
        return [
            CollectorHealth(
                name=name,
                ok=done.ok,
                last_success=done.last_success.isoformat() if done.last_success else None,
                seconds=round(done.seconds, 4),
                records=done.records,
                mode=self.watchers[name].mode if name in self.watchers else "sweep",
            )
            for name, done in self._engine.passes.items()
        ]

    def _targets(self) -> list[TargetHealth]:
        return [
            TargetHealth(
                name=s.name,
                acknowledged=s.acknowledged,
                backlog=s.backlog,
                last_error=s.last_error,
                failing_since=s.failing_since,
            )
            for s in self._courier.status()
        ]
