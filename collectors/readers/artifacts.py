"""Skills, sub-agents, commands, rules, hooks, plug-ins and marketplaces: name, hash, size and place of each."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from agent.records import Artifact, Evidence, Source
from agent.records.text_mark import TextMark
from agent.redaction import redact
from agent.redaction.redact import printable
from collectors.catalog import client
from collectors.contract import Context
from collectors.launch.identify import split_command
from collectors.launch.program_name import base_name
from collectors.launch.shell_lines import fetches
from collectors.locate.interest import NAME
from collectors.readers.origin import Origin
from collectors.sources.account import Home
from collectors.sources.filesystem.file_tree import UnreadableError
from collectors.sources.formats.keypath import Found, find

if TYPE_CHECKING:
    from collectors.readers.judged_text import JudgedTexts

_MOST_FILES = 200
_MOST_BYTES = 8_000_000
_MOST_ENTRIES = 1_000
_DEPTH = 4


def file_artifact(context: Context, origin: Origin, part: client.Artifact) -> Artifact:
    """The artifact that a file is, named by the last `*` of its path, else by its stem.

    A skill is its whole folder: the scripts beside SKILL.md are what runs.
    """
    folder, _, file = origin.path.rpartition("/")
    name = origin.captures[-1] if origin.captures else origin.stem
    # The tables of what texts may hide are large, and many a home has no artifact.
    from collectors.readers.judged_text import JudgedTexts

    texts = JudgedTexts()
    if part.kind == "skill" and file == "SKILL.md":
        digest, size = _folder_hash(context, origin.home, folder, texts)
        name = folder.rpartition("/")[2]
    else:
        digest, size = whole = context.files.digest(origin.path, origin.home)
        texts.file(context, origin.home, origin.path, whole)
    return _artifact(origin, part, name, "", digest, size, texts.marks)


def entry_artifacts(document: object, origin: Origin, part: client.Artifact) -> Iterator[Artifact]:
    """The artifacts that are entries of a configuration file."""
    seen: Counter[str] = Counter()
    entries = [entry for found in find(document, part.at or "") for entry in _entries(found, part, origin.stem)]
    entries += [(at.rpartition(".")[2], found.key, found.value) for at in part.also_at for found in find(document, at)]
    if not entries:
        return
    from collectors.text.entries import entry_marks

    for name, key, value in islice(entries, _MOST_ENTRIES):
        key = redact.name(key)[:512]
        seen[key] += 1
        unique = key if seen[key] == 1 else f"{key}#{seen[key]}"
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
        digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
        program, reaches_out = _program(value, part), _fetches(value, part)
        yield _artifact(origin, part, name, unique, digest, len(text), entry_marks(value), program, reaches_out)


def _entries(found: Found, part: client.Artifact, stem: str) -> Iterator[tuple[str, str, object]]:
    if part.take == "key":
        if isinstance(found.value, dict):
            prefix = f"{found.key}." if found.key else ""
            yield from ((str(key), f"{prefix}{key}", value) for key, value in found.value.items())
        return
    value = found.value
    label = value.get("name") if isinstance(value, dict) else None if part.program_at else value
    yield (label if isinstance(label, str) else found.captures[-1] if found.captures else stem), found.key, value


def _program(value: object, part: client.Artifact) -> str | None:
    """The program a hook starts; its arguments may hold anything and are left out."""
    if not part.program_at:
        return None
    texts = list(_command_lines(value, part))
    words = split_command(printable(texts[0]), []) if texts and texts[0].strip() else []
    return redact.name(base_name(redact.argv(words[:1]).args[0]))[:256] if words else None


def _command_lines(value: object, part: client.Artifact) -> Iterator[str]:
    """The command lines of an entry; one that is no map is such a line itself."""
    for key in part.program_at if isinstance(value, dict) else ("",):
        yield from _lines(value, key)


def _lines(value: object, at: str) -> Iterator[str]:
    """What stands at a key path: a text, or its words in a list."""
    for found in find(value, at):
        if isinstance(found.value, str):
            yield found.value
        elif isinstance(found.value, list):
            first, *rest = *(word for word in found.value if isinstance(word, str)), ""
            yield " ".join([f"'{first}'", *rest])


def _fetches(value: object, part: client.Artifact) -> bool:
    """Whether what a hook does reaches the network by itself."""
    if not part.program_at:
        return False
    entry = value if isinstance(value, dict) else {}
    line = " ".join([*_command_lines(value, part), *_lines(entry, "args")])
    called = entry.get("type") == "http" and isinstance(entry.get("url"), str)
    return called or fetches(line)


def _folder_hash(context: Context, home: Home | None, folder: str, texts: JudgedTexts) -> tuple[str, int]:
    """SHA-256 over names and contents below a folder, and the bytes hashed; files beyond the bounds count by name. What
    is hashed is judged too."""
    total, size = hashlib.sha256(), 0
    for number, path in enumerate(_files(context, home, folder, _DEPTH)):
        total.update(path.removeprefix(folder).encode("utf-8", "replace") + b"\0")
        if number >= _MOST_FILES or size >= _MOST_BYTES:
            continue
        try:
            digest = context.files.digest(path, home)
        except (OSError, UnreadableError):
            continue
        size += digest.size
        total.update(bytes.fromhex(digest.sha256))
        texts.file(context, home, path, digest, path.removeprefix(folder + "/"))
    return total.hexdigest(), size


def _files(context: Context, home: Home | None, folder: str, depth: int) -> Iterator[str]:
    try:
        entries = context.files.entries(folder, home)
    except (OSError, UnreadableError):
        return
    for entry in entries:
        path = f"{folder}/{entry.name}"
        if entry.kind == "file":
            yield path
        elif entry.kind == "folder" and depth > 1 and entry.name not in ("node_modules", ".git", "__pycache__"):
            yield from _files(context, home, path, depth - 1)


def _artifact(
    origin: Origin,
    part: client.Artifact,
    name: str,
    key: str,
    digest: str,
    size: int,
    marks: tuple[TextMark, ...],
    program: str | None = None,
    fetches_itself: bool = False,
) -> Artifact:
    return Artifact(
        endpoint_id=origin.endpoint_id,
        owner=origin.owner,
        evidence=Evidence(collector=NAME, source=origin.shown, confidence="confirmed"),
        artifact=part.kind,
        agent=origin.agent,
        name=redact.name(name)[:256],
        scope=part.scope,
        project=origin.project,
        extension=origin.extension,
        program=program,
        fetches=fetches_itself,
        content_hash=digest,
        size=size,
        marks=marks,
        source=Source(path=origin.shown, key=origin.key(key)),
    )
