"""Puts each combination of a client to the real client and to Rollcall."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.conformance.claims import Difference, claim, differences
from tests.conformance.combination import Behaviour, Client, Combination
from tests.conformance.machine import Machine, Place

_AT_ONCE = 2


@dataclass(frozen=True)
class Result:
    """One combination, what its client did, and where Rollcall says otherwise."""

    combination: Combination
    behaviour: Behaviour
    differences: tuple[Difference, ...]

    @property
    def verdict(self) -> str:
        """`dangerous` before `cautious`; `same` without a difference, `refused` where nothing can be compared."""
        if self.behaviour.refused:
            return "refused"
        directions = [difference.direction for difference in self.differences]
        return "dangerous" if "dangerous" in directions else "cautious" if directions else "same"


@dataclass(frozen=True)
class _Placed:
    combination: Combination
    place: Place


def compare(
    client: Client, combinations: Iterable[Combination], package: Path, folder: Path, env: Mapping[str, str]
) -> list[Result]:
    """Every combination in a place of its own; those that want the same `/etc` share a machine."""
    placed = _place(client, combinations, folder)
    for machine, etc in {id(p.place.machine): (p.place.machine, p.combination.etc) for p in placed}.values():
        machine.settle(etc, package)
    machines = {id(p.place.machine): p.place.machine for p in placed}
    records = {key: machine.rollcall() for key, machine in machines.items()}
    accounts: dict[tuple[int, str], list[_Placed]] = {}
    for each in placed:
        accounts.setdefault((id(each.place.machine), each.place.owner), []).append(each)

    def ask(account: list[_Placed]) -> list[Behaviour]:
        with client.session(account[0].place, env) as ask:
            return [ask(each.place, each.combination) for each in account]

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        behaviours = [behaviour for account in pool.map(ask, accounts.values()) for behaviour in account]
    results = []
    for each, behaviour in zip((p for account in accounts.values() for p in account), behaviours, strict=True):
        said = claim(records[id(each.place.machine)], client.id, each.place.owner, each.place.project)
        results.append(Result(each.combination, behaviour, tuple(differences(said, behaviour))))
    return results


def _place(client: Client, combinations: Iterable[Combination], folder: Path) -> list[_Placed]:
    machines: dict[str, Machine] = {}
    homes: dict[tuple[str, str], Place] = {}
    placed = []
    for combination in combinations:
        etc, home = (repr(sorted(files.items())) for files in (combination.etc, combination.home))
        machine = machines.setdefault(etc, Machine(folder / f"machine{len(machines)}"))
        place = machine.place(combination, homes.get((etc, home)) if client.shared else None)
        homes.setdefault((etc, home), place)
        placed.append(_Placed(combination, place))
    return placed
