"""Scope replacement: what is read again replaces what was known, what cannot be read leaves it standing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from agent.inventory.inventory import Inventory, digest
from agent.records import Diagnostic, Evidence, McpServer, Record, Source
from collectors.contract import Observation, Scope

FILE = Scope("configs", "dev", "/home/dev/.claude.json")
SEEN = Evidence(collector="configs")


def server(name: str, command: str = "npx") -> McpServer:
    return McpServer(
        endpoint_id="e",
        owner="dev",
        evidence=SEEN,
        agent="claude-code",
        name=name,
        scope="user",
        transport="stdio",
        command=command,
        launch_hash=command,
        source=Source(path=FILE.key, key=f"mcpServers.{name}"),
    )


def trouble() -> Diagnostic:
    return Diagnostic(endpoint_id="e", owner="dev", evidence=SEEN, code="parse.json", message="m", path=FILE.key)


def as_is(facts: Iterable[Record], previous: Mapping[str, Record]) -> Mapping[str, Record]:
    return {record.id: record for record in facts}


def settled(inventory: Inventory) -> list[tuple[str, str]]:
    changes = inventory.settle()
    inventory.committed()
    return sorted((change.op, getattr(change.record, "name", change.record.kind)) for change in changes)


def test_a_scope_read_again_replaces_what_was_known_of_it() -> None:
    inventory = Inventory(as_is)
    inventory.replace(Observation(FILE, (server("a"), server("b"))))
    assert settled(inventory) == [("discovered", "a"), ("discovered", "b")]
    inventory.replace(Observation(FILE, (server("b", "node"), server("c"))))
    changes = {change.record.id: change for change in inventory.settle()}
    assert {change.op for change in changes.values()} == {"removed", "changed", "discovered"}
    fields = {(f.field, f.before, f.after) for f in changes[server("b").id].fields}
    assert fields == {("command", "npx", "node"), ("launch_hash", "npx", "node")}


def test_the_same_facts_at_another_time_are_no_change() -> None:
    inventory = Inventory(as_is)
    inventory.replace(Observation(FILE, (server("a"),)))
    settled(inventory)
    inventory.replace(Observation(FILE, (server("a"),)))
    assert settled(inventory) == []
    assert not inventory.dirty


def test_an_unknown_scope_keeps_its_records_and_gains_the_diagnostic() -> None:
    inventory = Inventory(as_is)
    inventory.replace(Observation(FILE, (server("a"),)))
    settled(inventory)
    inventory.replace(Observation(FILE, (trouble(),), unknown=True))
    assert settled(inventory) == [("discovered", "diagnostic")]
    inventory.replace(Observation(FILE, (server("a"),)))
    assert settled(inventory) == [("removed", "diagnostic")]


def test_what_an_unknown_scope_shows_each_time_anew_does_not_pile_up() -> None:
    inventory = Inventory(as_is)
    inventory.replace(Observation(FILE, (server("a"),)))
    for number in range(50):
        inventory.replace(Observation(FILE, (server(f"b{number}"),), unknown=True))
    assert [record.name for record in inventory.facts(FILE)] == ["a", "b49"]


def test_what_is_known_of_an_unknown_scope_comes_first_and_both_are_no_more_than_one_of_them() -> None:
    inventory = Inventory(as_is)
    inventory.replace(Observation(FILE, tuple(server(f"a{number}") for number in range(300))))
    new = tuple(server(f"b{number}") for number in range(320))
    inventory.replace(Observation(FILE, (server("a7"), *new, trouble()), unknown=True))
    facts = inventory.facts(FILE)
    assert len(facts) <= 323
    names = [record.name for record in facts if record.kind == "mcp_server"]
    assert {f"a{number}" for number in range(300)} <= set(names) and "b0" in names
    assert len(names) == len(set(names)) and facts[-1].name == "b20" and trouble().id in {r.id for r in facts}


def test_a_full_collection_retires_what_it_did_not_name_except_below_an_unknown_scope() -> None:
    inventory = Inventory(as_is)
    hidden = Scope("configs", "eve", "/home/eve/.cursor/mcp.json")
    elsewhere = Scope("processes", "dev", "/home/dev/x")
    for scope, name in ((FILE, "a"), (hidden, "b"), (elsewhere, "c")):
        record = server(name).model_copy(update={"id": name})
        inventory.replace(Observation(scope, (record,)))
    settled(inventory)
    home = Scope("configs", "eve", "/home/eve")
    inventory.replace(Observation(home, (), unknown=True))
    inventory.retire("configs", {home})
    assert settled(inventory) == [("removed", "a")]
    inventory.replace(Observation(home))
    inventory.retire("configs", {home})
    assert settled(inventory) == [("removed", "b")]


def test_what_was_not_committed_is_told_again() -> None:
    inventory = Inventory(as_is)
    inventory.replace(Observation(FILE, (server("a"),)))
    assert len(inventory.settle()) == 1
    assert len(inventory.settle()) == 1
    assert inventory.dirty == {FILE}
    inventory.committed()
    assert inventory.settle() == []


def test_the_digest_depends_on_facts_and_not_on_order_or_time() -> None:
    assert digest([server("a"), server("b")]) == digest([server("b"), server("a")])
    assert digest([server("a")]) != digest([server("a", "node")])
