"""What it costs to follow what agents do: transcripts that grow, and old ones that are read back."""

from __future__ import annotations

import gc
import json
import os
import random
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from statistics import median

import psutil

from agent.config.settings import Settings
from agent.service.scan import take_inventory
from collectors.contract import Context
from collectors.transcripts.actions import ActionSource
from tests.bench import machine
from tests.bench.table import Row

_TRANSCRIPTS = 50
_LINES_A_SECOND = 100
_PAUSE = 2
_WARM = 4
"""Seconds that are not counted."""
_LOOK = 0.002
"""Seconds between two looks into the journal."""
_PATIENCE = 20
_OUTPUT = "x" * 4000
_TEXT = "y" * 2000


def run(quick: bool) -> list[Row]:
    megabytes, seconds = (30, 6) if quick else (1000, 20)
    with tempfile.TemporaryDirectory(prefix="rollcall-actions-") as place:
        root = Path(place)
        folder = _machine(root)
        context = take_inventory(Settings(), place).engine.context
        return [
            *_tail(context, folder, seconds, "as Claude Code writes them", _session, goal=5),
            *_tail(context, folder, seconds, "of nothing but calls", _calls),
            *_backfill(context, folder, megabytes),
            _until_journaled(15 if quick else 60),
        ]


def _tail(
    context: Context, folder: Path, seconds: int, form: str, make: Callable[[str], Iterator[bytes]], goal: float = 0
) -> list[Row]:
    """A look every two seconds at transcripts that all grow, as the daemon's while so much is written; the writing is
    not counted."""
    files = [(folder / f"s{n}.jsonl").open("ab", buffering=0) for n in range(_TRANSCRIPTS)]
    lines = [make(f"s{n}") for n in range(_TRANSCRIPTS)]
    source = ActionSource({}, datetime.now(UTC) - timedelta(days=400))
    spent = parsed = before = 0.0
    gc.collect()
    gc.freeze()  # as the daemon does with what it has read at its start
    for second in range(0, seconds + _WARM, _PAUSE):
        new = [list(islice(each, _PAUSE * _LINES_A_SECOND)) for each in lines]
        for file, part in zip(files, new, strict=True):
            file.write(b"".join(part))
        if second == _WARM:
            spent, parsed, before = 0.0, 0.0, psutil.Process().memory_info().rss
        begun = time.process_time()
        source.read(context)
        spent += time.process_time() - begun
        begun = time.process_time()
        for part in new:
            for line in part:
                json.loads(line)
        parsed += time.process_time() - begun
    gc.unfreeze()
    grown = (psutil.Process().memory_info().rss - before) / 1e6
    for file in files:
        file.close()
        os.unlink(file.name)
    return [
        Row(
            f"50 transcripts at 100 lines/s each, {form}", 100 * spent / seconds, "% of a core",
            100 * parsed / seconds, "json.loads of the same lines", goal=goal or None,
        ),
        Row("resident while they grow", grown, "MB more", goal=4),
    ]  # fmt: skip


def _backfill(context: Context, folder: Path, megabytes: int) -> list[Row]:
    path, size = folder / "old.jsonl", 0
    with path.open("wb") as file:
        for line in _session("old"):
            size += file.write(line)
            if size > megabytes * 1_000_000:
                break
    source = ActionSource({}, datetime.now(UTC) - timedelta(days=400))
    before, most, begun = psutil.Process().memory_info().rss, 0, time.process_time()
    while source.read(context).more:
        most = max(most, psutil.Process().memory_info().rss - before)
    spent = time.process_time() - begun
    begun = time.process_time()
    with path.open("rb") as file:
        for line in file:
            json.loads(line)
    parsed = time.process_time() - begun
    return [
        Row(
            f"{megabytes} MB of old transcripts", spent / megabytes * 1000, "s a GB", parsed / megabytes * 1000,
            "json.loads of the same lines", goal=20,
        ),
        Row("resident while they are read", most / 1e6, "MB more"),
    ]  # fmt: skip


def _until_journaled(times: int) -> Row:
    """From the line of a result to the action in the daemon's journal."""
    path = machine.HOME / ".claude/projects/-home-bench/live.jsonl"
    chance, seconds = random.Random(1), []
    path.parent.mkdir(parents=True, exist_ok=True)
    os.chown(machine.HOME, machine.UID, machine.UID)
    with machine.folder() as place, machine.daemon(machine.settings(place)):
        time.sleep(3)
        journal = sqlite3.connect(f"file:{place}/state/journal.db?mode=ro", uri=True, isolation_level=None)
        for number in range(times + _WARM):
            lines = b"".join(islice(_calls(f"live{number}", datetime.now(UTC)), 2))
            with path.open("ab") as file:
                file.write(lines)
            os.chown(path, machine.UID, machine.UID)
            written = time.perf_counter()
            query = "SELECT 1 FROM entries WHERE instr(body, ?)", (f"live{number}-0".encode(),)
            while not journal.execute(*query).fetchone():
                if time.perf_counter() > written + _PATIENCE:
                    raise RuntimeError(f"live{number} never reached the journal")
                time.sleep(_LOOK)
            seconds.append(time.perf_counter() - written)
            time.sleep(chance.uniform(0.3, 1.5))
        journal.close()
    return Row("line to journal, p50", median(seconds[_WARM:]) * 1e3, "ms", goal=200)


def _machine(root: Path) -> Path:
    """A file system with one account, and the folder of its transcripts."""
    folder = root / "home/bench/.claude/projects/-home-bench-work"
    folder.mkdir(parents=True)
    (root / "etc").mkdir()
    (root / "etc/passwd").write_text(f"bench:x:{os.getuid()}:{os.getgid()}::/home/bench:/bin/sh\n")
    return folder


def _session(session: str) -> Iterator[bytes]:
    """In the form and the mixture of Claude Code 2.1.332: of 17 lines four are of calls, four are texts, and nine are
    notes of other types, some of them long."""
    calls, texts = _calls(session), _texts(session)
    note = {"type": "attachment", "attachment": {"type": "task_reminder", "content": _TEXT}, "sessionId": session}
    request = {"type": "api-request-blob", "blob": _OUTPUT, "sessionId": session}
    others = [_line(note)] * 6 + [_line(request)] * 3
    while True:
        yield from (*islice(calls, 4), *islice(texts, 4), *others)


def _calls(session: str, at: datetime | None = None) -> Iterator[bytes]:
    """A call and its result in turn, from yesterday on or from a time."""
    for number, stamp in enumerate(_stamps(session, at)):
        call = f"{session}-{number}"
        use = {"type": "tool_use", "id": call, "name": "Bash", "input": {"command": "git status && npm test"}}
        yield _line({"type": "assistant", "message": {"model": "claude-opus-5-5", "content": [use]}, **stamp})
        result = {"type": "tool_result", "tool_use_id": call, "content": _OUTPUT, "is_error": False}
        yield _line({"type": "user", "message": {"content": [result]}, **stamp})


def _texts(session: str) -> Iterator[bytes]:
    for stamp in _stamps(session):
        text = {"type": "text", "text": _TEXT}
        yield _line({"type": "assistant", "message": {"model": "claude-opus-5-5", "content": [text]}, **stamp})


def _stamps(session: str, at: datetime | None = None) -> Iterator[dict[str, str]]:
    at = at or datetime.now(UTC) - timedelta(days=1)
    while True:
        at += timedelta(milliseconds=50)
        yield {
            "timestamp": at.isoformat(), "sessionId": session, "cwd": "/home/bench/work", "version": "2.1.332",
        }  # fmt: skip


def _line(value: object) -> bytes:
    return json.dumps(value).encode() + b"\n"
