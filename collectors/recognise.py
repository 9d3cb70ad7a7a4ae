"""Which processes are agents of the catalog, and which are MCP servers, declared or by their package's name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from agent.records import McpServer, redact
from collectors.catalog.schema import Catalog, Client
from collectors.programs import base_name, package_name, program_of, script_of
from collectors.sources.processes import ProcessRow

_PLACEHOLDER = re.compile(r"\$\{[^}]*\}|\$[A-Z_]+|%[A-Z_]+%|~(?=/)")
_WORDS = re.compile(r"[^a-z0-9]+")


class AgentSignatures:
    """Recognises a client by its executable's exact name, its package or where its files lie: never by argv[0]."""

    def __init__(self, catalog: Catalog) -> None:
        clients = catalog.clients.values()
        self._exe = {name: client.id for client in clients for name in client.process.exe}
        self._fragments = re.compile("|".join(re.escape(p) for c in clients for p in c.process.paths) or "(?!)")
        self._packages = [(package, client.id) for client in clients for package in client.process.packages]
        self._paths = [(path, client.id) for client in clients for path in client.process.paths]

    def match(self, row: ProcessRow, package: str | None) -> str | None:
        """Catalog id of the agent that runs here, or None."""
        if package:
            for pattern, client in self._packages:
                if fnmatchcase(package, pattern):
                    return client
        program = program_of(row).replace("\\", "/")
        for place in (program, script_of(row)):
            # One search for all fragments first: most processes match none of a hundred.
            if place and self._fragments.search(f"{place}/"):
                return next(client for fragment, client in self._paths if fragment in f"{place}/")
        return self._exe.get(base_name(program)) if row.exe else None

    def pretends(self, row: ProcessRow) -> str | None:
        """Catalog id of the agent whose executable's name a process that is not that agent has given itself."""
        return self._exe.get(base_name(row.argv[0].split(" ")[0])) if row.argv and row.exe else None


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
        exact = list(self._exact(row)) if row.argv else []
        # Two definitions of one package differ in their arguments: where these tell, they decide.
        found = exact or [s for s in found if len(found) == 1 or _same_tail(s, row)] or found
        return list({server.id: server for server in found}.values())

    def _exact(self, row: ProcessRow) -> Iterator[McpServer]:
        """Definitions whose whole command line this is."""
        names = {base_name(row.argv[0]), base_name(program_of(row))}
        script = script_of(row)
        launches = [(launch, 1) for name in names for launch in self._launches.get(name, ())]
        if script:
            # A command found on PATH whose script starts with `#!`: the interpreter comes before it.
            launches += [(launch, 2) for launch in self._launches.get(base_name(script), ())]
        if launches:
            args = redact.argv(row.argv[1:]).args
            yield from (launch.server for launch, skip in launches if _fits(launch.args, args[skip - 1 :]))


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


def _same_tail(server: McpServer, row: ProcessRow) -> bool:
    """Whether the process ends in the arguments that follow the package in the definition."""
    name = package_name(server.package or "").partition(":")[2]
    position = next((i for i, arg in enumerate(server.args) if name and name in arg), None)
    if position is None:
        return False
    tail = server.args[position + 1 :]
    words = row.argv[0].split() if len(row.argv) == 1 else row.argv
    return not tail or redact.argv(words[-len(tail) :]).args == tail


def bypass_flags(client: Client | None, argv: Sequence[str]) -> Iterator[str]:
    """The client's arguments that switch approvals or the sandbox off; `--flag value` also as `--flag=value`."""
    for flag in client.process.bypass if client else ():
        words = flag.split()
        joined = "=".join(words)
        if joined in argv or any(list(argv[i : i + len(words)]) == words for i in range(len(argv))):
            yield flag
