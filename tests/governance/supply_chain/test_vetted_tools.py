"""A server that is vetted by its tools: sanctioned while it offers just those."""

from __future__ import annotations

import pytest

from agent.governance.policy.model import ServerRule
from agent.governance.supply_chain.vetted_tools import OfferedTools, sanction_by
from agent.records import Tool
from tests import made

A, B = "a" * 64, "b" * 64
SERVER = made.server()


def tool(hash: str | None, name: str = "read", **fields: str) -> Tool:
    return made.tool(name, definition_hash=hash, server_ids=(SERVER.id,), **fields)


@pytest.mark.parametrize(
    ("tools", "sanction"),
    [
        ([], "unknown"),
        ([tool(A)], "sanctioned"),
        ([tool(B)], "unsanctioned"),
        ([tool(A), tool(B, "write")], "unsanctioned"),
        ([tool(A), tool(None, "write")], "unknown"),
        ([tool(A), tool(B, "write", state="gone")], "sanctioned"),
    ],
)
def test_only_what_was_vetted_is_sanctioned(tools: list[Tool], sanction: str) -> None:
    offered = OfferedTools([SERVER, *tools]).of(SERVER)
    assert sanction_by(ServerRule(name="files", tools=(A,)), offered) == sanction


def test_without_hashes_the_rule_is_about_the_server_alone() -> None:
    assert sanction_by(ServerRule(name="files"), [tool(B)]) == "sanctioned"
    assert sanction_by(ServerRule(name="files", tools=(A,), state="unsanctioned"), [tool(A)]) == "unsanctioned"
