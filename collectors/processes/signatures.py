"""Which processes are agents of the catalog, and which are MCP servers, declared or by their package's name."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Sequence, Set
from fnmatch import fnmatchcase
from typing import NamedTuple

from agent.records import McpServer
from agent.records.ai_agent import ClientKey
from agent.redaction import redact
from collectors.catalog.catalog import Catalog
from collectors.launch.launchers import LAUNCHERS
from collectors.launch.packages import package_name
from collectors.launch.program_name import base_name
from collectors.processes.command import is_honest, is_interpreter, is_title, program_of, script_of, start_of
from collectors.sources.filesystem.file_tree import FileTree
from collectors.sources.process.row import ProcessRow

_PLACEHOLDER = re.compile(r"\$\{[^}]*\}|\$[A-Z_]+|%[A-Z_]+%|~(?=/)")
_WORDS = re.compile(r"[^a-z0-9]+")
_SERVER_WORDS = frozenset({"mcp", "fastmcp"})
_TOOL_WORDS = frozenset({"inspector", "scan", "scanner", "client", "sdk", "create", "types", "installer", "test"})
"""What a package about MCP that is no server says of itself: `mcp-scan`, `create-mcp-server`."""
_NO_SERVERS = frozenset(
    {
        "npm:mcp-get",
        "npm:mcp-use",
        "pypi:mcp-use",
        "pypi:mcp-agent",
        "pypi:mcp-cli",
        "npm:add-mcp",
        "npm:install-mcp",
        "npm:mcp-framework",
        "npm:mcp-evals",
        "npm:mcp-publisher",
        "npm:@anthropic-ai/mcpb",
        "pypi:langchain-mcp-adapters",
        "npm:@langchain/mcp-adapters",
        "npm:pi-mcp-adapter",
        "pypi:mcpadapt",
    }
)
"""Packages with the word in their name that install, call, test or build servers; what serves says so itself."""
_SERVERS = frozenset({"npm:supergateway", "npm:@modelcontextprotocol/inspector-server", "npm:@mcpjam/inspector"})
"""Packages that serve although their name does not say so."""
_RUNNERS = LAUNCHERS.keys() | {"make", "just", "task", "java", "php", "dotnet", "cargo", "env", "sudo", "cmd"}
"""Programs that run anything: their name says nothing of what they run."""
_ABSOLUTE = re.compile(r"[/~$%]|[A-Za-z]:[\\/]|\\\\")


class AgentSignatures:
    """Recognises a client by its executable's exact name, its package or where its files lie: never by argv[0].

    `present` are accounts with the catalog ids of clients that have files of their own in the account's home.
    """

    def __init__(self, catalog: Catalog, files: FileTree, present: Set[ClientKey]) -> None:
        self._files = files
        self._present = present
        clients = catalog.clients.values()
        self._exe = {name: client.id for client in clients for name in client.process.exe}
        self._namesakes = {
            namesake.exe: (client.id, namesake) for client in clients for namesake in client.process.namesake
        }
        self._fragments = re.compile("|".join(re.escape(p) for c in clients for p in c.process.paths) or "(?!)")
        self._packages = [(package, client.id) for client in clients for package in client.process.packages]
        self._paths = [(path, client.id) for client in clients for path in client.process.paths]
        self._names = {name: client.id for client in clients for name in client.process.names}

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
        name = base_name(program)
        return (self._exe.get(name) or self._with_second_sign(name, row)) if row.exe else None

    def impersonates(self, row: ProcessRow) -> str | None:
        """Catalog id of the agent whose name a process that is not that agent has given itself."""
        name = base_name(row.argv[0].split(" ")[0]) if row.argv and row.exe else ""
        client = self._with_second_sign(name, row) if name in self._namesakes else self._names.get(name)
        return None if client is None or is_honest(row, self._files) else client

    def _with_second_sign(self, name: str, row: ProcessRow) -> str | None:
        """The client of a name that programs of others have too, if more than the name speaks for it."""
        client, namesake = self._namesakes.get(name, (None, None))
        if client is None or namesake is None:
            return None
        first, *_ = *row.argv[1:], ""
        options = {arg.partition("=")[0] for arg in row.argv[1:] if arg.startswith("--")}
        if first in namesake.arguments or not options.isdisjoint(namesake.arguments):
            return client
        known = (row.owner, client) in self._present and not set(namesake.others).intersection(row.argv[1:])
        return client if known else None


class _Argument:
    """An argument of a definition, its placeholders standing for anything. One pass decides, however many they are: a
    regular expression would try every way to share the text out among them."""

    def __init__(self, text: str) -> None:
        self._first, *self._rest = _PLACEHOLDER.split(text)

    def fits(self, word: str) -> bool:
        if not self._rest:
            return word == self._first
        *between, last = self._rest
        at, end = len(self._first), len(word) - len(last)
        if at > end or not word.startswith(self._first) or not word.endswith(last):
            return False
        for part in between:
            found = word.find(part, at, end)
            if found < 0:
                return False
            at = found + len(part)
        return True


class _Launch(NamedTuple):
    """How a definition would look in the process table."""

    args: tuple[_Argument, ...]
    server: McpServer


class Definitions:
    """The stdio definitions known, indexed so that a process finds those that it may be an instance of."""

    def __init__(self, servers: Iterable[McpServer], files: FileTree) -> None:
        self._files = files
        self._packages: dict[str, list[McpServer]] = {}
        self._launches: dict[str, list[_Launch]] = {}
        for server in servers:
            if server.package:
                self._packages.setdefault(package_name(server.package), []).append(server)
            if server.command and not _says_nothing(server):
                launch = _Launch(tuple(map(_Argument, server.args)), server)
                self._launches.setdefault(base_name(server.command), []).append(launch)

    def match(self, row: ProcessRow, package: str | None) -> list[McpServer]:
        """Definitions of any owner whose package this is, or whose command and arguments are these."""
        found = list(self._packages.get(package, ())) if package else []
        exact = list(self._exact(row)) if row.argv else []
        fitting = exact or [s for s in found if _same_tail(s, row)]
        # Two definitions of one package differ in their arguments: where these tell, they decide. Where none fits, a
        # package that is a server and nothing else still is one; `ng mcp` is a server and `ng serve` is not.
        found = fitting or (found if looks_like_server(package) else [])
        return list({server.id: server for server in found}.values())

    def _exact(self, row: ProcessRow) -> Iterator[McpServer]:
        """Definitions whose whole command line this is."""
        names = {base_name(program_of(row))} | ({base_name(row.argv[0])} if is_honest(row, self._files) else set())
        script = script_of(row)
        launches = [(launch, 1) for name in names for launch in self._launches.get(name, ())]
        if script:
            # A command found on PATH whose script starts with `#!`: the interpreter comes before it.
            launches += [(launch, 2) for launch in self._launches.get(base_name(script), ())]
        if launches:
            args = redact.argv(row.argv[1:], *row.argv[:1]).args
            yield from (launch.server for launch, skip in launches if _fits(launch.args, args[skip - 1 :]))


def _fits(wanted: Sequence[_Argument], args: Sequence[str]) -> bool:
    return len(wanted) == len(args) and all(map(_Argument.fits, wanted, args))


def _says_nothing(server: McpServer) -> bool:
    """Whether the definition would fit anything that its interpreter runs: only options and placeholders follow."""
    name = base_name(server.command or "").lower()
    return is_interpreter(name) and not any("".join(_PLACEHOLDER.split(arg)) for arg in server.args if arg[:1] != "-")


def is_distinct(server: McpServer) -> bool:
    """Whether the command line of a definition is likely to be that server wherever it runs. `node server.js` is not:
    it says so only below an agent or in the folder it is defined for."""
    if server.package or any(map(_ABSOLUTE.match, server.args)):
        return True
    name = base_name(server.command or "").lower()
    if not is_interpreter(name) and name not in _RUNNERS:
        return True
    module = next((arg for flag, arg in zip(server.args, server.args[1:], strict=False) if flag == "-m"), None)
    return module is not None and module.partition(".")[0] not in sys.stdlib_module_names


def words(name: str) -> set[str]:
    """The words of a name, in lower case."""
    return set(_WORDS.split(name.lower()))


def looks_like_server(package: str | None) -> bool:
    """Whether a package calls itself an MCP server: `mcp` is a word of its name, or it is an official server."""
    if not package:
        return False
    name = package.partition(":")[2].lower()
    said = words(name)
    if package in _SERVERS or name.startswith("@modelcontextprotocol/server-"):
        return True
    return bool(_SERVER_WORDS & said and not _TOOL_WORDS & said) and package not in _NO_SERVERS


def is_server_program(path: str | None) -> bool:
    """Whether an executable calls itself an MCP server: both are words of its name, as in `github-mcp-server`."""
    return path is not None and {"mcp", "server"} <= words(base_name(path))


def _same_tail(server: McpServer, row: ProcessRow) -> bool:
    """Whether the process ends in the arguments that follow the package in the definition."""
    name = package_name(server.package or "").partition(":")[2]
    position = next((i for i, arg in enumerate(server.args) if name and name in arg), None)
    if position is None:
        return False
    tail = tuple(map(_Argument, server.args[position + 1 :]))
    argv = row.argv[0].split() if is_title(row.argv) else row.argv
    if tail:
        return _fits(tail, redact.argv(argv[-len(tail) :]).args)
    # Nothing may follow what runs: the launcher's package, or the script that it led to.
    script = script_of(row)
    return len(argv) == 1 or name in argv[-1] or (script is not None and script.endswith(argv[-1].removeprefix(".")))


def own_arguments(row: ProcessRow, package: str | None) -> tuple[str, ...]:
    """The arguments of what runs, without those of its interpreter or launcher: `npx -y` approves nothing."""
    start = start_of(row)
    args = start.args if start else row.argv[1:]
    name = (package or ":").partition(":")[2]
    after = next((i for i, arg in enumerate(args) if name and (arg == name or arg.startswith(f"{name}@"))), -1)
    return args[after + 1 :]
