"""`rollcall enroll`: a credential of this endpoint's own for its central collector."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from agent.cli.common import COMPLETE, Shared, declare
from agent.runtime.terminal import show

if TYPE_CHECKING:
    from agent.cli.common import Commands
    from agent.delivery.settings import TargetSettings
    from agent.delivery.targets.rollcall import RollcallSettings


def add(commands: Commands) -> None:
    """Declare `enroll`."""
    parser = commands.add_parser("enroll", help="exchange the fleet's secret for a credential of this endpoint's own")
    parser.add_argument("--url", required=True, help="where the collector enrolls, such as https://host/v1/enroll")
    parser.add_argument("--secret-file", required=True, type=Path, metavar="FILE", help="file that holds the secret")
    parser.add_argument("--target", metavar="NAME", help="target that it is for; default: the one of type rollcall")
    declare(parser, _enroll)


def _enroll(shared: Shared, given: argparse.Namespace) -> int:
    from agent.config.paths import state_dir
    from agent.delivery.enrolment import enroll
    from agent.inventory.context import this_endpoint_id
    from agent.journal.journal import FILE, Journal

    settings = shared.settings()
    target = _target(settings.target, given.target)
    folder = state_dir(settings)
    journal = Journal.open(folder / FILE, this_endpoint_id(), readonly=True)
    try:
        device = enroll(target, target.name, journal, folder, given.url, given.secret_file.absolute())
    finally:
        journal.close()
    show([f"enrolled with {target.name} as {device}"])
    return COMPLETE


def _target(targets: tuple[TargetSettings, ...], name: str | None) -> RollcallSettings:
    """Raises `ConfigError` where there is none, or more than one and no name."""
    from agent.config.error import ConfigError
    from agent.delivery.targets.rollcall import RollcallSettings

    found = [t for t in targets if isinstance(t, RollcallSettings) and name in (None, t.name)]
    if len(found) != 1:
        raise ConfigError("--target: must name one target of type rollcall that is configured")
    return found[0]
