"""One combination of settings, what its client did with it, and what Rollcall says of it, in the same words."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from itertools import islice
from random import Random
from typing import TYPE_CHECKING

from agent.records.posture import ApprovalMode, Network, Sandbox

if TYPE_CHECKING:
    from tests.conformance.machine import Place

LONG = os.environ.get("ROLLCALL_CONFORMANCE") == "long"
"""Whether everything is tried, however long it takes."""

AT_LEAST = 200
"""Combinations of each client in the long form."""
SEED = int(os.environ.get("ROLLCALL_CONFORMANCE_SEED", "1"))

Files = Mapping[str, object]
"""Content by path: text, or anything else as JSON; `{home}` and `{project}` in it stand for those folders."""


@dataclass(frozen=True)
class Combination:
    """Settings of one account in one project."""

    name: str
    home: Files = field(default_factory=dict)
    project: Files = field(default_factory=dict)
    etc: Files = field(default_factory=dict)
    servers: bool = False
    """Whether its servers are asked for, where that takes a question of its own."""
    refuses: bool | None = False
    """Whether the client is known not to start with these settings; None where nobody knows."""


@dataclass(frozen=True)
class Behaviour:
    """What holds, as the client says or does. None is what it does not tell."""

    refused: str = ""
    """Why the client does not start with these settings, so that nothing runs."""
    mode: ApprovalMode | None = None
    sandbox: Sandbox | None = None
    network: Network | None = None
    unasked: frozenset[str] = frozenset()
    """Probes that were carried out although nobody was asked."""
    servers: Mapping[str, str] | None = None
    """The transport of each server that is on."""


Ask = Callable[["Place", Combination], Behaviour]
Session = Callable[["Place", Mapping[str, str]], AbstractContextManager[Ask]]


@dataclass(frozen=True)
class Client:
    """A client that can be asked: its npm package, its matrix, and how it tells what holds."""

    id: str
    package: str
    command: str
    combinations: Callable[[], Iterable[Combination]]
    session: Session
    """Opens an account for questions, with the environment that a command needs; entered once an account."""
    shared: bool = False
    """Whether combinations with the same home are projects of one account, because opening one is dear."""
    draw: Callable[[Random], Combination] | None = None
    """Settings that nobody thought of, for the long form."""
    every: int = 1
    """One of so many combinations is put to a client that answers slowly; the long form puts them all."""

    def chosen(self) -> list[Combination]:
        """The combinations of this run."""
        listed = list(self.combinations())
        if not LONG:
            return listed[:: self.every]
        return listed + list(islice(self._drawn({repr(each) for each in listed}), max(0, AT_LEAST - len(listed))))

    def _drawn(self, known: set[str]) -> Iterator[Combination]:
        """Combinations by chance, none of them twice and the same ones for one seed."""
        random = Random(f"{SEED} {self.id}")
        while self.draw:
            drawn = self.draw(random)
            if repr(drawn) not in known:
                known.add(repr(drawn))
                yield replace(drawn, name=f"drawn {len(known)}: {shortened(drawn)}", refuses=None)


def shortened(combination: Combination) -> str:
    """What is in it, for whoever reads that it failed."""
    parts = {"home": combination.home, "project": combination.project, "etc": combination.etc}
    return json.dumps({where: files for where, files in parts.items() if files})
