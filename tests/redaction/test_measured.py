"""The measure of redaction: planted secrets that leave, and ordinary values that are hidden. Both are printed."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from agent.redaction import redact
from agent.redaction.patterns import UUID
from collectors.sources.formats.documents import Format, UnparseableError, parse
from tests.redaction import planted
from tests.redaction.ordinary import ARGUMENTS, NAMES, URLS

_FORMATS: dict[str, Format] = {".json": "json", ".jsonc": "json", ".toml": "toml", ".yaml": "yaml", ".yml": "yaml"}
_PROMISED = re.compile(r"(?:^|[\s(])(?:export\s+)?[A-Z_][A-Z0-9_]*=\S")
"""`NAME=value`: only the name is ever shown."""


def _shown(place: str, secret: str) -> str:
    kind, template = place.split(" ", 1)
    text = template.format(*[secret] * 3)
    if kind == "url":
        return redact.url(text).url or ""
    if kind == "name":
        return redact.name(text)
    if kind == "text":
        return redact.text(text)
    args = [arg.replace("\u2008", " ") for arg in text.split(" ")]
    return json.dumps(redact.argv(args).args)


def _planted() -> Iterator[tuple[str, str, str]]:
    """Place, kind of secret and the secret."""
    named = [f"arguments {t}" for t in planted.ARGUMENTS] + [f"text {t}" for t in planted.TEXTS]
    named += [f"url {t}" for t in planted.URLS]
    rng = random.Random(11)
    for place in named:
        for kind, make in (planted.PASSWORDS | planted.GENERATED).items():
            yield place, kind, make(rng)
    for place in planted.BARE:
        for kind, make in planted.GENERATED.items():
            for _ in range(5):
                yield place, kind, make(rng)


def test_no_planted_secret_leaves(capsys: pytest.CaptureFixture[str]) -> None:
    cases = list(_planted())
    left = [case for case in cases if any(part in _shown(case[0], case[2]) for part in (case[2][:8], case[2][-8:]))]
    places = len({place for place, _, _ in cases})
    with capsys.disabled():
        print(f"\nredaction: {len(left)} of {len(cases)} planted secrets leave, in {places} places")
    assert len(cases) >= 500 and places >= 80
    assert not left


def test_ordinary_values_stay(capsys: pytest.CaptureFixture[str]) -> None:
    values = [*(("arguments", v) for v in ARGUMENTS), *(("url", v) for v in URLS), *(("name", v) for v in NAMES)]
    hidden = [value for value in values if _is_hidden(*value)]
    with capsys.disabled():
        print(f"\nredaction: {len(hidden)} of {len(values)} ordinary values are hidden")
    assert len(hidden) <= 0.005 * len(values), hidden


def test_what_stands_in_real_files_stays(shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Names, URLs, arguments and rules of the corpus' files. Values of variables are hidden by promise, UUIDs too."""
    values = list(dict.fromkeys(_of_corpus(shared / "corpus")))
    hidden = [value for value in values if _is_hidden(*value)]
    with capsys.disabled():
        print(f"\nredaction: {len(hidden)} of {len(values)} ordinary values of the corpus are hidden")
    assert len(values) > 1_000
    assert len(hidden) <= 0.005 * len(values), hidden


def _of_corpus(folder: Path) -> Iterator[tuple[str, str]]:
    for line in (folder / "index.jsonl").read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        secrets = any(server.get("has_inline_secret") for server in entry["expected"].get("servers", ()))
        kind = _FORMATS.get(Path(entry["file"]).suffix)
        if kind and not secrets:
            with suppress(UnparseableError):
                yield from _values(parse((folder / entry["file"]).read_bytes(), kind).value, "")


def _values(node: object, key: str) -> Iterator[tuple[str, str]]:
    if isinstance(node, dict):
        for name, value in node.items():
            yield "name", name
            yield from _values(value, name)
    elif isinstance(node, list):
        for item in node:
            yield from _values(item, key)
    elif isinstance(node, str) and not _PROMISED.search(node):
        if "url" in key.lower() and node.startswith("http"):
            yield "url", node
        elif key in ("args", "command", "allow", "deny", "ask"):
            yield "arguments", node


def _is_hidden(kind: str, value: str) -> bool:
    if kind == "url":
        shown = redact.url(value).url or ""
    else:
        shown = redact.name(value) if kind == "name" else " ".join(redact.argv(value.split()).args)
    return redact.REDACTED in shown and not UUID.search(value)
