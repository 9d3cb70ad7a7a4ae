"""From facts to the inventory: joined, judged, and compared with what was accepted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from agent.correlate import correlate
from agent.governance.findings import Assessor
from agent.governance.policy import Policy
from agent.governance.rule import Facts
from agent.governance.rules import RULES
from agent.records import Record
from collectors.catalog.schema import Catalog


class Derivation:
    """The one function that says what follows from the facts under one policy."""

    def __init__(self, catalog: Catalog, policy: Policy, live: bool) -> None:
        self._catalog = catalog
        self._policy = policy
        self._live = live
        self._assessor = Assessor(RULES, policy)
        self._last: dict[str, Record] = {}

    def __call__(self, facts: Iterable[Record], previous: Mapping[str, Record]) -> Mapping[str, Record]:
        records = correlate(facts, self._catalog, self._live)
        # What is joined anew and says the same stays the same object: then its rules need not be asked again.
        for id_, record in records.items():
            known = self._last.get(id_)
            if known is not None and known is not record and known.same_facts(record):
                records[id_] = known
        self._assessor.forget(self._last.keys() - records.keys())
        self._last = records
        findings = self._assessor.assess(Facts(records, self._policy, self._catalog), previous)
        return {**records, **findings}
