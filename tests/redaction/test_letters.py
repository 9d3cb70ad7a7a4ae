"""Letters as people put them together, and as generators throw them."""

from __future__ import annotations

import random
import string

import pytest

from agent.redaction.letters import holds_unlikely_run, without_unlikely_runs

ALL = string.ascii_letters + string.digits


@pytest.mark.parametrize(
    ("alphabet", "length", "most"),
    [
        (string.ascii_lowercase, 16, 0.01),
        (string.ascii_lowercase, 24, 0.001),
        (string.ascii_letters, 24, 0.001),
        (ALL, 16, 0.03),
        (ALL, 20, 0.005),
        (string.ascii_lowercase + "234567", 26, 0.001),
        (ALL + "_-", 21, 0.02),
    ],
)
def test_generated_text_is_unlikely(alphabet: str, length: int, most: float) -> None:
    rng = random.Random(7)
    missed = sum(not holds_unlikely_run("".join(rng.choices(alphabet, k=length))) for _ in range(2_000))
    assert missed <= most * 2_000


@pytest.mark.parametrize(
    "name",
    [
        "sequentialthinkingserver", "internationalization", "hasTrustDialogAccepted", "disabledMcpjsonServers",
        "server-brave-search", "modelcontextprotocol", "artificialintelligence", "12345678901234567890", "short",
        "autoApproveEverythingExceptDeletes", "My-Server-v2", "",
    ],
)  # fmt: skip
def test_a_name_is_likely(name: str) -> None:
    assert not holds_unlikely_run(name)


def test_only_the_unlikely_part_is_replaced() -> None:
    assert without_unlikely_runs("server-qxvzkjwpqmtrbnzx (dev)", "-") == "server-- (dev)"
