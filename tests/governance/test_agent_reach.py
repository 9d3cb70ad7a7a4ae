"""What an agent can do unasked, and when private data, strangers' words and a way out meet."""

from __future__ import annotations

from typing import Any

import pytest

from agent.governance.agent_reach import OWN, Reach, reach
from agent.governance.policy.model import Policy
from agent.governance.rules.rule import RuleContext
from agent.governance.rules.tools import RULES
from agent.records import Posture, Record, Tool
from collectors.catalog.catalog import Catalog
from tests import made

AGENT = made.agent()
FILES, WEB = made.server("files"), made.server("web")


def posture(mode: str = "asks_risky", **fields: Any) -> Posture:
    return made.posture(basis="effective", approval_mode=mode, network="on", **fields)


def tool(name: str, effect: str, exposure: str = "allowed", server: Any = FILES, **fields: Any) -> Tool:
    given = {"effects": (effect,), "exposure": exposure, "server": server.name, "server_ids": (server.id,)}
    return made.tool(name, **{**given, **fields})


def of(*tools: Tool, mode: str = "asks_risky", servers: tuple[Any, ...] = (FILES, WEB)) -> Reach:
    return reach(AGENT, [posture(mode)], tools, {server.id: server for server in servers})


def unasked(found: Reach) -> set[tuple[str, str]]:
    return {(ability.effect, ability.by) for ability in found.by_whom("nobody")}


@pytest.mark.parametrize(
    ("mode", "free"),
    [
        ("asks_always", {"reads_files"}),
        ("asks_risky", {"reads_files"}),
        ("auto_approves", {"reads_files"}),
        ("bypasses", {"reads_files", "writes_files", "runs_programs", "network"}),
    ],
)
def test_its_own_tools_do_what_its_mode_lets_them(mode: str, free: set[str]) -> None:
    assert unasked(of(mode=mode)) == {(effect, OWN) for effect in free}


def test_the_project_that_frees_it_most_counts() -> None:
    found = reach(AGENT, [posture(), posture("bypasses", project="/p")], [], {})
    assert ("runs_programs", OWN) in unasked(found)
    assert {ability.why for ability in found.by_whom("nobody")} == {"mode bypasses in /p"}


@pytest.mark.parametrize(("exposure", "asked"), [("allowed", "nobody"), ("ask", "somebody"), ("unknown", "unknown")])
def test_tools_of_servers_are_told_by_who_is_asked(exposure: str, asked: Any) -> None:
    found = of(tool("send", "messages", exposure))
    assert [ability.by for ability in found.by_whom(asked) if ability.effect == "messages"] == ["files/send"]


@pytest.mark.parametrize("exposure", ["filtered", "denied"])
def test_what_the_model_never_gets_is_no_reach(exposure: str) -> None:
    assert not [ability for ability in of(tool("send", "messages", exposure)).abilities if ability.by != OWN]


def test_what_is_gone_or_off_is_no_reach() -> None:
    off = made.server("files", effective=False)
    assert not [a for a in of(tool("send", "messages"), servers=(off,)).abilities if a.by != OWN]
    assert not [a for a in of(tool("send", "messages", state="gone")).abilities if a.by != OWN]


def test_a_server_of_which_no_tool_is_known_is_named() -> None:
    assert of(tool("send", "messages")).unknown_servers == ("web",)


def findings(*records: Record) -> dict[str, str | None]:
    context = RuleContext({record.id: record for record in records}, Policy(), Catalog(()))
    (rule,) = (rule for rule in RULES if rule.id == "reach.trifecta")
    return {proof.what: proof.value for proof in rule.check(AGENT, context)}


def test_the_three_legs_are_named() -> None:
    fetch = tool("fetch", "network", server=WEB)
    assert findings(AGENT, FILES, WEB, posture(), fetch) == {
        "private data it can read unasked:": "its own tools (reads files)",
        "what strangers wrote it can take in unasked:": "web/fetch (network)",
        "a way out unasked:": "web/fetch (network)",
    }


@pytest.mark.parametrize("exposure", ["ask", "denied", "filtered"])
def test_one_leg_that_is_asked_for_is_enough_to_break_it(exposure: str) -> None:
    assert findings(AGENT, FILES, WEB, posture(), tool("fetch", "network", exposure, WEB)) == {}


def test_an_agent_without_servers_is_about_its_mode_and_not_about_this() -> None:
    assert findings(AGENT, posture("bypasses"), tool("read", "writes_files")) == {}
