"""Which of several definitions of one name is in force, by each client's own order."""

from __future__ import annotations

from typing import Any

import pytest

from agent.correlation.precedence import resolve
from agent.records import McpServer
from agent.runtime.memo import DerivationCache
from collectors.catalog.catalog import Catalog
from tests import made
from tests.collectors.world import client

DEFAULT = client("demo")


def resolved(*servers: McpServer, **fields: Any) -> dict[str, McpServer]:
    """By the path they stand at."""
    catalog = Catalog([client("demo", **fields), client("other")])
    return {server.source.path: server for server in resolve(servers, catalog, DerivationCache())}


def server(path: str, scope: str = "user", **fields: Any) -> McpServer:
    return made.server(path=path, scope=scope, **fields)


def test_a_name_that_stands_once_is_effective() -> None:
    (found,) = resolved(server("/a")).values()
    assert (found.effective, found.shadowed_by) == (True, ())


@pytest.mark.parametrize(
    ("strong", "weak"),
    [("managed", "local"), ("local", "project"), ("project", "user"), ("user", "extension"), ("managed", "extension")],
)
def test_the_stronger_scope_wins_where_both_apply(strong: Any, weak: Any) -> None:
    project = {"project": "/srv/p"}
    both = [server("/s", strong, **project), server("/w", weak, **project)]
    for order in (both, both[::-1]):
        found = resolved(*order)
        assert (found["/s"].effective, found["/s"].shadowed_by) == (True, ())
        assert (found["/w"].effective, found["/w"].shadowed_by) == (False, (found["/s"].id,))


def test_a_project_shadows_the_users_definition_only_in_that_project() -> None:
    found = resolved(server("/u"), server("/p", "project", project="/srv/p"))
    assert found["/u"].shadowed_by == (found["/p"].id,)
    assert found["/u"].effective, "elsewhere it is still in force"


def test_definitions_of_two_projects_do_not_meet() -> None:
    found = resolved(server("/p", "project", project="/srv/p"), server("/q", "local", project="/srv/q"))
    assert all(one.effective and not one.shadowed_by for one in found.values())


def test_the_clients_own_order_counts() -> None:
    found = resolved(server("/u"), server("/p", "project", project="/srv/p"), precedence=["user", "project"])
    assert (found["/u"].shadowed_by, found["/p"].effective) == ((), False)


def test_a_scope_that_the_order_does_not_name_shadows_nothing() -> None:
    found = resolved(server("/u"), server("/x", "extension"), precedence=["project", "user"])
    assert all(one.effective and not one.shadowed_by for one in found.values())


@pytest.mark.parametrize(
    "differing", [{"name": "other-name"}, {"agent": "other"}, {"owner": "eve"}, {"agent": "unheard-of"}]
)
def test_definitions_that_have_nothing_to_do_with_each_other_do_not_meet(differing: dict[str, str]) -> None:
    found = resolved(server("/s", "managed"), server("/w", "user", **differing))
    assert all(one.effective and not one.shadowed_by for one in found.values())


def test_what_is_defined_for_the_machine_stands_before_what_anyone_defines() -> None:
    found = resolved(server("/m", "managed", owner=None), server("/d"), server("/e", owner="eve"))
    assert {path: one.effective for path, one in found.items()} == {"/m": True, "/d": False, "/e": False}
    assert found["/m"].shadowed_by == ()


def test_two_definitions_in_the_same_scope_do_not_shadow_each_other() -> None:
    found = resolved(server("/a"), server("/b"))
    assert all(one.effective for one in found.values())


def test_a_disabled_definition_is_not_effective_and_still_shadows() -> None:
    found = resolved(server("/m", "managed", enabled=False), server("/u"))
    assert {path: one.effective for path, one in found.items()} == {"/m": False, "/u": False}


def test_managed_servers_of_an_exclusive_client_leave_no_others() -> None:
    servers = [
        server("/m", "managed", owner=None),
        server("/u", name="anything"),
        server("/o", agent="other", name="x"),
    ]
    found = resolved(*servers, exclusive=True)
    assert (found["/u"].effective, found["/u"].shadowed_by) == (False, (found["/m"].id,))
    assert found["/o"].effective
    assert resolved(server("/u"), exclusive=True)["/u"].effective


def test_managed_servers_of_one_account_leave_those_of_another_alone() -> None:
    servers = [server("/m", "managed", owner="eve"), server("/u", name="anything", owner="dev")]
    assert resolved(*servers, exclusive=True)["/u"].effective


def test_what_is_resolved_again_is_the_same() -> None:
    once = resolved(server("/u"), server("/p", "project", project="/srv/p"), server("/m", "managed", owner=None))
    assert resolved(*once.values()) == once
