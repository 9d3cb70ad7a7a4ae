"""What may be changed of a record are fields that it has, with the types that they have."""

from __future__ import annotations

from typing import Any, Unpack, get_args, get_origin, get_type_hints

import pytest

from agent.records import KINDS, Record
from tests import made

CHANGED = {kind: model for kind, model in KINDS.items() if hasattr(model, "changed")}


def test_others_conclude_things_about_these_kinds() -> None:
    assert {"ai_agent", "mcp_server", "instance", "owner", "connection", "posture", "finding"} <= CHANGED.keys()


@pytest.mark.parametrize("kind", CHANGED)
def test_a_change_has_the_names_and_types_of_the_record(kind: str) -> None:
    # mypy: each of these kinds has a `changed` of its own.
    told: Any = get_type_hints(CHANGED[kind].changed)["fields"]  # type: ignore[attr-defined]
    assert get_origin(told) is Unpack
    (fields,) = get_args(told)
    own = get_type_hints(CHANGED[kind], include_extras=True)
    for name, form in get_type_hints(fields, include_extras=True).items():
        assert form == own[name], name


def test_a_record_that_stays_the_same_is_the_same_object() -> None:
    server = made.server()
    assert server.changed(running=None) is server
    other = server.changed(running=True)
    assert other.running is True and other.id == server.id and server.running is None


def test_a_record_is_identified_when_it_is_made_and_when_it_is_read() -> None:
    one: Record = made.server()
    assert len(one.id) == 32
    assert made.server(id="given").id == "given"
    assert type(one).model_validate_json(one.to_json()).id == one.id
