"""Elasticsearch's bulk interface: a server written from its documentation, not Elasticsearch itself."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agent.delivery.contract import Accepted, Refused, Retry
from agent.delivery.cursor import Cursor
from agent.delivery.sender import Sender
from agent.delivery.targets.elastic import ElasticSettings, ElasticTarget
from agent.journal.journal import Journal
from tests.delivery.targets.every_kind import journal_of_everything
from tests.receivers.scripted_http import Request, scripted


class Index:
    """Creates each document once; refuses those whose entry has one of these numbers."""

    def __init__(self, *poison: int, busy: int = 0) -> None:
        self.documents: dict[str, dict[str, Any]] = {}
        self.poison = poison
        self.busy = busy

    def __call__(self, request: Request) -> tuple[int, Any]:
        assert request.path.startswith("/logs-rollcall-default/_bulk?")
        lines = [json.loads(line) for line in request.body.splitlines()]
        return 200, {"items": [self._create(*pair) for pair in zip(lines[::2], lines[1::2], strict=True)]}

    def _create(self, action: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
        id_ = action["create"]["_id"]
        if self.busy:
            self.busy -= 1
            return {"create": {"status": 429, "error": {"type": "es_rejected_execution_exception"}}}
        if document["event"]["sequence"] in self.poison:
            return {"create": {"status": 400, "error": {"type": "document_parsing_exception"}}}
        if id_ in self.documents:
            return {"create": {"status": 409, "error": {"type": "version_conflict_engine_exception"}}}
        self.documents[id_] = document
        return {"create": {"status": 201}}


def test_each_entry_is_one_document_however_often_it_is_sent(journal: Journal) -> None:
    batches, index = journal_of_everything(journal), Index()
    with scripted(index) as server:
        target = ElasticTarget(ElasticSettings(url=server.url), lambda *_: None)
        for _ in range(2):
            assert [target.send(batch) for batch in batches] == [Accepted()] * len(batches)
    entries = [json.loads(line) for batch in batches for line in batch.lines]
    assert [document["rollcall"] for document in index.documents.values()] == entries


def test_entries_that_it_refuses_become_dead_letters_and_all_others_arrive(journal: Journal) -> None:
    journal_of_everything(journal)
    count, index = journal.head().seq, Index(3, 5, busy=1)
    with scripted(index) as server:
        settings = ElasticSettings(url=server.url, backoff_cap=0.05)
        sender = Sender(journal, ElasticTarget(settings, lambda *_: None), settings)
        sender.start()
        assert sender.flush(10) and sender.flush(10)
        sender.stop()
    letters = Cursor(journal, "central").dead_letters()
    assert [(letter.seq, letter.reason) for letter in letters] == [
        (3, "HTTP 400 document_parsing_exception"),
        (5, "HTTP 400 document_parsing_exception"),
    ]
    assert journal.head().seq == count + 2, "the journal tells of both"
    assert {d["event"]["sequence"] for d in index.documents.values()} == {*range(1, count + 3)} - {3, 5}
    assert journal.verify().ok


def test_one_that_refuses_all_costs_no_entry_and_one_that_says_too_little_is_asked_again(journal: Journal) -> None:
    batch = journal_of_everything(journal)[0]
    with scripted(Index(*range(1, 1000))) as server:
        outcome = ElasticTarget(ElasticSettings(url=server.url), lambda *_: None).send(batch)
        assert isinstance(outcome, Refused)
    with scripted(lambda _: (200, {"items": []})) as server:
        assert isinstance(ElasticTarget(ElasticSettings(url=server.url), lambda *_: None).send(batch), Retry)


@pytest.mark.parametrize(
    ("told", "outcome"),
    [
        ({"create": {"status": 400, "error": {"type": "x\x1b[2J" + "y" * 5000}}}, Refused("HTTP 400")),
        ({"create": {"status": 400, "error": {"type": ["a token"]}}}, Refused("HTTP 400")),
        ({"create": {"status": 10**40}}, Retry("its answer does not tell of each entry")),
        ({"create": None}, Retry("its answer does not tell of each entry")),
    ],
)
def test_of_an_answer_only_what_can_be_a_name_or_a_status_is_told(journal: Journal, told: Any, outcome: object) -> None:
    batch = journal_of_everything(journal)[0]
    with scripted(lambda request: (200, {"items": [told] * (len(request.body.splitlines()) // 2)})) as server:
        assert ElasticTarget(ElasticSettings(url=server.url), lambda *_: None).send(batch) == outcome
