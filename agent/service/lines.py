"""The lines of files that findings are about: looked up when somebody asks, for nobody needs them before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import PurePosixPath

from agent.config.settings import Settings
from agent.inventory.context import NoView, Surroundings
from agent.records import Finding, Record
from agent.reports.place import Place, place_of
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


# What a finding about permissions rests on, where the whole file is their place.
_SETTINGS = {
    "posture.bypass": ("mode",),
    "posture.auto": ("mode",),
    "posture.above_ceiling": ("mode",),
    "posture.no_sandbox": ("sandbox",),
    "posture.everything": ("rules",),
    "posture.trust": ("trusted",),
}


def lines_of(
    findings: Iterable[Finding], records: Mapping[str, Record], settings: Settings, root: str | None = None
) -> dict[str, int]:
    """The line that a finding is about in its file now, by the finding's id. None is told of what has no key, whose
    file is of another format or cannot be read, and of a key that is not there any more."""
    files = _Files(settings, root)
    found: dict[str, int] = {}
    for finding in findings:
        subject = records.get(finding.subject_id)
        place = place_of(subject)
        if subject is None or place is None:
            continue
        if line := files.line(place.path, subject.owner, files.keys(finding, place)):
            found[finding.id] = line
    return found


class _Files:
    """The lines of keys, each file read once."""

    def __init__(self, settings: Settings, root: str | None) -> None:
        self._catalog = load_catalog(settings)
        self._context = Surroundings(settings.collect, settings.limits, self._catalog, NoView(), root)()
        self._homes = {home.owner: home for home in self._context.homes}
        self._known: dict[tuple[str, str | None], dict[str, int]] = {}

    def keys(self, finding: Finding, place: Place) -> Iterator[str]:
        """Where in the file it may stand, the likeliest first."""
        if place.key:
            yield place.key
            return
        client = self._catalog.clients.get(finding.agent or "")
        for settings in client.posture if client else ():
            for part in _SETTINGS.get(finding.rule, ()):
                for entry in getattr(settings, part):
                    # A rule that asks or denies is none that allows too much.
                    if getattr(entry, "effect", None) in (None, "allow") and "*" not in entry.at:
                        yield ".".join(filter(None, (settings.at, entry.at.removesuffix("[]"))))

    def line(self, path: str, owner: str | None, keys: Iterable[str]) -> int | None:
        """That of the first key that is there."""
        file = path, owner
        for key in keys:
            if file not in self._known:
                self._known[file] = _lines(self._context, path, self._homes.get(owner or ""))
            if line := self._known[file].get(key):
                return line
        return None


def _lines(context: Context, path: str, home: Home | None) -> dict[str, int]:
    here = path.replace("\\", "/") if context.os_of(home) == "windows" else path
    read = _READERS.get(PurePosixPath(here).suffix.lower())
    if read is None:
        return {}
    try:
        return read(context.files.read(here, home).decode("utf-8-sig", errors="replace"))
    except (FileNotFoundError, UnreadableError):
        return {}
