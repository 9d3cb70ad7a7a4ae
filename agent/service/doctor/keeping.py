"""The daemon, its database and its key: whether what is seen is kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from agent.config.settings import Settings
from agent.inventory.context import this_endpoint_id
from agent.journal.errors import JournalError
from agent.journal.journal import FILE, Journal
from agent.journal.keys import existing_key
from agent.journal.signing import KEY_FILE
from agent.service.doctor.answer import Answer, error, ok, warning
from agent.service.doctor.running import Running

_START = "start it: `systemctl start rollcall` (Linux), `launchctl kickstart system/dev.rollcall.agent` (macOS)"
_SWEEPS = "grant CAP_NET_ADMIN where the kernel is older than 6.6; in a container only a sweep is possible"
_LATER = timedelta(minutes=5)


def look(settings: Settings, running: Running) -> Iterator[Answer]:
    """One answer for each, and one for each collector that fails."""
    yield _daemon(running)
    if use := _heartbeat(running).get("own_use"):
        yield _own_use(use)
    yield _database(settings, running)
    yield _key(running)
    for collector in _heartbeat(running).get("collectors", ()):
        about, mode = f"collector {collector['name']}", collector.get("mode") or "sweep"
        if not collector["ok"]:
            why = "`journalctl -u rollcall` names the place; report it with `rollcall support-bundle`"
            yield error(about, f"fails; last success {collector.get('last_success') or 'never'}", why)
        elif collector["name"] == "processes" and mode == "sweep":
            yield warning(about, "looks at the process table once a second", _SWEEPS)
        else:
            yield ok(about, f"{collector['records']} records, by {mode}")


def _heartbeat(running: Running) -> dict[str, Any]:
    beat = running.said.get("heartbeat")
    return beat if running.pid and isinstance(beat, dict) else {}


def _daemon(running: Running) -> Answer:
    if running.unreadable:
        return warning("daemon", f"{running.folder}: {running.unreadable}", "run this as root")
    if running.pid is None:
        return error("daemon", f"none runs with the state folder {running.folder}", _START)
    if not running.responds:
        return error("daemon", f"pid {running.pid} does not respond", "`systemctl restart rollcall`")
    if failed := running.said.get("journal_error"):
        return error("daemon", f"cannot write its journal: {failed}", "see disk and database below")
    return ok("daemon", f"runs, pid {running.pid}")


def _own_use(use: dict[str, Any]) -> Answer:
    said = (
        f"{use['cpu_share']:.1%} of a core, {use['resident_bytes'] / 1e6:.0f} MB, "
        f"{use['descriptors']} descriptors, {use['threads']} threads, {use['state_bytes'] / 1e6:.1f} MB on disk"
    )
    if use.get("exceeded"):
        slower = f"works more slowly: {use['exceeded']}"
        return warning("own use", slower, "see in its log what changes so often, or raise [budget]")
    return ok("own use", said)


def _database(settings: Settings, running: Running) -> Answer:
    path = running.folder / FILE
    try:
        if not path.exists():
            return warning("database", f"{path}: there is none yet", "it is made when the daemon first starts")
        journal = Journal.open(path, this_endpoint_id(), readonly=True)
        try:
            head = journal.head().seq
            last = journal.read(head - 1)[-1].at if head else None
        finally:
            journal.close()
    except (JournalError, OSError) as problem:
        text = str(problem) if isinstance(problem, JournalError) else problem.strerror or type(problem).__name__
        return error("database", text, "run this as root; if it is damaged, `rollcall audit verify` tells where")
    size = path.stat().st_size
    said = f"{head} entries, {size / 1e6:,.1f} MB of {settings.journal.keep_bytes / 1e6:,.0f} MB kept"
    if last and last > datetime.now(UTC) + _LATER:
        return warning("database", f"its last entry is of {last:%Y-%m-%d %H:%M} UTC, which is yet to come", "see clock")
    return ok("database", said)


def _key(running: Running) -> Answer:
    path = running.folder / KEY_FILE
    key = existing_key(running.folder)
    if key is None and path.exists():
        return error("key", f"{path} cannot be read, or is no key", "run this as root; put the key back from a backup")
    if key is None:
        return warning("key", "there is none yet: nothing is signed", "it is made when the daemon first starts")
    if path.exists() and path.stat().st_mode & 0o077:
        return error("key", f"{path} is open to other accounts", f"chmod 600 {path}; `rollcall audit new-key`")
    return ok("key", f"{key.public.id} signs the journal")
