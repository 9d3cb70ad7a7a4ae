"""OCSF, judged by the published schema."""

from __future__ import annotations

import json

import pytest

from agent.delivery.contract import Accepted, Refused
from agent.delivery.targets.ocsf import OcsfSettings, OcsfTarget
from agent.journal.journal import Journal
from agent.records.ocsf import VERSION
from tests.delivery.targets.every_kind import journal_of_everything
from tests.receivers.scripted_http import scripted

ocsf = pytest.importorskip("ocsf_json_schema")
jsonschema = pytest.importorskip("jsonschema")


def test_every_kind_of_entry_is_an_event_of_the_published_schema(journal: Journal) -> None:
    batches = journal_of_everything(journal)
    with scripted(lambda _: (200, {})) as server:
        target = OcsfTarget(OcsfSettings(url=server.url), lambda *_: None)
        assert [target.send(batch) for batch in batches] == [Accepted()] * len(batches)
    events = [json.loads(line) for request in server.heard for line in request.body.splitlines()]
    entries = [json.loads(line) for batch in batches for line in batch.lines]
    assert [event["unmapped"]["rollcall"] for event in events] == entries
    schema, classes = ocsf.OcsfJsonSchemaEmbedded(ocsf.get_ocsf_schema(version=VERSION)), {}
    for event in events:
        uid = event["class_uid"]
        if uid not in classes:
            found = schema.get_class_schema(schema.lookup_class_name_from_uid(uid), ["host"])
            classes[uid] = jsonschema.Draft202012Validator(found)
        errors = [f"{error.json_path}: {error.message[:200]}" for error in classes[uid].iter_errors(event)]
        assert errors == [], event
    assert {0, 2003, 5001, 5020, 6003} <= set(classes)
    assert len({event["metadata"]["uid"] for event in events}) == len(events)


def test_what_is_refused_is_told(journal: Journal) -> None:
    batch = journal_of_everything(journal)[0]
    with scripted(lambda _: (413, {})) as server:
        assert OcsfTarget(OcsfSettings(url=server.url), lambda *_: None).send(batch) == Refused("HTTP 413")
