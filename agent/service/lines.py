"""The lines of files that records are about: looked up when somebody asks, for nobody needs them before."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import PurePosixPath

from agent.config.settings import Settings
from agent.inventory.context import NoView, Surroundings
from agent.records import Record
from agent.reports.place import place_of
from agent.runtime.toml_lines import KeyLines
from agent.service.setup import load_catalog
from collectors.contract import Context
from collectors.sources.account import Home
from collectors.sources.filesystem.file_tree import UnreadableError
from collectors.sources.formats.key_lines import json_key_lines, yaml_key_lines

_READERS: dict[str, Callable[[str], dict[str, int]]] = {
    ".json": json_key_lines,
    ".jsonc": json_key_lines,
    ".json5": json_key_lines,
    ".yaml": yaml_key_lines,
    ".yml": yaml_key_lines,
    ".toml": lambda text: KeyLines(text).by_path(),
}


def lines_of(records: Iterable[Record], settings: Settings, root: str | None = None) -> dict[str, int]:
    """Per record id the line at which its key stands in its file now. None is told of what has no key, whose file is
    of another format or cannot be read, and of a key that is not there any more."""
    context = Surroundings(settings.collect, settings.limits, load_catalog(settings), NoView(), root)()
    homes = {home.owner: home for home in context.homes}
    files: dict[tuple[str, str | None], dict[str, int]] = {}
    found: dict[str, int] = {}
    for record in records:
        place = place_of(record)
        if place is None or not place.key:
            continue
        file = place.path, record.owner
        if file not in files:
            files[file] = _lines(context, place.path, homes.get(record.owner or ""))
        if line := files[file].get(place.key):
            found[record.id] = line
    return found


def _lines(context: Context, path: str, home: Home | None) -> dict[str, int]:
    here = path.replace("\\", "/") if context.os_of(home) == "windows" else path
    read = _READERS.get(PurePosixPath(here).suffix.lower())
    if read is None:
        return {}
    try:
        return read(context.files.read(here, home).decode("utf-8-sig", errors="replace"))
    except (FileNotFoundError, UnreadableError):
        return {}
