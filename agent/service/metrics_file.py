"""The daemon's own numbers as OpenMetrics text, where whoever scrapes the machine finds them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from agent.records import Heartbeat
from agent.runtime.files import replace_file
from agent.runtime.logs import logger
from agent.runtime.openmetrics import Metric, lines


def write(path: Path, beat: Heartbeat) -> None:
    """Whole or not at all, readable for everybody: it holds numbers only, and the names of targets and collectors."""
    try:
        replace_file(path, (f"{line}\n" for line in lines(_metrics(beat))), mode=0o644)
    except OSError as error:
        logger().warning("metrics.not_written", path=str(path), reason=error.strerror or type(error).__name__)


def _metrics(beat: Heartbeat) -> Iterator[Metric]:
    yield Metric("rollcall_build", "The version that runs.", [({"version": beat.rollcall_version}, 1)])
    yield Metric("rollcall_uptime_seconds", "Since the start.", [({}, beat.uptime_seconds)])
    yield Metric("rollcall_journal_head", "Number of the last journal entry.", [({}, beat.journal_head)])
    if use := beat.own_use:
        yield Metric("rollcall_cpu_share", "Of one core, over five minutes.", [({}, use.cpu_share)])
        yield Metric("rollcall_resident_bytes", "Resident memory.", [({}, use.resident_bytes)])
        yield Metric("rollcall_descriptors", "Open descriptors.", [({}, use.descriptors)])
        yield Metric("rollcall_threads", "Threads.", [({}, use.threads)])
        yield Metric("rollcall_state_bytes", "Files of the state folder.", [({}, use.state_bytes)])
        yield Metric("rollcall_reduced", "1 while it works more slowly.", [({}, int(use.exceeded is not None))])
    collectors = [({"collector": one.name}, one) for one in beat.collectors]
    yield Metric("rollcall_collector_up", "1 where its last run went through.", [(n, int(c.ok)) for n, c in collectors])
    yield Metric("rollcall_collector_seconds", "Of its last full run.", [(n, c.seconds) for n, c in collectors])
    yield Metric("rollcall_collector_records", "Of its last full run.", [(n, c.records) for n, c in collectors])
    targets = [({"target": one.name}, one) for one in beat.targets]
    failing = [(name, int(target.last_error is not None)) for name, target in targets]
    yield Metric("rollcall_delivery_backlog", "Entries that wait.", [(n, t.backlog) for n, t in targets])
    yield Metric("rollcall_delivery_failing", "1 while it takes nothing.", failing)
