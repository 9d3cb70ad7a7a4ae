"""Lines that repeat are counted, not lost."""

from __future__ import annotations

from structlog import DropEvent

from agent.runtime.log_repeats import Repeats


def test_ten_of_a_kind_pass_in_a_minute_and_the_next_says_how_many_did_not() -> None:
    now = 0.0
    repeats = Repeats(lambda: now)
    passed = []
    for second in range(150):
        now = float(second)
        for line in ({"event": "inventory.changed", "changes": second}, {"event": "collector.failed", "error": "X"}):
            try:
                passed.append((second, repeats(None, "info", dict(line))))
            except DropEvent:
                continue
    changed = [(second, line.get("repeated")) for second, line in passed if line["event"] == "inventory.changed"]
    assert [second for second, _ in changed] == [*range(10), *range(60, 70), *range(120, 130)]
    assert {second: count for second, count in changed if count} == {60: 50, 120: 50}
    assert len(passed) == 2 * len(changed)
