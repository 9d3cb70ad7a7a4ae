"""A journal that holds records of every kind, as a whole corpus of configurations gives them."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from agent.delivery.batch import Batch, next_batch
from agent.delivery.position import Position
from agent.journal.journal import Journal
from agent.records import Action, Evidence

_GOLDEN = Path(__file__).parents[2] / "golden/linux.ndjson"
_EACH = 12


def records() -> list[dict[str, Any]]:
    """A dozen of each kind, an action, and one with what is hard to say."""
    found, seen = [], Counter[str]()
    for line in _GOLDEN.read_text(encoding="utf-8").replace('"then"', '"2026-11-23T12:00:00.000000Z"').splitlines():
        record = json.loads(line)
        seen[record["kind"]] += 1
        if seen[record["kind"]] <= _EACH:
            found.append(record)
    evidence = Evidence(collector="actions", confidence="confirmed")
    action = Action(
        endpoint_id="here", owner="dev", evidence=evidence, agent="codex", action="mcp", call_id="k", tool="mcp__a__b",
        mcp_server="a", mcp_tool="b", session_id="s", decision="auto", result="ok",
    )  # fmt: skip
    hard = {
        "kind": "odd",
        "id": '☃\n"]\\',
        "endpoint_id": "here",
        "n": 2**53 - 1,
        "half": 0.5,
        "not": None,
        "yes": True,
    }
    return [*found, action.model_dump(mode="json", by_alias=True), hard]


def journal_of_everything(journal: Journal) -> list[Batch]:
    """Every record discovered, one changed, one removed, a heartbeat and a notice; the batches that hold them."""
    every = records()
    with journal.transaction() as step:
        for record in every:
            step.append("action" if record["kind"] == "action" else "discovered", record)
        for op in ("changed", "removed", "heartbeat", "notice"):
            step.append(op, every[0])  # type: ignore[arg-type]  # any operation
        step.append("snapshot_begin", None)
    batches, position = [], Position()
    while batch := next_batch(journal, position, 500, 900_000):
        batches.append(batch)
        position = Position(batch.last_seq, batch.last_seq)
    return batches
