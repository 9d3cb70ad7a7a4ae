"""Nothing found is not could not look: what is said of each client for each owner."""

from __future__ import annotations

import pytest

from agent.correlation.coverage import coverage
from agent.records import AiAgent, Coverage, Record
from agent.runtime.memo import DerivationCache
from collectors.catalog.catalog import Catalog
from tests import made
from tests.collectors.world import client

CATALOG = Catalog([client("demo", config=[{"scope": "user", "paths": ["~/.demo/mcp.json"]}]), client("other")])


def covered(*records: Record) -> list[Coverage]:
    agents = {(record.owner, record.agent): record for record in records if isinstance(record, AiAgent)}
    return list(coverage(records, agents, CATALOG, DerivationCache()))


def states(*records: Record) -> dict[str, tuple[str, str | None]]:
    (found,) = covered(made.owner(), *records)
    return {state.agent: (state.state, state.reason) for state in found.clients}


def test_every_owner_has_one_record_that_names_every_client() -> None:
    found = covered(made.owner("dev"), made.owner("eve"))
    assert [(record.owner, [state.agent for state in record.clients]) for record in found] == [
        ("dev", ["demo", "other"]), ("eve", ["demo", "other"]),
    ]  # fmt: skip


def test_a_client_without_any_sign_is_not_installed() -> None:
    assert states() == {"demo": ("not_installed", None), "other": ("not_installed", None)}


@pytest.mark.parametrize(("servers", "state"), [(0, "no_servers"), (2, "servers_found")])
def test_a_client_that_is_there_has_servers_or_none(servers: int, state: str) -> None:
    assert states(made.agent(servers=servers))["demo"] == (state, None)


def test_a_client_installed_for_the_whole_machine_is_there_for_everyone() -> None:
    assert states(made.agent(owner=None))["demo"] == ("no_servers", None)
    assert states(made.agent(owner="eve"))["demo"] == ("not_installed", None)


def test_a_file_that_could_not_be_read_is_named_with_its_reason() -> None:
    gap = made.diagnostic(severity="error", path="/home/dev/.demo/mcp.json", agent="demo")
    assert states(made.agent(servers=3), gap) == {
        "demo": ("could_not_read", "/home/dev/.demo/mcp.json: it is wrong"), "other": ("not_installed", None),
    }  # fmt: skip


@pytest.mark.parametrize("differing", [{"severity": "warning"}, {"severity": "info"}, {"owner": "eve"}])
def test_lesser_troubles_and_those_of_others_are_no_gap(differing: dict[str, str]) -> None:
    gap = made.diagnostic(**{"severity": "error", "agent": "demo", **differing})
    assert states(made.agent(), gap)["demo"] == ("no_servers", None)


def test_in_a_home_out_of_reach_nothing_can_be_said_of_any_client() -> None:
    (found,) = covered(made.owner(reach="out_of_reach"), made.agent())
    assert {state.state for state in found.clients} == {"could_not_read"}


@pytest.mark.parametrize("folder", ["/home/dev/.demo", "/home/dev"])
def test_a_folder_that_could_not_be_looked_into_is_a_gap_of_the_clients_that_would_be_in_it(folder: str) -> None:
    gap = made.diagnostic("file.not_permitted", severity="error", path=folder)
    found = states(gap)
    assert found["demo"] == ("could_not_read", f"{folder}: it is wrong")
    assert found["other"] == ("not_installed", None)
