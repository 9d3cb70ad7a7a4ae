"""The configuration file: check it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from agent.cli.common import COMPLETE, declare, group
from agent.runtime.terminal import show

if TYPE_CHECKING:
    from agent.cli.common import Commands


def add(commands: Commands) -> None:
    """Declare `config check`."""
    check = group(commands, "config", "check a configuration file").add_parser(
        "check", help="name line and key of each error"
    )
    check.add_argument("file", nargs="?", type=Path)
    declare(check, lambda shared, given: _check(given.file or shared.config))


def _check(file: Path | None) -> int:
    from agent.config.load import load
    from agent.config.paths import default_file

    load(file)
    show([f"{file or default_file()}: ok"])
    return COMPLETE
