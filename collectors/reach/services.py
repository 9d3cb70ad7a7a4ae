"""The table of well-known servers: which package, command, host or environment variable means which service."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import tomli

from agent.records import DataSource

_TABLE = Path(__file__).with_name("data_sources.toml")


class Services:
    """Looks services up; what stands exactly in the table wins over what only fits a pattern."""

    def __init__(self, table: dict[str, Any]) -> None:
        self.nothing = frozenset(table["nothing"])
        """Packages known to reach nothing."""
        self.packages = frozenset(
            name for entry in table["service"] for name in entry.get("packages", ()) if "*" not in name
        ) | frozenset(table["nothing"])
        """Names of the packages it knows, as `package_name` gives them."""
        self._exact: dict[tuple[str, str], list[DataSource]] = {}
        self._patterns: list[tuple[str, str, DataSource]] = []
        for entry in table["service"]:
            source = DataSource(kind=entry["kind"], target=entry["target"])
            for field in ("packages", "commands", "hosts", "env"):
                for name in entry.get(field, ()):
                    self._add(field, name, source)

    def of_package(self, names: Iterable[str]) -> list[DataSource]:
        """Services of the first of these names, each as `package_name` gives it, that the table knows."""
        return next((found for name in names if (found := self._find("packages", name))), [])

    def of_command(self, name: str) -> list[DataSource]:
        return self._find("commands", name)

    def of_host(self, host: str) -> list[DataSource]:
        """Services that live at a host, in lower case, or at `host:port`."""
        return self._find("hosts", host)

    def of_env(self, names: Sequence[str]) -> Iterator[DataSource]:
        for name in names:
            yield from self._find("env", name)

    def _add(self, field: str, name: str, source: DataSource) -> None:
        if "*" in name:
            self._patterns.append((field, name, source))
        else:
            self._exact.setdefault((field, name), []).append(source)

    def _find(self, field: str, name: str) -> list[DataSource]:
        found = self._exact.get((field, name))
        return found or [source for kind, pattern, source in self._patterns if kind == field and _fits(name, pattern)]


def _fits(name: str, pattern: str) -> bool:
    return name.endswith(pattern[1:]) if pattern[0] == "*" else name.startswith(pattern[:-1])


@cache
def services() -> Services:
    """The built-in table, read once."""
    return Services(tomli.loads(_TABLE.read_text(encoding="utf-8")))
