"""One combination of settings, what its client did with it, and what Rollcall says of it, in the same words."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agent.records.posture import ApprovalMode, Network, Sandbox

if TYPE_CHECKING:
    from tests.conformance.machine import Place

LONG = os.environ.get("ROLLCALL_CONFORMANCE") == "long"
"""Whether everything is tried, however long it takes."""

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
    refuses: bool = False
    """Whether the client is known not to start with these settings."""


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
    every: int = 1
    """One of so many combinations is put to a client that answers slowly; the long form puts them all."""

    def chosen(self) -> list[Combination]:
        """The combinations of this run."""
        return list(self.combinations())[:: 1 if LONG else self.every]
