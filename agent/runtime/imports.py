"""Keeps out of this process what other people's modules import and nothing here uses."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType


@contextmanager
def without(*names: str) -> Iterator[None]:
    """Inside, importing these modules fails as if Python had been built without them; those already there stay.

    For modules whose importers are written to do without them, as the standard library's are to do without OpenSSL.
    """
    absent = [name for name in names if name not in sys.modules]
    for name in absent:
        sys.modules[name] = None  # type: ignore[assignment]  # as the import system documents it
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]


@contextmanager
def hollow(name: str) -> Iterator[None]:
    """Inside, importing this module gives an empty one, unless it is there already.

    For importers that need the module only in functions which nobody here calls. One that needs it at once fails with
    `AttributeError`.
    """
    absent = name not in sys.modules
    if absent:
        sys.modules[name] = ModuleType(name)
    try:
        yield
    finally:
        if absent:
            del sys.modules[name]
