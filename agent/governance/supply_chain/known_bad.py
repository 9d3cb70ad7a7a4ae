"""Packages and versions that are known to do harm, or to let others: dated data, to which a policy can add."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import tomli

from agent.governance.policy.model import KnownBad
from agent.governance.policy.versions import outside
from agent.governance.supply_chain.server_policy import version_of
from agent.records import AiAgent, McpServer
from agent.records.finding import SEVERITIES, Severity
from collectors.launch.packages import package_name

_DATA = Path(__file__).with_name("known_bad.toml")


class KnownBadPackages:
    """The entries of ours and of the policy."""

    def __init__(self, given: Iterable[KnownBad] = ()) -> None:
        self._entries = (*_ours(), *given)

    def of(self, server: McpServer) -> Iterator[KnownBad]:
        """What is known against the package in the version that a definition names, else in those that lie on the
        machine: one of them runs.

        One that nobody named and nobody fetched is whatever is newest: only an entry without versions is about it.
        """
        if server.package:
            named, name = version_of(server), package_name(server.package)
            there = [copy.version for copy in server.on_disk] if named is None else []
            versions: list[str | None] = [*there] or [named]
            told = (bad for version in versions for bad in self._of(name, version))
            yield from {id(bad): bad for bad in told}.values()

    def of_agent(self, agent: AiAgent) -> Iterator[KnownBad]:
        """What is known against the installed version of an agent."""
        for entry in self._of(f"agent:{agent.agent}", agent.version) if agent.installed else ():
            if entry.at == "*" or any(fnmatchcase(path.replace("\\", "/"), entry.at) for path in agent.paths):
                yield entry

    def _of(self, name: str, version: str | None) -> Iterator[KnownBad]:
        for entry in self._entries:
            # The name first: hardly anything is of such a package, and versions take long to read.
            if not fnmatchcase(name, entry.package):
                continue
            if entry.versions is None or (version is not None and not outside(version, entry.versions)):
                yield entry


def worst(entries: Iterable[KnownBad]) -> Severity | None:
    """The highest severity of what is known; None of nothing."""
    return max((entry.severity for entry in entries), key=SEVERITIES.index, default=None)


@cache
def _ours() -> tuple[KnownBad, ...]:
    document = tomli.loads(_DATA.read_text(encoding="utf-8"))
    return tuple(KnownBad.model_validate(one) for one in document["package"])
