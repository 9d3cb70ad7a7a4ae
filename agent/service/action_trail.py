"""Follows the transcripts of agents into the journal: every action once, also over restarts and failed commits."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from agent.governance.behaviour.profile import Key
from agent.inventory.actions import ActionLog
from agent.inventory.behaviour import Behaviour
from agent.inventory.installed_events import InstalledEvents, together
from agent.inventory.settings import CollectSettings
from agent.inventory.store import Store
from agent.journal.journal import Journal, Transaction
from agent.records import Diagnostic
from agent.runtime.logs import logger
from collectors.catalog.catalog import Catalog
from collectors.contract import Context
from collectors.events import Batch
from collectors.transcripts.actions import ActionSource
from collectors.transcripts.programs import risks
from collectors.transcripts.watch import TranscriptWatch

if TYPE_CHECKING:
    from collectors.telemetry.receiver import Receiver

_SINCE = "actions_since"
"""The mark that says from when on the actions of each client are told."""
_HOSTS_SECONDS = 10.0
"""Interval at which connections of agents are looked at."""
_MOST_BYTES = 8 << 20
"""Bytes of transcripts that one step reads: other work waits for so long."""


class ActionTrail:
    """What was read is kept until it is durable; only then is more read."""

    def __init__(
        self, settings: CollectSettings, catalog: Catalog, journal: Journal, store: Store, wake: Callable[[float], None]
    ) -> None:
        """`wake` is told, in another thread, in how many seconds there is something to read. Raises `JournalError`."""
        self._journal = journal
        self.behaviour = Behaviour(journal, risks(), catalog.unasked_modes(), timedelta(days=settings.learn_days))
        self._log = ActionLog(journal, settings.actions, settings.client_actions)
        told = [
            client.id for client in catalog.clients.values() if client.actions and not self._log.leaves_out(client.id)
        ]
        installed = InstalledEvents(settings.disabled)
        since = _since(store.mark(_SINCE), [*told, *installed.names], timedelta(days=settings.backfill_days))
        store.append(lambda step: self._begin(step, since))
        positions = self._log.positions()
        installed.start(positions, since)
        self._telemetry = _receiver(settings.telemetry_port, catalog, told)
        self._transcripts = ActionSource(
            {name: position for name, position in positions.items() if not name.startswith("\n")},
            {client: since[client] for client in told},
            programs=settings.action_programs,
            most_bytes=_MOST_BYTES,
            telemetry=self._telemetry.inbox.take if self._telemetry else tuple,
        )
        self._installed = installed
        self._watch = TranscriptWatch(wake)
        self._batch: Batch | None = None
        self._hosts: dict[Key, set[str]] = {}
        self._hosts_at = 0.0
        self._failed: set[tuple[str | None, str]] = set()

    def _begin(self, step: Transaction, since: dict[str, datetime]) -> None:
        """Of a client that was left out for a time, that time is not told later."""
        Store.set_mark(step, _SINCE, json.dumps({client: at.isoformat() for client, at in since.items()}))
        self._log.forget_positions(step, since)
        self._log.forget_old(step)

    def close(self) -> None:
        """Watch no more, and receive no more telemetry."""
        self._watch.close()
        if self._telemetry:
            self._telemetry.close()

    @property
    def more(self) -> bool:
        """Whether there is more to read at once."""
        return self._batch is not None and self._batch.more

    def read(self, context: Context) -> bool:
        """Read what is new. Whether there is something to write."""
        if self._batch is None:
            begun = time.monotonic()
            new = self._transcripts.read(context, changed=self._watch.take())
            self._watch.follow(self._transcripts.folders, time.monotonic() - begun)
            self._batch = together((new, self._installed.read(context)))
            self._hosts = self._new_hosts(context)
        batch = self._batch
        is_news = any(map(self._is_news, batch.diagnostics))
        return is_news or bool(batch.events or batch.known or batch.positions or self._hosts)

    def _new_hosts(self, context: Context) -> dict[Key, set[str]]:
        if time.monotonic() < self._hosts_at:
            return {}
        self._hosts_at = time.monotonic() + _HOSTS_SECONDS
        return self.behaviour.new_hosts(context)

    def notices(self) -> list[tuple[str, str]]:
        """What could not be read, said once for each client or source and reason."""
        found: list[tuple[str, str]] = []
        for diagnostic in self._batch.diagnostics if self._batch else ():
            if self._is_news(diagnostic):
                self._failed.add(_reason(diagnostic))
                transcript = f"a transcript of {diagnostic.agent} could not be read for actions"
                said = transcript if diagnostic.agent else f"{diagnostic.key}: {diagnostic.message}"
                found.append((diagnostic.code, said))
        return found

    def _is_news(self, diagnostic: Diagnostic) -> bool:
        return _reason(diagnostic) not in self._failed

    def append(self, step: Transaction) -> None:
        """Write what was read, and what follows from it."""
        if self._batch:
            self.behaviour.add(step, self._log.append(step, self._batch))
            self.behaviour.add_hosts(step, self._hosts)

    def written(self) -> None:
        """What was read is durable."""
        if self.more:
            self._watch.look_again()
        self._batch = None
        if self._telemetry:
            self._telemetry.inbox.confirm()
        self.behaviour.written()

    def failed(self) -> None:
        """What was read is not durable, and is written once more."""
        self._log.forget_context()
        self.behaviour.again(self._journal)


def _reason(diagnostic: Diagnostic) -> tuple[str | None, str]:
    return diagnostic.agent or diagnostic.key, diagnostic.code


def _receiver(port: int, catalog: Catalog, clients: Collection[str]) -> Receiver | None:
    """The port for telemetry, if one is wanted and free."""
    if not port:
        return None
    from collectors.telemetry.receiver import Receiver

    try:
        return Receiver([catalog.clients[client] for client in clients], port)
    except OSError as error:
        logger().error("telemetry.port", port=port, reason=error.strerror)
        return None


def _since(mark: str | None, clients: list[str], backfill: timedelta) -> dict[str, datetime]:
    """From when on the actions of each client are told: as the mark says, or from now on, less the days asked for."""
    try:
        known = {str(client): datetime.fromisoformat(at) for client, at in json.loads(mark or "{}").items()}
    except (ValueError, TypeError, AttributeError):
        known = {}
    now = datetime.now(UTC)
    return {client: known.get(client, now - backfill) for client in clients}
