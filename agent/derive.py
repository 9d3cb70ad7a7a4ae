"""From facts to the inventory: joined, judged, and compared with what was accepted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from agent.config import ConfigError, Settings, state_dir
from agent.correlate import correlate
from agent.governance.baseline import FILE, Baseline
from agent.governance.findings import Assessor
from agent.governance.policy import Policy, policy_of
from agent.governance.rule import Facts
from agent.governance.rules import RULES
from agent.names import Names
from agent.records import Record
from collectors.catalog.schema import Catalog


def derivation(settings: Settings, catalog: Catalog, live: bool, names: Names | None = None) -> Derivation:
    """With the policy and the baseline that the settings name. Raises `ConfigError`."""
    try:
        baseline = Baseline.load(baseline_file(settings))
    except (OSError, ValueError) as error:
        raise ConfigError(str(error)) from None
    return Derivation(catalog, policy_of(settings), live, baseline, names)


def baseline_file(settings: Settings) -> Path:
    """Where the accepted baseline is kept."""
    return Path(settings.policy.baseline) if settings.policy.baseline else state_dir(settings) / FILE


class Derivation:
    """The one function that says what follows from the facts under one policy."""

    def __init__(
        self,
        catalog: Catalog,
        policy: Policy,
        live: bool,
        baseline: Baseline | None = None,
        names: Names | None = None,
    ) -> None:
        self._baseline = baseline
        self._names = names
        self._catalog = catalog
        self._policy = policy
        self._live = live
        self._assessor = Assessor(RULES, policy)
        self._last: dict[str, Record] = {}

    def __call__(self, facts: Iterable[Record], previous: Mapping[str, Record]) -> Mapping[str, Record]:
        records = correlate(facts, self._catalog, self._live, self._names)
        # What is joined anew and says the same stays the same object: then its rules need not be asked again.
        for id_, record in records.items():
            known = self._last.get(id_)
            if known is not None and record.NOT_FACTS == Record.NOT_FACTS and known.same_facts(record):
                records[id_] = known
        self._assessor.forget(self._last.keys() - records.keys())
        self._last = records
        findings = self._assessor.assess(Facts(records, self._policy, self._catalog, self._baseline), previous)
        return {**records, **findings}
