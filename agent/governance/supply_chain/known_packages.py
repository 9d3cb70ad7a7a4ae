"""Packages that imitations are named after: the well-known ones, and those that the policy sanctions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from agent.governance.policy.model import Policy
from agent.governance.supply_chain.confusables import LookAlikes
from collectors.launch.packages import comparable
from collectors.reach.services import services

_SHORTEST = 12
"""Letters of ecosystem and name: shorter names are one letter apart by chance."""
_MOST_REMEMBERED = 2_048


def known_packages(policy: Policy) -> KnownPackages:
    """Those of this policy; the same object while it sanctions the same."""
    return _of(frozenset(rule.package for rule in policy.server if rule.package and rule.state == "sanctioned"))


@lru_cache(maxsize=1)
def _of(given: frozenset[str]) -> KnownPackages:
    return KnownPackages(given)


class KnownPackages:
    """Names as `package_name` gives them."""

    def __init__(self, given: Iterable[str]) -> None:
        """`given`: names and patterns that the policy sanctions."""
        self._names = {comparable(name) for name in (*services().packages, *given) if "*" not in name}
        self._namespaces = {space for name in (*self._names, *given) if "*" not in (space := _namespace(name))} - {""}
        self._scoped = {
            f"{name.partition(':')[0]}:{name.rpartition('/')[2]}": name
            for name in self._names
            if ":@" in name and len(name.rpartition("/")[2]) >= _SHORTEST
        }
        self._like_names = LookAlikes(self._names, _SHORTEST)
        self._like_namespaces = LookAlikes(self._namespaces, _SHORTEST)

        # The same package stands in many definitions.
        self._alike: dict[str, tuple[str, ...]] = {}

    def like(self, name: str) -> tuple[str, ...]:
        """Known packages, scopes or image owners that somebody could take this one for; none for a known one.

        Nobody but its owner can publish in a scope, so all that is in a known one is genuine.
        """
        name = comparable(name)
        if name not in self._alike:
            if len(self._alike) >= _MOST_REMEMBERED:
                self._alike.clear()
            self._alike[name] = tuple(self._find(name))
        return self._alike[name]

    def _find(self, name: str) -> Iterator[str]:
        if name not in self._names and _namespace(name) not in self._namespaces:
            # Whoever forgets the scope gets somebody else's package.
            if original := self._scoped.get(name):
                yield original
            yield from self._like_names.like(name)
            if _namespace(name):
                yield from self._like_namespaces.like(_namespace(name))


def _namespace(name: str) -> str:
    return name.rpartition("/")[0]
