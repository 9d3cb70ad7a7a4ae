"""The trial receiver, a real process, shared by the tests that do not kill it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from agent.delivery.settings import TargetSettings
from agent.delivery.targets.rollcall import RollcallSettings
from agent.journal.journal import Journal
from tests.receivers.running import RunningReceiver

ENDPOINT = "e" * 32


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningReceiver]:
    receiver = RunningReceiver(tmp_path_factory.mktemp("receiver")).start()
    yield receiver
    receiver.kill()


@pytest.fixture
def receiver(running: RunningReceiver) -> RunningReceiver:
    running.faults({"clear": True})
    return running


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[RunningReceiver]:
    """A receiver of one's own, to be killed."""
    receiver = RunningReceiver(tmp_path / "receiver").start()
    yield receiver
    receiver.kill()


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal.open(tmp_path / "state/journal.db", ENDPOINT)
    yield opened
    opened.close()


@pytest.fixture
def settings_for() -> Callable[..., TargetSettings]:
    def settings(receiver: RunningReceiver, **more: object) -> TargetSettings:
        base = {"url": receiver.url, "token_file": receiver.token_file, "ca_file": receiver.ca_file, "timeout": 5.0}
        return RollcallSettings.model_validate({**base, "backoff_cap": 0.2, **more})

    return settings
