"""Whatever a transcript holds, its reader raises nothing and every record can be written: every client, every rule.

Quick by default. `ROLLCALL_FUZZ_SECONDS=600 pytest -s tests/collectors/transcripts/test_any_transcript.py` goes on for
so long with each reader and says how many cases ran.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from collectors.catalog.actions import Comparison, Condition, Rule
from collectors.catalog.catalog import Catalog, Client
from collectors.catalog.transcripts import Transcript
from collectors.transcripts.actions import ActionSource
from tests.collectors.transcripts.driven_homes import EVER
from tests.collectors.world import World

SECONDS = float(os.environ.get("ROLLCALL_FUZZ_SECONDS", "0"))
KINDS = [
    (client, transcript)
    for client in Catalog.load().clients.values()
    for transcript in client.transcript
    if client.actions and transcript.rule
]
RULES = [(client, transcript, rule) for client, transcript in KINDS for rule in transcript.rule]
READERS = sorted({transcript.shape for _, transcript in KINDS})

texts = st.sampled_from(
    ["call_1", "call_2", "Bash", "mcp__a__b", "mcp__a_b", "denied", "2026-01-01T00:00:00Z", "9" * 40, "\0", "\udcff",
     "*", "error", "completed", "rm -rf / <<X", "a 'b", '{"a": [', "/home/dev", "=x", "^", "user", "mcp_a.b(", "NaN"]
) | st.text(max_size=12)  # fmt: skip
numbers = st.integers() | st.floats() | st.sampled_from([10**18, -1, 0, 1, 2**63, 1e308])
plain = st.none() | st.booleans() | numbers | texts
anything = st.recursive(
    plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=6
)


ids = st.sampled_from(["call_1", "call_2", "call_3"])


@st.composite
def mostly(draw: st.DrawFn, usual: st.SearchStrategy[Any], other: st.SearchStrategy[Any] = anything) -> Any:
    return draw(other if draw(st.integers(0, 9)) == 9 else usual)


def wanted(condition: Condition) -> st.SearchStrategy[Any]:
    """What mostly fulfils a condition."""
    if isinstance(condition, Comparison):
        return mostly(st.from_regex(condition.matches) if condition.matches else texts)
    return mostly(st.sampled_from(condition) if isinstance(condition, tuple) else st.just(condition), plain)


def put(document: Any, path: str, value: Any) -> None:
    """Set the value at a path of the catalog's language, where the document is a map all the way."""
    parts = re.findall(r"(?:\\.|[^.\[\]!>])+|\[\]", path.replace("!", "").lstrip("^"))
    for index, part in enumerate(parts):
        name, following = part.replace("\\.", "."), parts[index + 1 : index + 2]
        if part == "[]":
            return
        if not following:
            document[name] = value
        elif following == ["[]"]:
            inner: dict[str, Any] = {}
            document.setdefault(name, [inner])
            put(inner, ".".join(parts[index + 2 :]), value)
            return
        else:
            if not isinstance(document.get(name), dict):
                document[name] = {}
            document = document[name]


@st.composite
def entries(draw: st.DrawFn, rule: Rule) -> Any:
    """An entry that a rule may be about, with anything at the places that it looks at."""
    document: dict[str, Any] = {}
    each = rule.each if isinstance(rule.each, str) else rule.each[0]
    elements = [{} for _ in range(draw(st.integers(1, 2)))] if each else [document]
    for element in elements:
        for name, path in looked_at(rule):
            put(document if path.startswith("^") else element, path, draw(mostly(ids) if name == "call" else anything))
        cases = [case.when for case in (*rule.decision, *rule.result, *rule.action)]
        for path, condition in (pair for when in (*cases, rule.where) for pair in when.items()):
            put(document if path.startswith("^") else element, path, draw(wanted(condition)))
    if each:
        put(document, each.replace(">", ".").removesuffix("[]"), elements if each.endswith("[]") else elements[:1])
    for path, condition in rule.when.items():
        put(document, path, draw(wanted(condition)))
    return document


def looked_at(rule: Rule) -> Iterator[tuple[str, str]]:
    """What is read of an entry, by the names of the fields, and where."""
    for name in Rule.model_fields:
        found = getattr(rule, name)
        for path in [found] if isinstance(found, str) else found if isinstance(found, tuple) else []:
            if isinstance(path, str) and path and name not in ("each", "event") and "pattern" not in name:
                yield name, path


def write(world: World, client: Client, transcript: Transcript, found: list[Any], cut: int) -> None:
    template = transcript.on("linux")[0].replace("*", "x").replace("{config}", "~/.config")
    path = world.here(template.replace("{project}", "/home/dev/p"))
    path.parent.mkdir(parents=True, exist_ok=True)
    if transcript.shape == "table":
        write_table(path, transcript, found)
    else:
        lines = [json.dumps(entry) for entry in found]
        text = "\n".join(lines) + "\n" if transcript.shape == "lines" else "".join(lines[:1])
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) - cut])
    for roots in client.roots if transcript.on("linux")[0].startswith("{project}") else ():
        state: dict[str, Any] = {}
        put(state, roots.at, "/home/dev/p")
        named = world.here(roots.on("linux")[0])
        named.parent.mkdir(parents=True, exist_ok=True)
        named.write_text(json.dumps(state))


def write_table(path: Path, transcript: Transcript, found: list[Any]) -> None:
    """A database whose rows have the values of the entries in the columns that are read."""
    table = transcript.table
    assert table
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as database:
        database.execute(f"CREATE TABLE {table.name} ({', '.join(table.columns)})")
        if table.join:
            database.execute(f"CREATE TABLE {table.join} (id TEXT, {', '.join(table.join_columns)})")
        for entry in found:
            row = [cell(entry.get(name) if isinstance(entry, dict) else entry) for name in table.columns]
            database.execute(f"INSERT INTO {table.name} VALUES ({', '.join('?' * len(row))})", row)
            if table.join:
                joined = entry.get(table.join) if isinstance(entry, dict) else None
                values = [cell(joined.get(name) if isinstance(joined, dict) else None) for name in table.join_columns]
                id = cell(entry.get(table.join_on) if isinstance(entry, dict) else None)
                places = ", ".join("?" * (len(values) + 1))
                database.execute(f"INSERT INTO {table.join} VALUES ({places})", [id, *values])
        database.commit()


def cell(value: Any) -> Any:
    """A value as a column holds it: what is no plain one as JSON."""
    if isinstance(value, dict | list):
        value = json.dumps(value)
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return str(value) if isinstance(value, int) and abs(value) >= 2**63 else value


def read(world: World) -> int:
    batch = ActionSource({}, EVER).read(world.context, everything=True)
    for event in batch.events:
        json.loads(event.to_json())
    return len(batch.events)


@st.composite
def cases(draw: st.DrawFn, reader: str = "") -> tuple[Client, Transcript, list[Any], int]:
    client, transcript, rule = draw(st.sampled_from([one for one in RULES if reader in ("", one[1].shape)]))
    others = st.sampled_from(transcript.rule).flatmap(entries)
    found = draw(st.lists(entries(rule) | others | anything, min_size=1, max_size=5))
    return client, transcript, found, draw(st.just(0) | st.integers(0, 30))


def check(tmp_path: Path, case: tuple[Client, Transcript, list[Any], int]) -> int:
    client, transcript, found, cut = case
    world = World(tmp_path / client.id, client)
    write(world, client, transcript, found, cut)
    return read(world)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(case=cases())
def test_no_transcript_breaks_its_reader(tmp_path: Path, case: tuple[Client, Transcript, list[Any], int]) -> None:
    check(tmp_path, case)


@pytest.mark.timeout(SECONDS + 120)
@pytest.mark.skipif(not SECONDS, reason="ROLLCALL_FUZZ_SECONDS is not set")
@pytest.mark.parametrize("reader", READERS)
def test_no_transcript_breaks_its_reader_for_long(tmp_path: Path, reader: str) -> None:
    deadline, number, count, events = time.monotonic() + SECONDS, int(time.time()), 0, 0

    def one(case: tuple[Client, Transcript, list[Any], int]) -> None:
        nonlocal count, events
        count += 1
        events += check(tmp_path, case)

    while time.monotonic() < deadline:
        number += 1
        run = settings(max_examples=500, deadline=None, database=None, suppress_health_check=list(HealthCheck))(
            given(case=cases(reader))(one)
        )
        seed(number)(run)()
    kinds = sum(transcript.shape == reader for _, transcript in KINDS)
    print(f"\n{reader}: {count} cases, {events} actions over {kinds} kinds of transcripts in {SECONDS:.0f} s")
