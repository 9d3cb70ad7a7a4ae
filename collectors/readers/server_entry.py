"""One server entry, in whatever form its client writes it, brought to the common form. Nothing is redacted here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from agent.records import Transport
from agent.redaction.redact import printable
from collectors.catalog.client import Dialect
from collectors.launch.identify import split_command, split_words

_COMMANDS = ("command", "cmd")
_URLS = ("httpUrl", "url", "serverUrl", "uri")
_COMMANDS_ANYWHERE = (*_COMMANDS, "executable", "programPath")
_URLS_ANYWHERE = (*_URLS, "baseUrl", "base_url", "server_url")
"""MCPorter's further names: what has one of these is a server only where servers stand."""
_ENVS = ("env", "envs", "environment")
_ENV_LISTS = ("env_keys", "env_vars")
"""Names of variables whose values stand elsewhere: Goose's keyring, the environment Codex runs in."""
_HEADERS = ("headers", "http_headers")
_TOKENS = ("bearer_token", "authorization_token", "bearerToken")
_TOKEN_VARIABLES = ("bearer_token_env_var", "bearerTokenEnvVar", "bearerTokenEnv", "bearer_token_env")
_REQUESTS = ("requestInit", "requestOptions")
"""Where what is sent with a request stands, headers among it: the latter is Continue's."""
_KEYS = ("apiKey", "api_key", "accessToken", "access_token", "clientSecret", "client_secret", "password")
_SECRET_BLOCKS = ("auth", "oauth", "settings")
_TYPES: dict[str, Transport] = {
    **dict.fromkeys(("stdio", "local", "command"), "stdio"),
    **dict.fromkeys(("http", "https", "streamablehttp", "streamable", "httpstream", "httpstreamable"), "http"),
    "sse": "sse",
    **dict.fromkeys(("ws", "wss", "websocket"), "ws"),
}
_SWITCHES: dict[str, bool] = {"disabled": True, "disable": True, "enabled": False, "isActive": False, "active": False}
"""Keys that some clients take for a switch, with the value that would switch a server off."""
_MAX_ITEMS = 1_000

Values = dict[str, str | None]
"""Values by name; None where only the name is known or the value is no plain one."""


@dataclass(slots=True)
class Entry:
    """The common form of a server entry."""

    transport: Transport = "unknown"
    argv: list[str] = field(default_factory=list)
    url: str | None = None
    env: Values = field(default_factory=dict)
    headers: Values = field(default_factory=dict)
    other: Values = field(default_factory=dict)
    """Further values that may hold secrets: OAuth client data, settings of an extension's server."""
    enabled: bool = True
    believed_off: str | None = None
    """A switch that is set to off and that this client is not known to read."""
    shows: list[str] | None = None
    """The only tools that the model gets to see."""
    hides: list[str] = field(default_factory=list)
    unloaded: str | None = None
    """Why the client does not load the entry as it is written."""
    wrong: list[str] = field(default_factory=list)
    """Fields whose type no client accepts."""


def looks_like_server(value: object) -> bool:
    """Whether a value of a map without a wrapper key is a server entry: it has a command or a URL."""
    if not isinstance(value, dict):
        return False
    transport = value.get("transport")
    fields = transport if isinstance(transport, dict) else value
    return any(isinstance(fields.get(name), str | list) for name in (*_COMMANDS, "programPath", *_URLS)) or (
        isinstance(fields.get("command"), dict) and "path" in fields["command"]
    )


def read_entry(raw: Mapping[object, object], dialect: Dialect) -> Entry | None:
    """The entry; None where its type is one that the client builds in and that is no MCP server."""
    fields = {str(name): value for name, value in raw.items()}
    transport = fields.get("transport")
    if isinstance(transport, dict):  # Cline's CLI: {"transport": {"type": …, "url": …}}
        fields |= {str(name): value for name, value in transport.items()}
    if isinstance(remote := fields.get("remote"), dict):  # Docker's catalogues: {"remote": {"url": …}}
        fields = {**{str(name): value for name, value in remote.items()}, **fields}
    declared = next((str(fields[name]) for name in dialect.type_keys if isinstance(fields.get(name), str)), "")
    if declared in dialect.skip_types:
        return None
    entry = Entry()
    _read_command(fields, entry)
    _read_url(fields, entry)
    _read_values(fields, entry)
    for name in dialect.tokens:
        if isinstance(fields.get(name), str):
            entry.headers["Authorization"] = _text(fields[name])
    entry.enabled = not any(_is_off(fields, key, off) for key, off in dialect.off.items())
    if entry.enabled:
        others = (key for key, off in _SWITCHES.items() if key not in dialect.off and _is_off(fields, key, off))
        entry.believed_off = next(others, None)
    entry.transport = _transport(declared, "httpUrl" in fields and bool(entry.url), entry, dialect)
    entry.unloaded = _unloaded(fields, declared, entry, dialect)
    entry.shows = [tool for key in dialect.shows for tool in _tools(fields.get(key))] or None
    entry.hides = [tool for key in dialect.hides for tool in _tools(fields.get(key))]
    return entry


def _tools(value: object) -> list[str]:
    """Names of tools in a list."""
    return [item for item in value[:_MAX_ITEMS] if isinstance(item, str)] if isinstance(value, list) else []


def _unloaded(fields: Mapping[str, object], declared: str, entry: Entry, dialect: Dialect) -> str | None:
    """Why the client drops the entry, if it does."""
    for key in dialect.needs:
        if entry.enabled and not fields.get(key):
            return f"this client does not load an entry without {key}"
    if dialect.known_types is not None and declared and declared not in dialect.known_types:
        return "this client does not load an entry of this type"
    if entry.transport == "stdio" and dialect.strict and _is_misshapen(fields):
        return "this client does not load an entry whose command, arguments or variables have another type"
    if not entry.url and dialect.commands is not None and not any(fields.get(key) for key in dialect.commands):
        return "this client reads no command from this entry"
    if entry.argv or not entry.url:
        return None
    if dialect.urls is not None and not any(fields.get(key) for key in dialect.urls):
        return "this client does not read the key that the URL stands under"
    if dialect.typed_urls and not declared:
        return "this client does not load a URL without a type"
    return None


def _is_misshapen(fields: Mapping[str, object]) -> bool:
    """Whether a command is no text, its arguments are no list of texts, or its variables no texts."""
    args, env = fields.get("args", []), fields.get("env", {})
    if not isinstance(fields.get("command", ""), str) or not isinstance(args, list) or not isinstance(env, Mapping):
        return True
    return not all(isinstance(text, str) for text in (*args[:_MAX_ITEMS], *env.values()))


def _read_command(fields: Mapping[str, object], entry: Entry) -> None:
    args = list(_words(fields.get("args", fields.get("arguments")), "args", entry))
    command = next((fields[name] for name in _COMMANDS_ANYWHERE if fields.get(name)), None)
    if command is None and isinstance(target := fields.get("target"), str) and "://" not in target:
        command = target  # fast-agent: a command line, or else a URL
    if isinstance(command, dict):  # Zed's older form: {"command": {"path": …, "args": […], "env": {…}}}
        args = [*_words(command.get("args"), "command.args", entry), *args]
        entry.env |= _pairs(command.get("env"), "command.env", entry)
        command = command.get("path") or command.get("command")
    if command is None and not any(fields.get(name) for name in _URLS_ANYWHERE):
        command = fields.get("path")
    if command is None and isinstance(image := fields.get("image"), str):
        command = ["docker", "run", "--rm", "-i", image]  # what Docker's gateway does with the image of a catalogue
    if isinstance(command, list):
        entry.argv = [*_words(command, "command", entry), *args]
    elif isinstance(command, str):
        entry.argv = split_command(printable(command), args) if command.strip() else []
    elif command is not None:
        entry.wrong.append("command")


def _words(value: object, name: str, entry: Entry) -> Iterator[str]:
    if isinstance(value, str):
        yield from split_words(printable(value))
    elif isinstance(value, list):
        texts = [_text(item) for item in value[:_MAX_ITEMS]]
        yield from (text for text in texts if text is not None)
        if None in texts:
            entry.wrong.append(name)
    elif value is not None:
        entry.wrong.append(name)


def _text(value: object) -> str | None:
    """A plain value as it would stand on a command line."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) or (isinstance(value, int) and value.bit_length() <= 64):
        return str(value)
    return printable(value) if isinstance(value, str) else None


def _read_url(fields: Mapping[str, object], entry: Entry) -> None:
    for name in (*_URLS_ANYWHERE, "target"):
        value = fields.get(name)
        if name == "target" and not (isinstance(value, str) and "://" in value):
            continue
        if isinstance(value, str) and value.strip():
            entry.url = printable(value)
            return
        if value is not None and not isinstance(value, str):
            entry.wrong.append(name)


def _read_values(fields: Mapping[str, object], entry: Entry) -> None:
    for name in _ENVS:
        entry.env |= _pairs(fields.get(name), name, entry)
    for name in _ENV_LISTS:
        entry.env |= dict.fromkeys(_pairs(fields.get(name), name, entry))
    for name in _HEADERS:
        entry.headers |= _pairs(fields.get(name), name, entry)
    entry.headers |= dict.fromkeys(_pairs(fields.get("env_http_headers"), "env_http_headers", entry))
    for name in _REQUESTS:
        if isinstance(request := fields.get(name), dict):
            entry.headers |= _pairs(request.get("headers"), f"{name}.headers", entry)
    if any(isinstance(fields.get(name), str) for name in _TOKEN_VARIABLES):
        entry.headers.setdefault("Authorization", None)
    for name in _TOKENS:
        if isinstance(fields.get(name), str):
            entry.headers["Authorization"] = _text(fields[name])
    entry.other |= {name: _text(fields[name]) for name in _KEYS if isinstance(fields.get(name), str)}
    for name in _SECRET_BLOCKS:
        if isinstance(block := fields.get(name), dict):
            entry.other |= _pairs(block, name, entry)


def _pairs(value: object, name: str, entry: Entry) -> Values:
    """Names and values of a map, or of a list of `NAME=value`, `Name: value`, `NAME` or `{name, value}`."""
    pairs: Values = {}
    if isinstance(value, dict):
        pairs = {printable(str(key)): _text(item) for key, item in list(value.items())[:_MAX_ITEMS]}
    elif isinstance(value, list):
        for item in value[:_MAX_ITEMS]:
            if isinstance(item, dict):
                key = item.get("name", item.get("key"))
                pairs[printable(str(key))] = _text(item.get("value"))
            elif isinstance(item, str):
                key, _, text = re.sub(r"^([\w-]+):\s*", r"\1=", printable(item)).partition("=")
                pairs[key.strip()] = text
            else:
                entry.wrong.append(name)
    elif value is not None:
        entry.wrong.append(name)
    return {key: text for key, text in pairs.items() if key and key != "None"}


def _is_off(fields: Mapping[str, object], key: str, off: bool) -> bool:
    """Whether the switch at a key, or at keys joined by dots, has the value that means off."""
    value: object = fields
    for name in key.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    if isinstance(value, str):
        value = {"true": True, "false": False}.get(value.strip().lower())
    return value is off


def _transport(declared: str, http_url: bool, entry: Entry, dialect: Dialect) -> Transport:
    """The declared type where it fits what is there. Without one a command wins over a URL: that is code run here."""
    named = dialect.types.get(declared) or _TYPES.get(re.sub("[^a-z]", "", declared.lower()))
    if not entry.argv and not entry.url:
        return "unknown"
    if entry.argv and (not entry.url or (named in (None, "stdio") and not dialect.url_first)):
        return "stdio"
    if http_url:
        return "http"
    if named and named != "stdio":
        return named
    return "ws" if entry.url and entry.url.lower().startswith(("ws://", "wss://")) else dialect.untyped_url
