"""What an auditor asks: the accepted baseline, who answers for what, the evidence per control."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.cli.common import COMPLETE, PARTIAL, Shared, declare, group, progress, write
from agent.reports import report
from agent.runtime.terminal import show

if TYPE_CHECKING:
    from agent.cli.common import Commands, Option

_TAKES: tuple[Option, ...] = ("root", "output")


def add(commands: Commands) -> None:
    """Declare `baseline accept`, `baseline diff`, `baseline replay`, `controls` and `owners`."""
    baseline = group(commands, "baseline", "the accepted state that drift is measured to")
    declare(baseline.add_parser("accept", help="accept what is there now"), lambda shared, _: _accept(shared))
    difference = baseline.add_parser("diff", help="what is new, changed or gone since then")
    declare(difference, lambda shared, _: _diff(shared), ("output",), report.BASELINE.formats)
    replay = baseline.add_parser("replay", help="what would have been unusual in what agents did, by their transcripts")
    replay.add_argument("--backfill-days", type=float, default=60, metavar="N", help="how far back; default: 60")
    replay.add_argument("--learn-days", type=float, default=14, metavar="N", help="how long to learn; default: 14")
    declare(replay, lambda shared, given: _replay(shared, given.backfill_days, given.learn_days), ("root",))
    controls = commands.add_parser("controls", help="per control of ISO/IEC 42001: evidence, findings, limits")
    controls.add_argument("controls", nargs="*", metavar="CONTROL", help="such as A.6 or 'clause 10': record by record")
    declare(
        controls, lambda shared, given: _controls(shared, given.controls), ("root", "output"), report.CONTROLS.formats
    )
    owners = commands.add_parser("owners", help="who answers for each account, agent and server, and where nobody does")
    declare(owners, lambda shared, _: _owners(shared), (*_TAKES, "all"), report.OWNERS.formats)


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
    from agent.reports.baseline import Comparison
    from agent.service import scan
    from agent.service.setup import baseline_file

    settings = shared.settings()
    baseline = Baseline.load(baseline_file(settings))
    if baseline is None:
        raise ConfigError("no baseline has been accepted")
    with progress():
        records = scan.take_inventory(settings, None).records
    write(report.BASELINE, Comparison(baseline, records), shared)
    return COMPLETE


def _replay(shared: Shared, days: float, learn_days: float) -> int:
    from datetime import UTC, datetime, timedelta

    from agent.governance.behaviour.replay import lines, replay
    from agent.service.action_history import from_transcripts
    from agent.service.setup import load_catalog
    from collectors.transcripts.programs import risks

    settings = shared.settings()
    since = datetime.now(UTC) - timedelta(days=days)
    unread: list[str] = []
    found = [action for action in from_transcripts(settings, shared.root, since, unread, follow=False) if action.at]
    found.sort(key=lambda action: action.at or action.observed_at)
    unasked = load_catalog(settings).unasked_modes()
    deviations = list(replay(found, risks(), unasked, timedelta(days=learn_days)))
    show([*lines(deviations), f"{len(deviations)} deviations in {len(found)} actions of {days:g} days"])
    return PARTIAL if unread else COMPLETE


def _owners(shared: Shared) -> int:
    from agent.service import scan

    with progress():
        records = scan.take_inventory(shared.settings(), shared.root).records
    write(report.OWNERS, records, shared)
    return COMPLETE


def _controls(shared: Shared, controls: list[str]) -> int:
    from agent.reports.control_evidence import ControlEvidence, selected
    from agent.service import known_inventory

    wanted = selected(controls)
    with progress():
        inventory = known_inventory.inventory(shared.settings(), shared.root)
    if shared.format in (None, "text") and not shared.output:
        show([inventory.known_from, ""])
    if controls:
        write(report.CONTROL_EVIDENCE, ControlEvidence(wanted, inventory.records), shared)
    else:
        write(report.CONTROLS, inventory.records, shared)
    return COMPLETE
