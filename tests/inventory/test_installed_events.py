"""Event sources that other distributions bring: told once, also over a restart, and harmless when they fail."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.inventory.settings import CollectSettings
from agent.inventory.store import Store
from agent.journal.journal import Journal
from agent.service.action_trail import ActionTrail
from collectors.catalog.catalog import Catalog
from tests.collectors.world import World

CODE = """
from agent.records import Action, Evidence
from collectors import Batch

class Desk:
    name = "desk"
    def __init__(self, positions, since):
        self.read_to, self.since = int(positions.get("log", 0)), since
    def read(self, context):
        self.read_to += 1
        call = Action(endpoint_id=context.endpoint_id, owner="dev", agent="acme", action="shell", at=self.since,
                      call_id=f"call {self.read_to}",
                      evidence=Evidence(collector=self.name, confidence="confirmed"))
        again = call.model_copy()
        return Batch(events=(call, again, "no event"), positions={"log": self.read_to})

class Silent(Desk):
    def read(self, context):
        raise RuntimeError("quotes a secret")

class Refuses:
    def __init__(self, positions, since):
        raise ValueError("quotes a secret")
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Puts a distribution with these entry points on the path, as pip would."""

    def install(module: str, **points: str) -> None:
        metadata = tmp_path / "site" / f"{module}-1.0.dist-info"
        metadata.mkdir(parents=True)
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
        lines = [f"{name} = {module}:{what}" for name, what in points.items()]
        (metadata / "entry_points.txt").write_text("\n".join(["[rollcall.events]", *lines, ""]))
        (metadata.parent / f"{module}.py").write_text(CODE)
        monkeypatch.syspath_prepend(str(metadata.parent))

    return install


class Trail:
    """What the daemon does with its sources, on a journal that stays."""

    def __init__(self, tmp_path: Path, *disabled: str) -> None:
        self._file, self._disabled = tmp_path / "journal.db", disabled
        self._context = World(tmp_path / "image").context

    def read(self, times: int = 1, *, durable: bool = True) -> list[tuple[str, str]]:
        """Start, read so many times, and stop; the notices."""
        journal = Journal.open(self._file, "e")
        trail = ActionTrail(
            CollectSettings(disabled=self._disabled), Catalog(()), journal, Store(journal), lambda _: None
        )
        notices = []
        for _ in range(times):
            assert trail.read(self._context) or not durable
            notices += trail.notices()
            if durable:
                with journal.transaction() as step:
                    trail.append(step)
                trail.written()
        journal.close()
        return notices

    def calls(self) -> list[str]:
        journal = Journal.open(self._file, "e", readonly=True)
        entries = [json.loads(line.body) for line in journal.lines(0)]
        journal.close()
        return [entry["record"]["call_id"] for entry in entries if entry["op"] == "action"]


def test_events_of_another_distribution_are_journaled_once_and_read_on_after_a_restart(
    tmp_path: Path, install: Callable[..., None]
) -> None:
    install("rollcall_desk", desk="Desk")
    trail = Trail(tmp_path)
    assert not trail.read(2)
    assert trail.calls() == ["call 1", "call 2"]
    trail.read()
    assert trail.calls() == ["call 1", "call 2", "call 3"]


def test_what_did_not_become_durable_is_read_again(tmp_path: Path, install: Callable[..., None]) -> None:
    install("rollcall_desk_again", desk="Desk")
    trail = Trail(tmp_path)
    trail.read(durable=False)
    trail.read()
    assert trail.calls() == ["call 1"]


def test_sources_do_not_see_each_others_positions(tmp_path: Path, install: Callable[..., None]) -> None:
    install("rollcall_two_desks", desk="Desk", other="Desk")
    trail = Trail(tmp_path)
    trail.read()
    install("rollcall_third_desk", third="Desk")
    trail.read()
    # All make the same calls: had the third one the others' positions, it would begin with the second.
    assert trail.calls() == ["call 1", "call 2"]
    journal = Journal.open(tmp_path / "journal.db", "e", readonly=True)
    with journal.reading() as connection:
        positions = dict(connection.execute("SELECT name, position FROM action_positions"))
    journal.close()
    assert positions == {"\ndesk\nlog": "2", "\nother\nlog": "2", "\nthird\nlog": "1"}


@pytest.mark.parametrize("what", ["Silent", "Refuses", "Absent"])
def test_one_that_fails_is_told_once_and_stops_no_other(
    tmp_path: Path, install: Callable[..., None], what: str
) -> None:
    install(f"rollcall_{what.lower()}", broken=what, desk="Desk")
    trail = Trail(tmp_path)
    ((code, text),) = trail.read(2)
    assert code == "events.failed"
    assert text.startswith("broken: ")
    assert "secret" not in text
    assert trail.calls() == ["call 1", "call 2"]


def test_one_can_be_switched_off(tmp_path: Path, install: Callable[..., None]) -> None:
    install("rollcall_desk_off", desk="Desk")
    trail = Trail(tmp_path, "desk")
    trail.read(durable=False)
    assert trail.calls() == []
