"""One record a tool, out of what several sources say of it; and what happens when the model wants to call it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from agent.correlation.tools import tools
from agent.records import McpServer, Posture, Tool, ToolDigest, ToolList, ToolUse
from agent.records.posture import Rule
from agent.runtime.memo import DerivationCache
from collectors.catalog.catalog import Catalog
from tests import made

CATALOG = Catalog.load()
HASH, OTHER = "a" * 64, "b" * 64


def listed(*names: str, days: int = 0, **fields: Any) -> ToolList:
    digests = tuple(ToolDigest(name, definition_hash=fields.pop("hash", HASH)) for name in names)
    given = {"agent": "claude-code", "server": "notes", "known_from": "cache", "complete": True, "whole": True}
    return made.tool_list(**{**given, "tools": digests, "at": made.SEEN + timedelta(days=days), **fields})


def told(
    *lists: ToolList, servers: tuple[McpServer, ...] | None = None, postures: tuple[Posture, ...] = ()
) -> dict[str, Tool]:
    defined = (made.server("notes", agent="claude-code"),) if servers is None else servers
    found = tools(lists, defined, postures, CATALOG, DerivationCache())
    return {f"{tool.agent}/{tool.name}": tool for tool in found}


def test_the_newest_complete_list_says_what_there_is() -> None:
    old = listed("read", "drop", path="/old")
    new = listed("read", "write", days=1, path="/new")
    found = told(old, new)
    assert list(found) == ["claude-code/read", "claude-code/write"]
    assert all(tool.listed and tool.server_ids for tool in found.values())


def test_what_was_seen_in_use_since_is_there_too_and_what_was_before_is_not() -> None:
    before = listed("gone", days=-1, complete=False, hash=None, path="/t1", known_from="transcript")
    since = listed("later", days=1, complete=False, hash=None, path="/t2", known_from="transcript")
    found = told(before, listed("read"), since)
    assert list(found) == ["claude-code/read", "claude-code/later"]
    assert not found["claude-code/later"].listed


def test_a_list_of_names_takes_definitions_from_another_source() -> None:
    names = listed("read", days=1, hash=None, whole=False, known_from="manifest", path="/m")
    found = told(names, listed("read"))
    assert (found["claude-code/read"].definition_hash, found["claude-code/read"].whole) == (HASH, True)


def test_what_another_client_starts_in_the_same_way_offers_the_same() -> None:
    servers = (
        made.server("notes", agent="claude-code", launch_hash="1" * 64),
        made.server("n", agent="codex", launch_hash="1" * 64),
        made.server("other", agent="codex", launch_hash="2" * 64),
    )
    found = told(listed("read"), servers=servers)
    assert set(found) == {"claude-code/read", "codex/read"}
    borrowed = found["codex/read"]
    assert (borrowed.server, borrowed.evidence.confidence, borrowed.listed) == ("n", "inferred", False)


def posture(
    mode: str = "asks_risky", agent: str = "claude-code", *rules: tuple[str, str, str], **fields: Any
) -> Posture:
    # mypy: the texts are words of the fields.
    given = tuple(Rule(effect=e, subject=s, pattern=p, set_by="user") for e, s, p in rules)  # type: ignore[arg-type]
    return made.posture(basis="effective", agent=agent, approval_mode=mode, set_by="user", rules=given, **fields)


@pytest.mark.parametrize(
    ("rules", "mode", "exposure"),
    [
        ((), "asks_risky", "ask"),
        ((), "auto_approves", "unknown"),
        ((), "bypasses", "allowed"),
        ((("allow", "tool", "notes/read"),), "asks_risky", "allowed"),
        ((("allow", "server", "notes"),), "asks_risky", "allowed"),
        ((("allow", "tool", "notes/write"),), "asks_risky", "ask"),
        ((("allow", "server", "notes"), ("deny", "tool", "notes/read")), "asks_risky", "denied"),
        ((("allow", "server", "notes"), ("ask", "tool", "notes/read")), "asks_risky", "ask"),
        ((("deny", "tool", "notes/read"),), "bypasses", "denied"),
        ((("ask", "tool", "notes/read"),), "bypasses", "allowed"),
    ],
)
def test_rules_come_before_the_mode(rules: tuple[Any, ...], mode: str, exposure: str) -> None:
    found = told(listed("read"), postures=(posture(mode, "claude-code", *rules),))
    assert found["claude-code/read"].exposure == exposure


@pytest.mark.parametrize(
    ("numbers", "exposure"),
    [((4900, 4400), "allowed"), ((4400, 4900), "denied"), ((4400, 4400), "allowed"), ((None, None), "denied")],
)
def test_where_rules_have_numbers_the_highest_decides(numbers: tuple[int | None, ...], exposure: str) -> None:
    said = posture("asks_risky", "gemini-cli", ("allow", "server", "notes"), ("deny", "tool", "notes/read"))
    rules = tuple(rule.model_copy(update={"priority": n}) for rule, n in zip(said.rules, numbers, strict=True))
    found = told(
        listed("read", agent="gemini-cli"),
        servers=(made.server("notes", agent="gemini-cli"),),
        postures=(said.model_copy(update={"rules": rules}),),
    )
    assert found["gemini-cli/read"].exposure == exposure


def test_the_project_that_exposes_most_counts() -> None:
    strict = posture()
    loose = posture("asks_risky", "claude-code", ("allow", "server", "notes"), project="/p")
    found = told(listed("read"), postures=(strict, loose))
    assert (found["claude-code/read"].exposure, found["claude-code/read"].exposure_by) == (
        "allowed", "allow notes, set by user in /p",
    )  # fmt: skip


def test_a_server_of_one_project_is_not_under_the_rules_of_another() -> None:
    server = made.server("notes", agent="claude-code", scope="project", project="/p")
    elsewhere = posture("bypasses", "claude-code", project="/q")
    found = told(listed("read"), servers=(server,), postures=(posture(), elsewhere))
    assert found["claude-code/read"].exposure == "ask"


@pytest.mark.parametrize(
    ("fields", "exposure"),
    [
        ({"shows": ("read",)}, "allowed"),
        ({"shows": ("*",)}, "allowed"),
        ({"shows": ("write",)}, "filtered"),
        ({"hides": ("read",)}, "filtered"),
        ({"hides": ("write",)}, "allowed"),
    ],
)
def test_a_filter_of_the_definition_comes_before_everything(fields: dict[str, Any], exposure: str) -> None:
    server = made.server("notes", agent="claude-code", **fields)
    found = told(listed("read"), servers=(server,), postures=(posture("bypasses"),))
    assert found["claude-code/read"].exposure == exposure


def test_a_client_that_believes_the_server_asks_for_nothing_that_calls_itself_read_only() -> None:
    tool = ToolDigest("read", definition_hash=HASH, hints=("read_only",))
    servers = (made.server("notes", agent="copilot-cli"),)
    trusting = told(
        listed(agent="copilot-cli", tools=(tool,)), servers=servers, postures=(posture("asks_risky", "copilot-cli"),)
    )
    assert trusting["copilot-cli/read"].exposure == "allowed"
    assert trusting["copilot-cli/read"].hints == ("read_only",)
    careful = told(listed(tools=(tool,)), postures=(posture(),))
    assert careful["claude-code/read"].exposure == "ask"


def test_where_nothing_is_mentioned_opencode_asks_nobody() -> None:
    servers = (made.server("notes", agent="opencode"),)
    rule = ("deny", "tool", "notes_*")
    allowed = told(listed("read", agent="opencode"), servers=servers, postures=(posture("auto_approves", "opencode"),))
    denied = told(
        listed("read", agent="opencode"), servers=servers, postures=(posture("auto_approves", "opencode", rule),)
    )
    assert allowed["opencode/read"].exposure == "allowed"
    assert denied["opencode/read"].exposure == "denied"


def test_calls_are_counted_over_all_projects_and_show_that_there_is_the_tool() -> None:
    one = listed(
        "read", days=1, complete=False, known_from="transcript", uses=(ToolUse("read", 2, made.SEEN),), path="/a"
    )
    other = listed(
        "read", "send", days=2, complete=False, known_from="transcript", path="/b",
        uses=(ToolUse("read", 1, made.SEEN + timedelta(days=1)), ToolUse("send", 1, made.SEEN)),
    )  # fmt: skip
    found = told(listed("read", "write"), one, other)
    calls = found["claude-code/read"].called
    assert calls and (calls.times, calls.last) == (3, made.SEEN + timedelta(days=1))
    assert found["claude-code/write"].called is None
    assert not found["claude-code/send"].listed
