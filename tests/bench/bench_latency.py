"""From the rename that puts a new configuration file in place to its change in the journal."""

from __future__ import annotations

import json
import os
import random
import sqlite3
import time
from pathlib import Path
from statistics import median, quantiles

from tests.bench import home, machine
from tests.bench.table import Row

PROCESSES = 300
_DEBOUNCE = 0.05
"""Default of `collect.debounce_seconds`."""
_LOOK = 0.002
"""Seconds between two looks into the journal: how much too late an entry may be noticed."""


def run(quick: bool) -> list[Row]:
    """JSON, TOML and YAML in turn; the next rewrite comes after the entry of the one before and a random pause."""
    files = [*(file for file in home.FILES if file.prefix in ("claude", "codex", "goose")), *home.OF_PROJECTS]
    home.make(machine.HOME, machine.UID, files=(*home.FILES, *home.OF_PROJECTS))
    with machine.sleepers(PROCESSES), machine.folder() as place, machine.daemon(machine.settings(place)):
        time.sleep(2)
        journal = sqlite3.connect(f"file:{place}/state/journal.db?mode=ro", uri=True, isolation_level=None)
        chance = random.Random(1)
        ours, theirs = [], []
        for revision in range(1, (30 if quick else 330) + 1):
            ours.append(_until_journaled(journal, files[revision % len(files)], 100_000 + revision))
            theirs.append(_DEBOUNCE + _bare(place, revision))
            time.sleep(chance.uniform(0, 0.15))
        journal.close()
    name = "debounce, read, parse, one durable commit"
    return [
        Row("rename to journal, p50", median(ours) * 1e3, "ms", median(theirs) * 1e3, name),
        Row("rename to journal, p99", _p99(ours) * 1e3, "ms", _p99(theirs) * 1e3, name, 300),
        Row("rename to journal, longest", max(ours) * 1e3, "ms", max(theirs) * 1e3, name),
    ]


def _until_journaled(journal: sqlite3.Connection, file: home.File, revision: int) -> float:
    head = journal.execute("SELECT head_seq FROM meta").fetchone()[0]
    start = _replace(machine.HOME / file.path, file.text(revision))
    marker = f"--revision={revision}".encode()
    while time.perf_counter() < start + 10:
        for seq, body in journal.execute("SELECT seq, body FROM entries WHERE seq > ?", (head,)):
            if marker in bytes(body):
                return time.perf_counter() - start
            head = seq
        time.sleep(_LOOK)
    raise RuntimeError(f"{file.path}: revision {revision} never reached the journal")


def _replace(path: Path, text: str) -> float:
    """When the new file was in place."""
    new = path.with_name(path.name + ".new")
    new.write_text(text)
    os.chown(new, machine.UID, machine.UID)
    os.replace(new, path)
    return time.perf_counter()


def _bare(place: Path, revision: int) -> float:
    """Seconds for what cannot be left out."""
    database = sqlite3.connect(place / "reference.db", isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("CREATE TABLE IF NOT EXISTS entries (body TEXT)")
    start = _replace(place / "reference.json", home.FILES[0].text(revision))
    entries = json.loads((place / "reference.json").read_text())["mcpServers"]
    database.execute("INSERT INTO entries VALUES (?)", (json.dumps(entries),))
    seconds = time.perf_counter() - start
    database.close()
    return seconds


def _p99(seconds: list[float]) -> float:
    return quantiles(seconds, n=100, method="inclusive")[98]
