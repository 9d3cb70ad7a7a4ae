"""The configuration: check it, and show what is in force and why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from agent.cli.common import COMPLETE, USAGE, Shared, declare, group
from agent.runtime.terminal import show, tell

if TYPE_CHECKING:
    from agent.cli.common import Commands


def add(commands: Commands) -> None:
    """Declare `config check` and `config show`."""
    config = group(commands, "config", "check the configuration, show what is in force")
    check = config.add_parser("check", help="name place and key of each error, also in the files it names")
    check.add_argument("file", nargs="?", type=Path)
    declare(check, lambda shared, given: _check(shared._replace(config=given.file or shared.config)))
    declare(config.add_parser("show", help="each setting in force, and where it came from"), lambda it, _: _show(it))


def _check(shared: Shared) -> int:
    from agent.config.load import load_with_sources
    from agent.runtime import logs
    from agent.service.config_check import problems

    loaded = load_with_sources(shared.config)
    logs.configure(logs.LogSettings(level="error"))  # what there is to say is said here
    if wrong := list(problems(loaded)):
        tell(*wrong)
        return USAGE
    show([f"{loaded.file}: ok"])
    return COMPLETE


def _show(shared: Shared) -> int:
    from agent.config.load import load_with_sources
    from agent.reports.settings import lines

    loaded = load_with_sources(shared.config)
    show(lines(loaded.settings.model_dump(mode="json"), loaded.source))
    return COMPLETE
