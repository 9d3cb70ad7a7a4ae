"""Small configuration files made from the key paths of the catalog: what stands at each path, in each format."""

from __future__ import annotations

import base64
import json
import plistlib
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

from collectors.catalog.client import Artifact, ConfigFile, Provider, Roots
from collectors.catalog.transcripts import Transcript

STDIO = {
    "type": "stdio",
    "name": "files",
    "command": "npx",
    "isActive": True,
    "args": ["-y", "@demo/files@1.2.3", "/srv", "--token", "${A_TOKEN}"],
    "env": {"A_TOKEN": "${A_TOKEN}"},
}
REMOTE = {
    "type": "http",
    "name": "remote",
    "isActive": True,
    "url": "https://mcp.example/mcp",
    "serverUrl": "https://mcp.example/mcp",
    "headers": {"Authorization": "Bearer ${TOKEN}"},
}
SERVERS = {"files": STDIO, "remote": REMOTE}
HOOK = {"type": "command", "command": "/opt/guard --key Zq7planted5x", "url": "https://hooks.example", "name": "guard"}

KNOWN: dict[str, Any] = {"true": True, "false": False, "{}": {}}
"""Values that the catalog writes as words."""


def put(document: Any, at: str, value: Any, key: str = "sample") -> Any:
    """The document with a value at a key path: `*` becomes `key`, `[]` the first element of a list."""
    if not at:
        if isinstance(document, dict) and isinstance(value, dict):
            for name, inner in value.items():
                document[name] = put(document.get(name), "", inner)
            return document
        return value if document is None or document == {} else document
    head, _, rest = at.partition(".")
    name, *lists = head.split("[]")
    if not name:
        return _listed(document, lists, rest, value, key)
    document = document if isinstance(document, dict) else {}
    name = key if name == "*" else name
    document[name] = _listed(document.get(name), lists, rest, value, key)
    return document


def transcript(part: Transcript, project: str) -> str:
    """A line of each type with the last value that is known of each setting, and one that somebody wrote."""
    lines: list[Any] = [{part.type_at: "message", "text": "Zq7planted5x"}]
    for line in part.line:
        told = put({part.type_at: line.type, "message": "Zq7planted5x"}, part.time_at, "2026-01-02T03:04:05Z")
        for at, value in ((line.folder_at, project), (line.version_at, "1.2.3")):
            told = put(told, at, value) if at else told
        for places in (line.mode, line.sandbox, line.network):
            for place in places:
                told = put(told, place.at, KNOWN.get(word := [*place.values][-1], word))
        lines.append(told)
    return "".join(json.dumps(line) + "\n" for line in lines)


def _listed(document: Any, lists: list[str], rest: str, value: Any, key: str) -> Any:
    if not lists:
        return put(document, rest, value, key)
    elements = document if isinstance(document, list) and document else [None]
    return [_listed(elements[0], lists[1:], rest, value, key), *elements[1:]]


def servers(document: Any, part: ConfigFile, project: str) -> Any:
    """The document with servers at each place: two in a user's map, one in others, one where one stands alone."""
    remote = part.scope == "user" and not part.only_if and not (part.dialect and part.dialect.urls == ())
    places, several = part.servers, SERVERS if remote else {"files": STDIO}
    wrapped = any(not place.flat for place in places)
    for place in places:
        if place.flat and wrapped:
            continue
        if place.single and place.name_at:
            document = put(document, place.name_at, "alone")
        document = put(document, place.at, STDIO if place.single else several, project)
    return document


def add(document: Any, part: ConfigFile | Artifact | Provider | Roots, project: str, plugin: str) -> Any:
    """The document with what this part of the catalog looks for in it."""
    if isinstance(part, ConfigFile):
        return servers(document, part, project)
    if isinstance(part, Roots):
        folder = project if part.kind == "project" else plugin
        keyed = {folder: {} if part.at else "TRUST_FOLDER"}
        value = keyed if part.take == "key" else [folder] if part.at.endswith("s") else folder
        return put(document, part.at, value, "demo@market")
    if isinstance(part, Artifact):
        hook = HOOK if part.program_at else {"name": "sample"}
        entry: Any = {} if part.kind == "subagent" else _plugin(part)
        return put(document, part.at or "", {"sample": entry} if part.take == "key" else hook)
    for number, path in enumerate(part.url_at[:1]):
        document = put(document, f"{part.at}.{path}".strip("."), f"https://llm{number}.example/v1")
    for path in part.model_at[:1]:
        document = put(document, f"{part.at}.{path}".strip("."), "model-1")
    return document if part.url_at or part.model_at else put(document, part.at, {})


def written(document: Any, format: str, name: str) -> str:
    """The text of a document. JSON with comments where its name says so or people write them by hand."""
    if format == "toml":
        return "# Zq7planted5x\n" + "".join(
            f"{_key(key)} = {_toml(value)}\n" for key, value in (document or {}).items()
        )
    if format == "idea_xml":
        return "<application />\n"
    text = json.dumps(document if document is not None else {}, indent=1)
    if format == "yaml":
        return f"# Zq7planted5x\n{text}\n"  # JSON is YAML
    # Claude Code takes nothing from a file with a comment.
    commented = name.endswith(("jsonc", "settings.json")) and "claude" not in name.lower()
    return f"// Zq7planted5x\n{text}\n" if commented else text + "\n"


def property_list(document: dict[str, Any]) -> bytes:
    """A binary property list; texts under names that end in `base64` are."""
    texts = {k: base64.b64encode(v.encode()).decode() if k.endswith("base64") else v for k, v in document.items()}
    return plistlib.dumps(texts, fmt=plistlib.FMT_BINARY)


def _plugin(part: Artifact) -> object:
    """What stands beside the name of a plug-in."""
    return {"enabled": True} if part.format == "toml" else True


def _key(name: str) -> str:
    return json.dumps(name)


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(key)} = {_toml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value)


def xml(at: str, value: str) -> str:
    element, _, attribute = at.partition("@")
    return f'<application><{element} {attribute}="{value}"/></application>\n'


def database(at: str, value: str) -> bytes:
    """A database with one table and one row."""
    table, _, column = at.partition(".")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "db"
        connection = sqlite3.connect(path)
        connection.execute(f'CREATE TABLE "{table}" ("{column}" TEXT, secret TEXT)')
        connection.execute(f'INSERT INTO "{table}" VALUES (?, ?)', (value, "Zq7planted5x"))
        connection.commit()
        connection.close()
        return path.read_bytes()
