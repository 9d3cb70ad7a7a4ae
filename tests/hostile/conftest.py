from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import _place, machine, rollcall
from tests.hostile.world import World, made

__all__ = ["_place", "machine", "rollcall"]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with made(tmp_path) as world:
        yield world
