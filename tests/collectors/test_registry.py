"""Which collectors run: the built-in ones, and those that other distributions bring."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from agent.inventory.inventory import Inventory
from agent.inventory.runner import Engine
from agent.records import Diagnostic
from collectors.registry import all_collectors, built_in
from tests.collectors.world import World

CODE = """
from agent.records import Diagnostic, Evidence
from collectors.contract import Observation, Scope
from collectors.host import HostCollector

class Printers(HostCollector):
    name = "printers"
    def collect(self, context):
        seen = Diagnostic(endpoint_id=context.endpoint_id, evidence=Evidence(collector=self.name),
                             severity="info", code="printers.seen", message="there are some")
        yield Observation(Scope(self.name, "", "all"), (seen,))
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Puts a distribution with one entry point on the path, as pip would."""

    def install(module: str, points_at: str) -> None:
        metadata = tmp_path / "site" / f"{module}-1.0.dist-info"
        metadata.mkdir(parents=True)
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
        (metadata / "entry_points.txt").write_text(f"[rollcall.collectors]\nprinters = {points_at}\n")
        (metadata.parent / f"{module}.py").write_text(CODE + "\nNothing = dict\n")
        monkeypatch.syspath_prepend(str(metadata.parent))

    return install


def names(*disabled: str) -> list[str]:
    return [collector.name for collector in all_collectors(disabled)]


def run(tmp_path: Path) -> list[Diagnostic]:
    world = World(tmp_path / "image")
    inventory = Inventory(lambda facts, *_: {record.id: record for record in facts})
    Engine(all_collectors(), inventory, lambda: world.context).reconcile()
    return [record for record in inventory.records("diagnostic") if isinstance(record, Diagnostic)]


def test_configurations_come_before_processes_these_before_sockets_and_transcripts_last() -> None:
    order = [collector.name for collector in built_in()]
    assert order == ["host", "configs", "processes", "sockets", "sessions", "tools"]


def test_collectors_can_be_switched_off() -> None:
    assert names("sockets", "unheard-of") == [name for name in names() if name != "sockets"]


def test_a_collector_of_another_distribution_runs_after_the_built_in_ones(
    tmp_path: Path, install: Callable[[str, str], None]
) -> None:
    install("rollcall_printers_good", "rollcall_printers_good:Printers")
    assert names()[-1] == "printers"
    assert names("printers") == [collector.name for collector in built_in()]
    assert [found.code for found in run(tmp_path)] == ["printers.seen"]


@pytest.mark.parametrize(
    "points_at", ["rollcall_printers_bad:Absent", "no_such_module:X", "rollcall_printers_bad:Nothing"]
)
def test_one_that_cannot_be_loaded_is_told_and_harms_no_other(
    tmp_path: Path, install: Callable[[str, str], None], points_at: str
) -> None:
    install("rollcall_printers_bad", points_at)
    assert names()[-1] == "printers"
    (found,) = run(tmp_path)
    assert (found.code, found.key, found.severity) == ("collector.failed", "printers", "error")


def test_two_looks_do_not_share_a_collector() -> None:
    one, two = built_in(), built_in()
    assert not any(mine is theirs for mine in one for theirs in two)
