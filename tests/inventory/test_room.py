"""What all accounts together may take of the memory."""

from __future__ import annotations

from agent.inventory.inventory import Inventory
from agent.inventory.room import _KEPT_FREE, _MOST, Room, _cost
from agent.records import McpServer, Record
from collectors.contract import Observation, Scope
from tests import made


def scope(owner: str, key: str = "/file") -> Scope:
    return Scope("configs", owner, key)


def servers(owner: str, count: int, text: str = "x", name: str = "s") -> tuple[McpServer, ...]:
    return tuple(made.server(f"{name}{number}", owner=owner, args=(f"{number}{text}",)) for number in range(count))


def inventory() -> Inventory:
    found = Inventory(lambda facts, _: {record.id: record for record in facts})
    found.bound()
    return found


def cost(found: Inventory) -> int:
    return sum(map(_cost, found.records("mcp_server")))


def codes(records: tuple[Record, ...]) -> list[str]:
    return [getattr(record, "code", "") for record in records if record.kind == "diagnostic"]


def test_all_together_never_take_more_and_each_has_something() -> None:
    found = inventory()
    for owner in ("alice", "carol", "dave", "erin", "bob"):
        for key in ("/a", "/b"):
            found.replace(Observation(scope(owner, key), servers(owner, 1_500, "y" * 2_000, key)))
    assert cost(found) <= _MOST
    assert codes(found.facts(scope("alice", "/b"))) == ["budget.memory"]
    for owner in ("alice", "carol", "dave", "erin", "bob"):
        own = sum(_cost(record) for record in found.records("mcp_server") if record.owner == owner)
        assert own > _KEPT_FREE * 0.9, owner


def test_what_was_known_comes_first_and_what_fits_again_is_told() -> None:
    found = inventory()
    found.replace(Observation(scope("alice"), servers("alice", 20)))
    found.replace(Observation(scope("alice", "/large"), servers("alice", 3_000, "y" * 2_000, "l")))
    version = found.version
    found.replace(Observation(scope("alice", "/large"), servers("alice", 3_000, "y" * 2_000, "l")))
    assert found.version == version, "the same again is no change"
    more = servers("alice", 5, name="new") + servers("alice", 20)
    found.replace(Observation(scope("alice"), more))
    assert {record.id for record in servers("alice", 20)} <= {record.id for record in found.facts(scope("alice"))}
    found.replace(Observation(scope("alice", "/large")))
    found.replace(Observation(scope("alice"), more))
    assert found.facts(scope("alice")) == more


def test_what_goes_makes_room() -> None:
    room = Room({})
    for number in range(50):
        told = servers("alice", 1_000, name=f"n{number}-")
        assert room.fitting(scope("alice"), (), told) == told
    assert room.fitting(scope("alice"), (), ()) == ()
    assert not +room._accounts
