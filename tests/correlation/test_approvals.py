"""Who approved which server, and which runs although nobody did."""

from __future__ import annotations

from typing import Any

import pytest

from agent.correlation.approvals import approvals
from agent.records import Approval, McpServer, Posture
from agent.records.posture import ServerRule
from agent.runtime.memo import DerivationCache
from collectors.catalog.catalog import Catalog
from tests import made
from tests.correlation.posture_layers import P, layer

REAL = Catalog.load()


def said(set_by: Any, *words: str, agent: str = "claude-code", **fields: Any) -> Posture:
    """`approve any`, `deny name a`, `only url https://x`."""
    split = [word.split(" ", 2) for word in words]
    rules = tuple(ServerRule(effect=w[0], match=w[1], pattern="".join(w[2:])) for w in split)
    return layer(set_by, agent=agent, servers=rules, **fields)


def server(scope: str = "project", agent: str = "claude-code", **fields: Any) -> McpServer:
    project = P if scope in ("project", "local") else None
    return made.server("a", agent=agent, scope=scope, project=project, **fields)


def decide(one: McpServer, *layers: Posture) -> Approval:
    return next(a for a in approvals([one], layers, REAL, DerivationCache()) if a.server_id == one.id)


@pytest.mark.parametrize(
    ("layers", "state", "by"),
    [
        ((), "pending", "default"),
        ((said("local", "approve name a"),), "approved", "local"),
        ((said("local", "approve name other"),), "pending", "default"),
        ((said("project", "approve any"),), "approved", "project"),
        ((said("user", "approve any"), said("project", "approve name a")), "approved", "user"),
        ((said("user", "approve any"), said("local", "deny name a")), "denied", "local"),
        ((said("managed", "deny name a"), said("project", "approve any")), "denied", "managed"),
        ((said("managed", "only name b"), said("local", "approve name a")), "denied", "managed"),
        ((said("managed", "only name a"),), "pending", "default"),
        ((said("managed", "only name a"), said("local", "approve name a")), "approved", "local"),
        ((said("managed", "only none"), said("user", "approve any")), "denied", "managed"),
        ((said("managed", "only unknown"), said("user", "approve any")), "unknown", "managed"),
        ((said("project", "only name b"), said("user", "approve any")), "approved", "user"),
    ],
)
def test_a_server_of_a_project_waits_for_approval_in_claude_code(
    layers: tuple[Posture, ...], state: str, by: str
) -> None:
    approval = decide(server(), *layers)
    assert (approval.state, approval.by) == (state, by)


@pytest.mark.parametrize("scope", ["user", "local"])
def test_what_a_user_adds_needs_nobodys_approval_unless_it_is_limited(scope: str) -> None:
    assert decide(server(scope)).state == "not_applicable"
    assert decide(server(scope), said("managed", "only name a")).state == "approved"
    assert decide(server(scope), said("managed", "only name b")).state == "denied"


@pytest.mark.parametrize(
    ("rule", "fields", "state"),
    [
        ("only command npx -y x", {"command": "npx", "args": ("-y", "x")}, "approved"),
        ("only command npx -y", {"command": "npx", "args": ("-y", "x")}, "denied"),
        ("only url https://*.a.example/*", {"transport": "http", "url": "https://m.a.example/mcp"}, "approved"),
        ("only url https://*.a.example/*", {"transport": "http", "url": "https://a.example.evil/mcp"}, "denied"),
    ],
)
def test_a_server_is_matched_by_command_and_by_address(rule: str, fields: dict[str, Any], state: str) -> None:
    assert decide(server("user", **fields), said("managed", rule)).state == state


def test_lists_of_others_do_not_count_where_only_managed_ones_do() -> None:
    lock = said("managed", "only name b", managed_servers_only=True)
    assert decide(server("user"), lock, said("user", "only name a")).state == "denied"
    assert decide(server("user"), said("managed", "only name b"), said("user", "only name a")).state == "approved"


def test_servers_beside_a_managed_definition_are_denied_where_managed_ones_are_exclusive() -> None:
    theirs = made.server("b", agent="claude-code", scope="managed", owner=None, path="/etc/managed-mcp.json")
    found = {a.server: a for a in approvals([server("user"), theirs], [], REAL, DerivationCache())}
    assert (found["a"].state, found["a"].by, found["b"].state) == ("denied", "managed", "not_applicable")


def test_trusting_the_folder_approves_its_servers_in_codex() -> None:
    one = server(agent="codex")
    assert decide(one).state == "pending"
    assert decide(one, layer("user", agent="codex", trusted_folders=(P,))).state == "approved"
    assert decide(one, layer("user", agent="codex", trusted_folders=("/srv",))).by == "user"
    assert decide(one, layer("user", agent="codex", untrusted_folders=(P,))).state == "denied"
    assert decide(one, layer("project", agent="codex", trusted_folders=(P,))).state == "pending"


def test_a_project_that_may_be_ignored_cannot_deny() -> None:
    own = said("project", "deny name a", agent="gemini-cli")
    assert decide(server(agent="gemini-cli"), own).state == "not_applicable"
    assert decide(server(agent="gemini-cli"), said("user", "deny name a", agent="gemini-cli")).state == "denied"


def test_an_approval_that_is_kept_where_it_cannot_be_read_is_unknown() -> None:
    assert decide(server(agent="cursor-agent")).state == "unknown"


def test_the_settings_of_other_accounts_projects_and_clients_do_not_count() -> None:
    for other in (
        said("user", "approve any", owner="eve"),
        said("local", "approve any", project="/srv/other"),
        said("user", "approve any", agent="codex"),
    ):
        assert decide(server(), other).state == "pending"


@pytest.mark.parametrize(
    ("running", "layers", "expected"),
    [
        (True, (), True),
        (True, (said("user", "deny name a"),), True),
        (True, (said("user", "approve any"),), False),
        (False, (), False),
        (None, (), False),
    ],
)
def test_a_server_that_runs_without_approval_is_told(
    running: bool | None, layers: tuple[Posture, ...], expected: bool
) -> None:
    assert decide(server(running=running), *layers).runs_anyway is expected


def test_a_client_of_whose_permissions_nothing_is_known_has_no_approvals() -> None:
    assert list(approvals([made.server(agent="lmstudio")], [], REAL, DerivationCache())) == []
