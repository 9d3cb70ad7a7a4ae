"""What an auditor asks: the accepted baseline, who answers for what, the evidence per control."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.cli.common import COMPLETE, Shared, declare, group
from agent.runtime.terminal import show

if TYPE_CHECKING:
    from agent.cli.common import Commands


def add(commands: Commands) -> None:
    """Declare `baseline accept`, `baseline diff`, `controls` and `owners`."""
    baseline = group(commands, "baseline", "the accepted state that drift is measured to")
    declare(baseline.add_parser("accept", help="accept what is there now"), lambda shared, _: _accept(shared))
    difference = baseline.add_parser("diff", help="what is new, changed or gone since then")
    declare(difference, lambda shared, _: _diff(shared))
    controls = commands.add_parser("controls", help="per control of ISO/IEC 42001: evidence, findings, limits")
    controls.add_argument("controls", nargs="*", metavar="CONTROL", help="such as A.6 or 'clause 10': record by record")
    declare(controls, lambda shared, given: _controls(shared, given.controls), ("root",))
    owners = commands.add_parser("owners", help="who answers for each account, agent and server, and where nobody does")
    declare(owners, lambda shared, _: _owners(shared), ("root",))


def _accept(shared: Shared) -> int:
    from agent.governance.baseline import Baseline
    from agent.service import scan
    from agent.service.setup import baseline_file

    settings = shared.settings()
    baseline = Baseline.of(scan.take_inventory(settings, None).records)
    baseline.save(baseline_file(settings))
    show([f"{baseline_file(settings)}: {len(baseline.accepted)} records accepted"])
    return COMPLETE


def _diff(shared: Shared) -> int:
    from agent.config.error import ConfigError
    from agent.governance.baseline import Baseline
    from agent.reports.baseline import difference
    from agent.service import scan
    from agent.service.setup import baseline_file

    settings = shared.settings()
    baseline = Baseline.load(baseline_file(settings))
    if baseline is None:
        raise ConfigError("no baseline has been accepted")
    show(difference(baseline, scan.take_inventory(settings, None).records))
    return COMPLETE


def _owners(shared: Shared) -> int:
    from agent.reports import owners
    from agent.service import scan

    show(owners.lines(scan.take_inventory(shared.settings(), shared.root).records))
    return COMPLETE


def _controls(shared: Shared, controls: list[str]) -> int:
    from agent.reports import control_evidence
    from agent.reports.controls import report
    from agent.service import known_inventory

    wanted = control_evidence.selected(controls)
    inventory = known_inventory.inventory(shared.settings(), shared.root)
    show([inventory.known_from, ""])
    whole = (line for control in wanted for line in control_evidence.lines(control, inventory.records))
    show(whole if controls else report(inventory.records))
    return COMPLETE
