"""What `--once --deliver` sends: a look as one snapshot, under an identity and in a journal of its own."""

from __future__ import annotations

import getpass
import os
from pathlib import Path

from agent import __version__
from agent.config.paths import state_dir
from agent.config.settings import Settings
from agent.delivery.settings import TargetSettings
from agent.inventory.snapshot import Snapshots, records_in
from agent.inventory.store import Store, append_evidence, as_json
from agent.journal.checkpoints import Checkpoints
from agent.journal.errors import JournalError
from agent.journal.journal import FILE, Journal
from agent.journal.keys import load_keys
from agent.journal.retention import Keep, Retention
from agent.journal.succession import open_or_succeed
from agent.records import Heartbeat, Record
from agent.runtime.lock import lock
from agent.runtime.terminal import tell
from agent.service.scan import ScanResult

_FOLDER = "once"
_DELIVERY_SECONDS = 60.0


def own_identity() -> str:
    """What tells looks of this account apart from the machine's daemon, which may see more: never under one id."""
    account = os.geteuid() if hasattr(os, "geteuid") else getpass.getuser()
    return f"\nrollcall --once as {account}"


def last_look(settings: Settings, endpoint: str) -> dict[str, Record]:
    """What the look before found, to go on from; nothing where there was none, or none that can be read."""
    try:
        journal = Journal.open(_folder(settings, endpoint) / FILE, endpoint, readonly=True)
    except JournalError:
        return {}
    try:
        place = Snapshots(Store(journal), settings.daemon.snapshot_seconds).last()
        return {record.id: record for record in records_in(journal, place)} if place else {}
    except JournalError:
        return {}
    finally:
        journal.close()


def deliver(settings: Settings, look: ScanResult) -> bool:
    """Send the look to every target, and what earlier ones left behind; whether all took it. Raises `JournalError`."""
    endpoint = look.engine.context.endpoint_id
    folder = _folder(settings, endpoint)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with lock(folder / "lock", patience=_DELIVERY_SECONDS):
        opened = open_or_succeed(folder / FILE, endpoint)
        journal = opened.journal
        try:
            checkpoints = Checkpoints(journal, load_keys(folder), settings.journal)
            checkpoints.start(opened.replaces)
            _append(settings, journal, checkpoints, look)
            taken = [_send(journal, target) for target in settings.target]
            return all(taken)
        finally:
            journal.close()


def _folder(settings: Settings, endpoint: str) -> Path:
    return state_dir(settings) / _FOLDER / endpoint


def _append(settings: Settings, journal: Journal, checkpoints: Checkpoints, look: ScanResult) -> None:
    snapshots, digest = Snapshots(Store(journal), settings.daemon.snapshot_seconds), look.engine.inventory.digest()
    with journal.transaction() as step:
        place = snapshots.append(step, look.engine)
        checkpoints.append(step, "snapshot", inventory_digest=digest, snapshot_seq=place.end)
        append_evidence(step, "heartbeat", as_json(_heartbeat(look, digest, step.head.seq)))
    retention = Retention(journal, checkpoints, [target.name for target in settings.target])
    while retention.step(Keep(settings.journal.keep_days, settings.journal.keep_bytes), place.begin, digest):
        continue


def _heartbeat(look: ScanResult, digest: str, head: int) -> Heartbeat:
    """That it looked, and what a receiver holds then; the rest of its summary is at the end of the snapshot."""
    return Heartbeat(
        endpoint_id=look.summary.endpoint_id,
        evidence=look.summary.evidence,
        rollcall_version=__version__,
        uptime_seconds=look.summary.duration_seconds,
        inventory_digest=digest,
        journal_head=head,
    )


def _send(journal: Journal, target: TargetSettings) -> bool:
    from agent.delivery.senders import make_sender

    sender = make_sender(journal, target, lambda code, message: tell(f"rollcall: {message}"))
    sender.start()
    taken = sender.flush(_DELIVERY_SECONDS)
    status = sender.status()
    if not taken:
        tell(f"rollcall: not delivered to {target.name}: {status.last_error}")
    if status.dead_letters:
        tell(f"rollcall: {target.name} would not take {status.dead_letters} entries: {status.last_error}")
    sender.stop()
    return taken
