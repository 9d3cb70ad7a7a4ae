"""Whatever a file holds, its readers raise nothing and leak nothing: every client, every file it reads.

Quick by default. `ROLLCALL_FUZZ_SECONDS=600 pytest -s tests/collectors/readers/test_any_document.py` goes on for so
long and says how many cases ran.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from agent.records import KINDS, Diagnostic
from collectors.catalog.catalog import Catalog
from collectors.catalog.client import Artifact, Client, ConfigFile, Provider
from collectors.locate.interest import Interest, Root
from collectors.readers.file import observe_file
from collectors.readers.servers import Definition, Problem, read_definitions
from collectors.sources.limits import Limits
from tests.collectors.world import World
from tests.golden.documents import put, written

CLIENTS = list(Catalog.load().clients.values())
SECONDS = float(os.environ.get("ROLLCALL_FUZZ_SECONDS", "0"))
SECRET = "Zq7planted5x"
Part = ConfigFile | Artifact | Provider

WORDS = (
    "command", "cmd", "path", "args", "url", "httpUrl", "serverUrl", "uri", "type", "transport", "env", "envs",
    "environment", "headers", "http_headers", "disabled", "enabled", "name", "oauth", "settings", "bearer_token",
    "mcpServers", "servers", "hooks", "model", "models", "requestInit", "env_keys", "_comment", "$schema",
)  # fmt: skip
VALUES = (
    "npx", "-y", "docker", "run", "-e", "python", "-m", "uvx", "bash", "-c", "cmd", "/c", "mcp-remote", "http", "sse",
    "stdio", "https://h.example/mcp", "@scope/pkg@1.2.3", "${TOKEN}", "${input:x}", "true", "\0", "\udcff", "\x1b[2J",
)  # fmt: skip

texts = st.sampled_from(VALUES) | st.text(max_size=8)
plain = st.none() | st.booleans() | st.integers() | st.floats() | texts
anything = st.recursive(
    plain,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=5), inner, max_size=6)
    ),
    max_leaves=20,
)
# Where a secret stands in a place that is known to hold one, it must not come out again.
secretive = st.fixed_dictionaries(
    {},
    optional={
        "command": texts | st.just(f"npx -y demo --api-key {SECRET}"),
        "args": st.lists(texts, max_size=3).map(lambda words: [*words, f"--token={SECRET}", "--password", SECRET]),
        "env": st.just({"A_TOKEN": SECRET, "PLAIN": SECRET}) | st.just([f"A_TOKEN={SECRET}"]),
        "headers": st.just({"Authorization": f"Bearer {SECRET}", "X-Custom": SECRET}),
        "url": st.sampled_from(
            [f"https://u:{SECRET}@h.example/mcp?key={SECRET}#{SECRET}", f"https://h/token/{SECRET}"]
        ),
        "oauth": st.just({"clientSecret": SECRET}),
        "bearer_token": st.just(SECRET),
        "type": texts,
        "disabled": anything,
    },
)
entries = secretive | anything
maps = st.dictionaries(texts, entries, max_size=4) | st.lists(entries, max_size=3) | entries


@st.composite
def cases(draw: st.DrawFn, clients: list[Client]) -> tuple[Client, Part, Any]:
    """A client, one part of its catalog entry, and a document with anything at the places that part looks at."""
    client = draw(st.sampled_from(clients))
    parts: list[Part] = [part for part in (*client.config, *client.artifact, *client.provider) if part.on("linux")]
    if not parts:
        parts = [ConfigFile(scope="user", source="a test", checked="2026-01-01")]
    part = draw(st.sampled_from(parts))
    document: Any = draw(st.just({}) | st.dictionaries(st.sampled_from(WORDS), anything, max_size=3) | anything)
    at = [place.at for place in part.servers] if isinstance(part, ConfigFile) else [part.at or ""]
    for place in at:
        if draw(st.integers(0, 9)):
            document = put(document, place, draw(maps), draw(texts))
    return client, part, document


@st.composite
def files(draw: st.DrawFn, clients: list[Client]) -> tuple[Client, Part, bytes]:
    """The same as the bytes of a file, now and then cut short or damaged."""
    client, part, document = draw(cases(clients))
    kind = "json" if isinstance(part, Artifact) and part.at is None else part.format
    try:
        text = written(document, kind, "x.jsonc")
    except (TypeError, ValueError, AttributeError):
        text = json.dumps(document, default=str)
    data = text.encode("utf-8", "surrogatepass")
    damage = draw(st.integers(0, 9))
    if damage == 0:
        data = data[: draw(st.integers(0, len(data)))]
    elif damage == 1:
        place = draw(st.integers(0, len(data)))
        data = data[:place] + draw(st.binary(max_size=6)) + data[place:]
    return client, part, data


class Checked:
    """The checks, and how many cases they saw."""

    def __init__(self, root: Path) -> None:
        self.world = World(root)
        self.count = 0

    def document(self, case: tuple[Client, Part, Any]) -> None:
        self.count += 1
        client, part, document = case
        if isinstance(part, ConfigFile):
            keys = set()
            for found in read_definitions(document, part, client.dialect, Limits(), "stem"):
                assert SECRET not in repr(found)
                found.key.encode()
                if isinstance(found, Definition):
                    assert found.key not in keys, "two servers would be one record"
                    keys.add(found.key)
                    assert len(found.launch_hash) == 64 and found.name
                else:
                    assert isinstance(found, Problem) and found.code

    def file(self, case: tuple[Client, Part, bytes]) -> None:
        self.count += 1
        client, part, data = case
        path = self.world.write("~/.file", data)
        root = Root("project", "/srv/p", "/srv/p") if self.count % 2 else None
        readings = [Interest(client, part, root, ("captured",) * (self.count % 3))]
        seen = observe_file(self.world.context, self.world.home, path, readings)
        assert not seen.unknown or [type(record) for record in seen.records] == [Diagnostic]
        ids = set()
        for record in seen.records:
            text = record.to_json()
            assert SECRET not in text
            assert type(record) is KINDS[record.kind] and type(record).model_validate_json(text) == record
            if not isinstance(record, Diagnostic):
                assert record.id not in ids, "two records of one file with one identity"
                ids.add(record.id)


def run(check: Callable[[Any], None], strategy: st.SearchStrategy[Any], examples: int, number: int = 0) -> None:
    settled = settings(
        max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck), print_blob=True
    )
    seed(number)(settled(given(strategy)(check)))()


@pytest.fixture
def checked(tmp_path: Path) -> Checked:
    return Checked(tmp_path)


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.id)
def test_no_document_makes_a_client_s_readers_raise_or_leak(client: Client, checked: Checked) -> None:
    run(checked.document, cases([client]), 8)
    run(checked.file, files([client]), 5)


@pytest.mark.timeout(SECONDS + 120)
@pytest.mark.skipif(not SECONDS, reason="ROLLCALL_FUZZ_SECONDS is not set")
def test_no_document_does_so_in_a_long_time(checked: Checked, capsys: pytest.CaptureFixture[str]) -> None:
    deadline, number = time.monotonic() + SECONDS, int(time.time())
    while time.monotonic() < deadline:
        number += 1
        run(checked.document, cases(CLIENTS), 300, number)
        run(checked.file, files(CLIENTS), 300, number)
    with capsys.disabled():
        print(f"\n{checked.count} cases over {len(CLIENTS)} clients in {SECONDS:.0f} s")
