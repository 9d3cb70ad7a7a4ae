"""The machine and its accounts as records, from what the operating system says of them."""

from __future__ import annotations

from collections.abc import Iterator

from agent.records import Diagnostic, Evidence, Owner
from collectors.catalog.catalog import UnusableEntryError
from collectors.contract import Collector, Context, Observation, Scope
from collectors.sources.account import Home

NAME = "host"


class HostCollector(Collector):
    """One endpoint record and one owner record per home."""

    name = NAME

    def collect(self, context: Context) -> Iterator[Observation]:
        yield Observation(Scope(NAME, "", "endpoint"), (context.endpoint,))
        for home in context.homes:
            yield Observation(Scope(NAME, home.owner, home.path), (_owner(context, home),))
        for entry in context.catalog.unusable:
            yield Observation(Scope(NAME, "", str(entry.path)), (_left_out(context, entry),))

    def depends_on(self, context: Context) -> object:
        return context.homes


def _left_out(context: Context, entry: UnusableEntryError) -> Diagnostic:
    return Diagnostic(
        endpoint_id=context.endpoint_id,
        evidence=Evidence(collector=NAME, source=str(entry.path), confidence="confirmed"),
        severity="error",
        code="catalog.entry_unusable",
        message=f"left out of the catalog: {entry.reason}"[:500],
        path=str(entry.path),
    )


def _owner(context: Context, home: Home) -> Owner:
    return Owner(
        endpoint_id=context.endpoint_id,
        owner=home.owner,
        evidence=Evidence(collector=NAME, source=context.files.shown(home.path), confidence="confirmed"),
        uid=home.uid,
        home=context.files.shown(home.path),
        account=home.account,
        layout=home.os,
        full_name=home.full_name,
        groups=home.groups,
        reach="read" if home.reachable else "network" if home.network else "out_of_reach",
    )
