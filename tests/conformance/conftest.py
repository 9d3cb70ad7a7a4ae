"""What the conformance tests need: the real clients, places for them, and a model."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.machine import missing
from tests.conformance.model import Model
from tests.installed import npm_commands


@pytest.fixture(scope="session")
def npm() -> Path:
    """The folder with the clients' commands."""
    if why := missing():
        pytest.skip(why)
    return npm_commands()


@pytest.fixture(scope="session")
def environment(npm: Path) -> Iterator[dict[str, str]]:
    """Where commands are found, and where the model answers."""
    model = Model()
    yield {"PATH": f"{npm}:{os.environ['PATH']}", **model.environment}
    model.shutdown()
