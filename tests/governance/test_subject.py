"""How a finding names what it is about."""

from __future__ import annotations

import pytest

from agent.governance.subject import describe
from agent.records import Record
from tests import made
from tests.correlation.posture_layers import P, layer


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (made.agent("claude-code"), "claude-code (dev)"),
        (made.agent("claude-code", owner=None), "claude-code"),
        (made.server("github"), "github in demo (dev)"),
        (layer("user"), "demo (dev)"),
        (layer("project"), f"demo (dev) in {P}"),
        (layer("managed"), "demo"),
        (made.instance(), "demo (dev)"),
        (made.instance(subject="mcp_server", name="files"), "files in demo (dev)"),
        (made.instance(subject="mcp_server", name="files", agent=None), "files (dev)"),
        (made.connection("i", local="0.0.0.0:80"), "0.0.0.0:80 (dev)"),
        (made.connection("i", remote="192.0.2.1:443", host="api.example.com"), "api.example.com (dev)"),
        (made.owner("dev"), "dev"),
        (made.diagnostic(path="/home/dev/x.json", agent="demo"), "/home/dev/x.json in demo (dev)"),
        (made.diagnostic(), "dev"),
    ],
)  # fmt: skip
def test_a_subject_reads_as_a_person_would_say_it(record: Record, words: str) -> None:
    assert describe(record) == words
