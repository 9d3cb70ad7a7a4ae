"""Paths in a server's arguments that it is meant to read or write, as opposed to its own code and configuration."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from agent.redaction.patterns import word_set

_PLACE = r"\$\{(?:workspaceFolder|workspaceRoot|userHome|HOME|PWD|cwd|env:HOME)[\w:.-]*\}|\$(?:HOME|PWD)\b"
_PATH = re.compile(
    rf"(?:~(?=[/\\]|$)|/(?!/)|\.{{1,2}}(?=[/\\]|$)|[A-Za-z]:[\\/]|\\\\\w|{_PLACE}|%USERPROFILE%|\$\{{[\w:.-]+\}}[/\\])"
)
_OPTION = re.compile(r"--?([A-Za-z][\w.-]*+)(?:=(.*))?", re.DOTALL)
_OWN = word_set(
    "log logs logfile config conf settings env envfile cert certificate key ca executable exe binary bin python node "
    "socket pid tsconfig import preload require cache extension extensions browser chrome registry loader java docker "
    "credentials token prompt prompts"
)
"""Words in the name of an option whose path belongs to the server itself."""
_CODE = re.compile(
    r"(?i).*\.(?:[cm]?[jt]sx?|py|pyz|rb|jar|sh|exe|dll|cmd|bat|ps1|json[c5]?|ya?ml|toml|ini|conf|env|pem|crt|key|log|sock)"
)
DATABASE_FILE = re.compile(r"(?i).*\.(?:db|db3|sqlite|sqlite3|duckdb)")
_BIND = re.compile(r"((?:[A-Za-z]:)?[^:]+):[^:]+(?::[\w,]*)?")


def option(word: str) -> tuple[str, str | None] | None:
    """Name and, after `=`, value of an option; None for an operand."""
    match = _OPTION.fullmatch(word)
    return (match[1], match[2]) if match else None


def named_values(args: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Each value with the option it belongs to, "" for an operand. A switch before an operand cannot be told from an
    option with a value."""
    name = ""
    for word in args:
        found = option(word)
        if found is None:
            yield name, word
            name = ""
        elif found[1] is None:
            name = found[0]
        else:
            yield found[0], found[1]
            name = ""


def file_roots(args: Sequence[str]) -> Iterator[str]:
    """Folders and files among the server's own arguments."""
    for name, value in named_values(args):
        words = set(re.split(r"[-_.]", name.lower()))
        if words & _OWN:
            continue
        for part in value.split(",") if "," in value and _PATH.match(value) else (value,):
            path = part.removeprefix("file://")
            if _PATH.match(path) and not _CODE.fullmatch(path):
                yield path


def container_mounts(args: Sequence[str]) -> Iterator[str]:
    """Host paths that the options of `docker run` mount; named volumes are none."""
    for name, value in named_values(args):
        if name in ("v", "volume"):
            match = _BIND.fullmatch(value)
            if match and _PATH.match(match[1]):
                yield match[1]
        elif name == "mount":
            fields = dict(part.partition("=")[::2] for part in value.split(","))
            source = fields.get("source") or fields.get("src") or ""
            if fields.get("type", "bind") == "bind" and _PATH.match(source):
                yield source
