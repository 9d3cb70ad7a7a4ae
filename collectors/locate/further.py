"""Files that other files bring in: what a plug-in's manifest names, and what a setting lets a client read as well."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from itertools import islice

from collectors.catalog.base import Format
from collectors.catalog.client import Condition, ConfigFile
from collectors.catalog.editors import expanded
from collectors.contract import Context
from collectors.locate.ecosystems import expand
from collectors.locate.interest import Interest
from collectors.sources.account import Home
from collectors.sources.filesystem.file_tree import UnreadableError
from collectors.sources.formats.documents import UnparseableError, parse
from collectors.sources.formats.keypath import find

_MOST_FILES = 50
_MANIFESTS = re.compile(r"/(?:\.[^/]+|\.github/plugin)$")
_SELF = re.compile(r"^\$\{[A-Z_]*PLUGIN_ROOT\}/")


def named_files(context: Context, home: Home, path: str, interest: Interest) -> Iterator[tuple[str, Interest]]:
    """The files inside the plug-in that its manifest names, with how they are read; none where it cannot be read."""
    part = interest.part
    if not isinstance(part, ConfigFile) or not part.named_at:
        return
    folder = interest.root.path if interest.root else _MANIFESTS.sub("", path.rpartition("/")[0])
    further = Interest(interest.client, part.named, interest.root, interest.captures)
    for text in islice(_texts(context, home, path, part.named_at), _MOST_FILES):
        named = posixpath.normpath(f"{folder}/{_SELF.sub('', text)}")
        if named.startswith(f"{folder}/") and named != path and "\0" not in named and context.files.exists(named, home):
            yield named, further


def _texts(context: Context, home: Home, path: str, at: str) -> Iterator[str]:
    try:
        document = parse(context.files.read(path, home), "json", context.limits).value
    except (FileNotFoundError, UnreadableError, UnparseableError):
        return  # the reader of its servers tells that
    for found in find(document, at):
        texts = found.value if isinstance(found.value, list) else [found.value]
        yield from (text for text in texts if isinstance(text, str) and not text.startswith(("/", "http:", "https:")))


def condition_files(context: Context, home: Home, condition: Condition) -> list[str]:
    """The existing files that hold the setting."""
    given = (condition.file,) if isinstance(condition.file, str) else condition.file
    templates = [template for file in given for template in expanded(file, context.os_of(home))]
    paths = expand(context, templates, home)
    return [path for path in paths if context.files.exists(path, home)]


def is_met(context: Context, home: Home, condition: Condition, paths: list[str]) -> bool:
    """Whether the setting is true in any of them."""
    for path in paths:
        try:
            kind: Format = "toml" if path.endswith(".toml") else "json"
            document = parse(context.files.read(path, home), kind, context.limits).value
        except (FileNotFoundError, UnreadableError, UnparseableError):
            continue
        if any(found.value is True for at in condition.at for found in find(document, at)):
            return True
    return False
