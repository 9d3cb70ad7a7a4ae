"""Server definitions in a parsed configuration file, in the terms of the record they become."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import rfc8785

from agent.records import DefinitionScope, Transport
from agent.redaction import redact
from agent.redaction.redact import is_secret_value
from collectors.catalog.client import ConfigFile, Dialect, ServersAt
from collectors.launch.environment import injecting
from collectors.launch.identify import identify
from collectors.readers.server_entry import Entry, Values, looks_like_server, read_entry
from collectors.sources.formats.keypath import Found, find
from collectors.sources.limits import Limits

_MAX_NAME = 256
_MAX_SCHEME = 10
_MAX_TOOLS = 500
"""Names in a list of tools; a longer one filters nothing that could be relied on."""
_ELSEWHERE = "servers where this client reads none"
_NAMES = ("name", "label", "id", "uuid")
"""What an element of a list may be called by. That a client wants a name, its dialect says."""
_COMMENTS = ("_", "$", "/", "#")
"""First characters of keys under which people leave remarks in JSON."""


@dataclass(frozen=True, slots=True)
class Definition:
    """One server as a client's file defines it, redacted."""

    name: str
    key: str
    """Source key path: `mcpServers.github`, in a list `mcpServers[github]`; a repeated one ends in `#2`."""
    scope: DefinitionScope
    captures: tuple[str, ...]
    """What `*` stood for in the key path: the project for `projects.*.mcpServers`."""
    transport: Transport
    command: str | None
    args: tuple[str, ...]
    package: str | None
    pinned: bool | None
    url: str | None
    """Null for a bridge such as mcp-remote: that is a stdio server whose arguments name a URL."""
    remote_url: str | None
    """That URL, redacted."""
    env_names: tuple[str, ...]
    """Of the entry and of its arguments (`docker run -e NAME`, `env NAME=value`), sorted."""
    injects: tuple[str, ...]
    """Those of its variables that load other code, by name and value."""
    header_names: tuple[str, ...]
    enabled: bool
    shows: tuple[str, ...] | None
    """The only tools that the model gets to see."""
    hides: tuple[str, ...]
    loaded: bool
    inline_secret: bool
    launch_hash: str
    entry: Entry = field(repr=False, compare=False)
    """As it stands in the file, with its secrets: for who starts it, and for no record."""


class Problem(NamedTuple):
    """A place where something else stands than a client could read. The message holds no content."""

    key: str
    message: str
    code: str


def read_definitions(
    document: object, config: ConfigFile, dialect: Dialect, limits: Limits, stem: str = ""
) -> Iterator[Definition | Problem]:
    """Every definition of the document, in its order, and a problem for whatever has the wrong type. Never raises.

    `stem` is the file's name without its ending: the name of a server that stands alone in its file.
    """
    reader = _Reader(config.dialect or dialect, limits, config.scope)
    # A manifest may name the path of another file, an agent a server that is defined elsewhere.
    reader.names_others = config.scope == "extension" or config.format == "front_matter"
    wrapped = False
    for servers in sorted(config.servers, key=lambda servers: servers.flat):
        if servers.flat and wrapped:
            continue
        for found in find(document, servers.at.removesuffix("[]")):
            wrapped = wrapped or (not servers.flat and isinstance(found.value, dict | list))
            if servers.single:
                yield from reader.single(found, servers, _name(document, servers.name_at) or stem)
            else:
                yield from reader.servers(found, servers)
    yield from _unread(document, config, stem)


def _unread(document: object, config: ConfigFile, stem: str) -> Iterator[Problem]:
    """What looks like servers in a place where the client reads none, and a document that is no map at all."""
    if not isinstance(document, dict):
        if config.servers and not (isinstance(document, list) and any(not servers.at for servers in config.servers)):
            yield _wrong_type("", "a map", document)
        return
    # A key may hold dots itself.
    read = {
        part.removesuffix("[]") for servers in config.servers for part in (servers.at, servers.at.partition(".")[0])
    }
    if "" in read:
        return
    if config.servers and looks_like_server(document):
        yield Problem("", "a server that stands alone, where this client reads none", "definition.unread")
    elif "mcp" in stem.lower() and not read & document.keys() and any(map(looks_like_server, document.values())):
        yield Problem("", "servers without the key under which this client reads them", "definition.unread")
    for name, value in document.items():
        # Language servers and formatters have commands too: only what is called like MCP servers is meant.
        called = "mcp" in str(name).lower() or str(name).lower() == "servers"
        if called and name not in read and isinstance(value, dict) and any(map(looks_like_server, value.values())):
            yield Problem(redact.name(str(name))[:_MAX_NAME], _ELSEWHERE, "definition.unread")


class _Reader:
    """Reads the servers of one document and keeps its keys unique."""

    def __init__(self, dialect: Dialect, limits: Limits, scope: DefinitionScope) -> None:
        self.dialect = dialect
        self.scope = scope
        self.left = limits.servers_per_file
        self.names_others = False
        self.keys: Counter[str] = Counter()

    def servers(self, found: Found, servers: ServersAt) -> Iterator[Definition | Problem]:
        scope, dialect = servers.scope or self.scope, self.dialect
        if servers.untyped_url:
            dialect = dialect.model_copy(update={"untyped_url": servers.untyped_url})
        for name, key, value in self._named(found, servers):
            if self.left <= 0:
                yield Problem(found.key, "more servers than one file may hold", "definition.too_many")
                return
            self.left -= 1
            if not isinstance(value, dict):
                yield _wrong_type(key, "a map", value)
            elif not name:
                yield Problem(key, "a server without a name", "definition.unnamed")
            elif _holds_servers(value):
                yield Problem(key, _ELSEWHERE, "definition.unread")
            elif entry := read_entry(value, dialect):
                key = self._unique(key)
                yield from _problems(key, entry)
                yield _definition(name[:_MAX_NAME], key, scope, found.captures, entry)

    def single(self, found: Found, servers: ServersAt, name: str) -> Iterator[Definition | Problem]:
        """The one server that stands at a place, where what stands there is a server at all."""
        if looks_like_server(found.value):
            yield from self.servers(Found(found.captures, found.key, {name: found.value}), servers)

    def _named(self, found: Found, servers: ServersAt) -> Iterator[tuple[str, str, object]]:
        """Name, key and value of each entry. Some clients expect a map, some a list; both are read for all."""
        key, value, flat = redact.name(found.key), found.value, servers.flat
        if isinstance(value, dict):
            for name, entry in value.items():
                text = redact.name(str(name))
                if looks_like_server(entry) if flat else isinstance(entry, dict) or not text.startswith(_COMMENTS):
                    yield text, f"{key}.{text[:_MAX_NAME]}" if key else text[:_MAX_NAME], entry
        elif isinstance(value, list):
            for position, entry in enumerate(value):
                if self.names_others and isinstance(entry, str):
                    continue
                label, entry = _labelled(entry)
                if flat and not looks_like_server(entry):
                    continue
                text = redact.name(str(label)) if isinstance(label, str | int) and label != "" else servers.unnamed
                yield text, f"{key}[{text[:_MAX_NAME] or position}]", entry
        elif value is not None and not flat and not (self.names_others and isinstance(value, str)):
            yield "", key, value

    def _unique(self, key: str) -> str:
        self.keys[key] += 1
        return key if self.keys[key] == 1 else f"{key}#{self.keys[key]}"


def _labelled(entry: object) -> tuple[object, object]:
    """The name that an element of a list gives its server, and the server: `{"name": …}`, `{"NAME": {…}}`, or a URL."""
    if isinstance(entry, str) and "://" in entry[:_MAX_SCHEME]:
        return entry.partition("://")[2].partition("/")[0].rpartition("@")[2], {"url": entry}
    if isinstance(entry, dict) and entry.keys() == {"transport"}:
        return None, entry
    if isinstance(entry, dict) and len(entry) == 1 and isinstance(inner := next(iter(entry.values())), dict):
        return next(iter(entry)), inner
    named = (entry.get(key) for key in _NAMES) if isinstance(entry, dict) else ()
    return next((name for name in named if name), None), entry


def _holds_servers(value: dict[object, object]) -> bool:
    """Whether what stands where a server should is a map of servers."""
    alone = looks_like_server(value) or any(isinstance(value.get(name), dict) for name in ("transport", "remote"))
    return not alone and any(map(looks_like_server, value.values()))


def _problems(key: str, entry: Entry) -> Iterator[Problem]:
    """What of an entry means something else to its client than it seems to."""
    yield from (Problem(f"{key}.{field}", "wrong type", "definition.wrong_type") for field in entry.wrong)
    if entry.believed_off:
        message = "not known to be a switch of this client: the server counts as on"
        yield Problem(f"{key}.{entry.believed_off}", message, "definition.switch_ignored")
    if entry.unloaded:
        yield Problem(key, entry.unloaded, "definition.not_loaded")


def _name(document: object, at: str) -> str:
    """The text at a key path; empty where there is none."""
    return next((found.value for found in find(document, at) if isinstance(found.value, str)), "") if at else ""


def _definition(name: str, key: str, scope: DefinitionScope, captures: tuple[str, ...], entry: Entry) -> Definition:
    command = redact.argv(entry.argv[:1])
    args = redact.argv(entry.argv[1:], *entry.argv[:1])
    # Of the redacted words: where a package should stand somebody may have put a secret.
    launch = identify(command.args[0], args.args) if command.args else None
    url = redact.url(entry.url or "")
    env_names = _names(entry.env) | set(launch.arg_env_names if launch else ())
    definition = Definition(
        name=name,
        key=key,
        scope=scope,
        captures=captures,
        transport=entry.transport,
        command=command.args[0] if command.args else None,
        args=args.args,
        package=launch.package if launch else None,
        pinned=launch.pinned if launch else None,
        url=url.url,
        remote_url=launch.remote_url if launch else None,
        env_names=tuple(sorted(env_names)),
        injects=tuple(sorted(redact.name(name) for name in injecting(entry.env))),
        header_names=tuple(sorted(_names(entry.headers))),
        enabled=entry.enabled,
        shows=None if entry.shows is None or len(entry.shows) > _MAX_TOOLS else _tools(entry.shows),
        hides=_tools(entry.hides[:_MAX_TOOLS]),
        loaded=entry.unloaded is None,
        inline_secret=command.secret or args.secret or url.secret or _has_secret(entry),
        launch_hash="",
        entry=entry,
    )
    return replace(definition, launch_hash=launch_hash(definition))


def _has_secret(entry: Entry) -> bool:
    values = [*entry.env.items(), *entry.headers.items(), *entry.other.items()]
    return any(is_secret_value(name, value) for name, value in values if value)


def launch_hash(definition: Definition) -> str:
    """SHA-256, in hex, of the canonical JSON (RFC 8785) of what decides what is started or connected to."""
    facts = {
        "transport": definition.transport,
        "command": definition.command,
        "args": list(definition.args),
        "url": definition.url,
        "env_names": list(definition.env_names),
        "header_names": list(definition.header_names),
    }
    return hashlib.sha256(rfc8785.dumps(facts)).hexdigest()


def _names(values: Values) -> set[str]:
    """The names; where somebody put a secret in the place of a name it is redacted."""
    return {redact.name(name)[:_MAX_NAME] for name in values}


def _tools(names: list[str]) -> tuple[str, ...]:
    return tuple(redact.name(name)[:_MAX_NAME] for name in names)


def _wrong_type(key: str, expected: str, value: object) -> Problem:
    kinds = {dict: "a map", list: "a list", str: "a text", bool: "a boolean", type(None): "nothing"}
    return Problem(key, f"expected {expected}, found {kinds.get(type(value), 'a number')}", "definition.wrong_type")
