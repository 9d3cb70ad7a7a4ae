"""Which processes are agents of the catalog, and which are MCP servers, declared or by their package's name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from agent.records import McpServer, redact
from collectors.catalog.schema import Catalog
from collectors.programs import Programs, base_name, package_name, program_of, script_of
from collectors.sources.processes import ProcessRow

_PLACEHOLDER = re.compile(r"\$\{[^}]*\}|\$[A-Z_]+|%[A-Z_]+%|~(?=/)")
_WORDS = re.compile(r"[^a-z0-9]+")


class AgentSignatures:
    """Recognises a client by its executable's exact name, its package or where its files lie: never by argv[0]."""

    def __init__(self, catalog: Catalog) -> None:
        clients = catalog.clients.values()
        self._exe = {name: client.id for client in clients for name in client.process.exe}
        self._packages = [(package, client.id) for client in clients for package in client.process.packages]
        self._paths = [(path, client.id) for client in clients for path in client.process.paths]

    def match(self, row: ProcessRow, package: str | None) -> str | None:
        """Catalog id of the agent that runs here, or None."""
        if package:
            for pattern, client in self._packages:
                if fnmatchcase(package, pattern):
                    return client
        program = program_of(row).replace("\\", "/")
        places = [place for place in (program, script_of(row)) if place]
        for fragment, client in self._paths:
            if any(fragment in f"{place}/" for place in places):
                return client
        return self._exe.get(base_name(program)) if row.exe else None


@dataclass(frozen=True, slots=True)
class _Launch:
    """How a definition would look in the process table."""

    program: str
    args: tuple[re.Pattern[str], ...]
    server: McpServer


class Definitions:
    """The stdio definitions known, indexed so that a process finds those that it may be an instance of."""

    def __init__(self, servers: Iterable[McpServer]) -> None:
        self._packages: dict[str, list[McpServer]] = {}
        self._launches: dict[str, list[_Launch]] = {}
        for server in servers:
            if server.package:
                self._packages.setdefault(package_name(server.package), []).append(server)
            if server.command:
                name = base_name(server.command)
                patterns = tuple(_argument(arg) for arg in server.args)
                self._launches.setdefault(name, []).append(_Launch(name, patterns, server))

    def match(self, row: ProcessRow, package: str | None) -> list[McpServer]:
        """Definitions of any owner whose package this is, or whose command and arguments are these."""
        found = list(self._packages.get(package, ())) if package else []
        if row.argv:
            args = redact.argv(row.argv[1:]).args
            for name in {base_name(row.argv[0]), base_name(program_of(row))}:
                found += [launch.server for launch in self._launches.get(name, ()) if _fits(launch.args, args)]
            script = script_of(row)
            if script:
                # A command found on PATH whose script starts with `#!`: the interpreter comes before it.
                tail = args[1:]
                found += [
                    launch.server for launch in self._launches.get(base_name(script), ()) if _fits(launch.args, tail)
                ]
        return [server for index, server in enumerate(found) if server not in found[:index]]


def _argument(text: str) -> re.Pattern[str]:
    """The argument with its placeholders standing for anything."""
    return re.compile("[^\0]*".join(re.escape(part) for part in _PLACEHOLDER.split(text)))


def _fits(patterns: tuple[re.Pattern[str], ...], args: tuple[str, ...]) -> bool:
    return len(patterns) == len(args) and all(map(re.Pattern.fullmatch, patterns, args))


def looks_like_server(package: str | None) -> bool:
    """Whether a package calls itself an MCP server: `mcp` is a word of its name, or it is an official server."""
    if not package:
        return False
    name = package.partition(":")[2].lower()
    return "mcp" in _WORDS.split(name) or name.startswith("@modelcontextprotocol/server-")
