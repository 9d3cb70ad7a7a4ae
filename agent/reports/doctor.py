"""What the doctor found: a line each with what to do, or as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Protocol


class Told(Protocol):
    """One answer."""

    @property
    def about(self) -> str: ...
    @property
    def level(self) -> str: ...
    @property
    def said(self) -> str: ...
    @property
    def remedy(self) -> str: ...


_SHOWN = {"ok": "ok      ", "warning": "WARNING ", "error": "ERROR   "}


def lines(answers: Iterable[Told]) -> Iterator[str]:
    """For a person."""
    for answer in answers:
        yield f"{_SHOWN[answer.level]}{answer.about}: {answer.said}"
        if answer.remedy:
            yield f"        → {answer.remedy}"


def as_json(answers: Iterable[Told]) -> Iterator[str]:
    """For a program: one array."""
    yield json.dumps([{name: getattr(one, name) for name in ("about", "level", "said", "remedy")} for one in answers])
