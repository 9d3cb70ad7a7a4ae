"""What is wrong with Rollcall here, and what to send to whoever helps."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from agent.cli.common import COMPLETE, FAILURE, PARTIAL, Shared, declare, write
from agent.reports.report import DOCTOR

if TYPE_CHECKING:
    from agent.cli.common import Commands


def add(commands: Commands) -> None:
    """Declare `doctor` and `support-bundle`."""
    doctor = commands.add_parser("doctor", help="what keeps Rollcall from working here, and what to do about it")
    doctor.add_argument("--json", dest="format", action="store_const", const="json", default=argparse.SUPPRESS,
                        help="the same as --format json")  # fmt: skip
    declare(doctor, lambda shared, _: _doctor(shared), formats=DOCTOR.formats)
    bundle = commands.add_parser("support-bundle", help="what whoever helps needs to know, without names and secrets")
    bundle.add_argument("file", type=Path, nargs="?", metavar="FILE", help="write it there; default: only show it")
    declare(bundle, lambda shared, given: _bundle(shared, given.file))


def _doctor(shared: Shared) -> int:
    from agent.config.load import load_with_sources
    from agent.runtime import logs
    from agent.service.doctor.examine import examine

    logs.configure(logs.LogSettings(level="error"))  # what there is to say is said here
    answers = list(examine(load_with_sources(shared.config)))
    write(DOCTOR, answers, shared)
    levels = {answer.level for answer in answers}
    return FAILURE if "error" in levels else PARTIAL if "warning" in levels else COMPLETE


def _bundle(shared: Shared, file: Path | None) -> int:
    from agent.config.error import ConfigError
    from agent.config.load import load_with_sources
    from agent.runtime import logs
    from agent.runtime.files import replace_file
    from agent.runtime.terminal import show_text, tell
    from agent.service.support_bundle import bundle, bundle_without_settings

    logs.configure(logs.LogSettings(level="error"))
    try:
        text = bundle(load_with_sources(shared.config))
    except ConfigError as error:
        text = bundle_without_settings(error.text)
    show_text(text)
    if file is None:
        tell("rollcall: nothing was written; give a FILE to keep exactly this")
    else:
        replace_file(file, [text])
        tell(f"rollcall: written to {file}, exactly as shown")
    return COMPLETE
