"""Hosts that model providers are known to answer at: `agent/network/hosts.toml`."""

from __future__ import annotations

from collections.abc import Container, Iterable
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import NamedTuple

import tomli

_TABLE = Path(__file__).with_name("hosts.toml")


class Provider(NamedTuple):
    """One model provider."""

    name: str
    hosts: tuple[str, ...]
    agents: frozenset[str]
    """Catalog ids of clients that use it without being configured to."""


class ProviderHosts:
    """Which provider a host belongs to."""

    def __init__(self, providers: Iterable[Provider]) -> None:
        self._providers = tuple(providers)
        self._exact = {host: provider for provider in self._providers for host in provider.hosts if "*" not in host}

    def at(self, host: str, port: int) -> Provider | None:
        """The provider at a host in lower case; on this machine the port decides."""
        exact = self._exact.get(f"{host}:{port}") or self._exact.get(host)
        if exact or ":" in host or host[-1:].isdigit():  # no pattern fits an address
            return exact
        return next((p for p in self._providers if any(_fits(host, pattern) for pattern in p.hosts)), None)

    def of_agents(self, agents: Container[str]) -> frozenset[str]:
        """Names that can be looked up, of the providers that these clients use by themselves."""
        return frozenset(
            host
            for provider in self._providers
            if any(agent in agents for agent in provider.agents)
            for host in provider.hosts
            if "*" not in host and ":" not in host
        )


def _fits(host: str, pattern: str) -> bool:
    return "*" in pattern and fnmatchcase(host, pattern)


@cache
def provider_hosts() -> ProviderHosts:
    """The built-in table, read once."""
    table = tomli.loads(_TABLE.read_text(encoding="utf-8"))["provider"]
    return ProviderHosts(
        Provider(entry["name"], tuple(entry["hosts"]), frozenset(entry.get("agents", ()))) for entry in table
    )
