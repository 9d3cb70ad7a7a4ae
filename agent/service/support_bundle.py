"""What whoever helps needs to know of this installation: no secret, no account, no host and no person."""

from __future__ import annotations

import os
import platform
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from agent import __version__
from agent.config.load import Loaded
from agent.records import Diagnostic, Endpoint, Owner, Record
from agent.redaction import redact
from agent.reports import doctor, settings
from agent.service import known_inventory
from agent.service.doctor.answer import Answer
from agent.service.doctor.examine import examine

_OUR_FOLDERS = {*sys.prefix.split(os.sep), "etc", "var", "lib", "opt", "run", "rollcall", "journal", "daemon", "system"}


def bundle(loaded: Loaded) -> str:
    """Text for people to read before they send it."""
    known = known_inventory.inventory(loaded.settings)
    names = _names(known.records)
    text = "\n".join(_lines(loaded, known.records))
    return "\n".join(_without(names, line) for line in text.splitlines()) + "\n"


def bundle_without_settings(reason: str) -> str:
    """The same where the settings cannot be used, which is then what there is to tell."""
    lines = (_head(()), f"installed in {redact.text(sys.prefix)}", "", "== settings", "cannot be used:", reason)
    return "\n".join(_without(_names(()), redact.text(line)) for text in lines for line in text.split("\n")) + "\n"


def _head(records: Sequence[Record]) -> str:
    return f"rollcall {__version__}, Python {platform.python_version()}, {_system(records)}"


def _lines(loaded: Loaded, records: Sequence[Record]) -> Iterator[str]:
    yield _head(records)
    yield f"installed in {redact.text(sys.prefix)}"
    yield from ("", "== doctor", *doctor.lines(map(_redacted, examine(loaded))))
    told = settings.lines(loaded.settings.model_dump(mode="json"), loaded.source)
    yield from ("", "== settings", *map(redact.text, told))
    yield from ("== records", *(f"{kind}: {count}" for kind, count in sorted(_count(records).items())))
    codes = Counter(f"{one.severity} {one.code}" for one in records if isinstance(one, Diagnostic))
    yield from ("", "== diagnostics", *(f"{code}: {count}" for code, count in sorted(codes.items())))


def _redacted(answer: Answer) -> Answer:
    """Part by part: a word of ours before a colon makes no secret of what follows."""
    about, said, remedy = map(redact.text, (answer.about, answer.said, answer.remedy))
    return replace(answer, about=about, said=said, remedy=remedy)


def _count(records: Sequence[Record]) -> Counter[str]:
    return Counter(record.kind for record in records)


def _system(records: Sequence[Record]) -> str:
    endpoint = next((record for record in records if isinstance(record, Endpoint)), None)
    version = endpoint.os_version if endpoint else None
    return f"{platform.system()} {platform.release()} {platform.machine()}, {version or 'version unknown'}"


def _names(records: Sequence[Record]) -> dict[str, str]:
    """What stands for each name, the longest first: one may be part of another."""
    found: dict[str, str] = {}
    owners = [record for record in records if isinstance(record, Owner)]
    for number, owner in enumerate(owners, 1):
        for name in (owner.home, owner.full_name, owner.owner):
            if name and name not in ("/", "root", "rollcall"):
                found.setdefault(name, f"<account {number}>")
    for record in records:
        if isinstance(record, Endpoint) and record.hostname:
            found[record.hostname] = "<this host>"
            found[record.hostname.partition(".")[0]] = "<this host>"
    found.setdefault(os.path.expanduser("~"), "<home>")
    return dict(sorted(found.items(), key=lambda pair: -len(pair[0])))


def _without(names: dict[str, str], line: str) -> str:
    """The line with each whole name replaced."""
    if not names:
        return line
    pattern = "|".join(map(_pattern, names))
    return re.sub(pattern, lambda found: names[found[0]], line)


def _pattern(name: str) -> str:
    """Where the name stands. One that may be a word of ours (an account called `delivery`) is known by what stands
    beside it: else the words that are missing in our sentences would tell it."""
    if not re.fullmatch("[a-z]+", name):
        return rf"(?<!\w){re.escape(name)}(?!\w)"
    marks = r"~@\"'" if name in _OUR_FOLDERS else r"/\\~@\"'"
    return rf"(?<=[{marks}]){name}(?!\w|\.\w)|(?<=\bof ){name}(?=:)"
