"""What all commands share: exit statuses, the options that several take, and how a command is declared."""

from __future__ import annotations

import argparse
import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar

from agent.runtime.terminal import tell

if TYPE_CHECKING:
    from agent.config.settings import Settings
    from agent.records import Record
    from agent.records.finding import Severity
    from agent.reports.report import Report

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

COMPLETE, FAILURE, USAGE, PARTIAL, FINDINGS = 0, 1, 2, 3, 4

S = TypeVar("S")

SEVERITIES = ("info", "low", "medium", "high", "critical")
Option = Literal["root", "output", "deliver", "no_deliver", "all", "fail_on"]
_ARGUMENTS: dict[Option, dict[str, Any]] = {
    "root": {"metavar": "DIR", "help": "read DIR as the file system of another machine"},
    "output": {"type": Path, "metavar": "FILE", "help": "write to FILE (atomically, mode 0600), not to stdout"},
    "deliver": {"action": "store_true", "help": "send the inventory to the targets, as that of this account's look"},
    "no_deliver": {"action": "store_true", "help": argparse.SUPPRESS},
    "all": {"action": "store_true", "help": "every row, not the worst of each part"},
    "fail_on": {"choices": SEVERITIES, "help": "exit status 4 where a finding is as grave as this, or graver"},
}
_COLOURS = ("auto", "always", "never")
_EVERYWHERE = {"config", "color"}


class Shared(NamedTuple):
    """The options that several commands take, wherever on the line they stood."""

    # No dataclass here and in `agent.reports.report`: what makes those would be a third of what `--version` costs.

    config: Path | None = None
    root: str | None = None
    """A folder that is read as the file system of another machine."""
    format: str | None = None
    output: Path | None = None
    deliver: bool = False
    no_deliver: bool = False
    """What older scripts say: nothing is sent anyway where nobody asks for it."""
    all: bool = False
    fail_on: Severity | None = None
    """Where a pipeline must stop."""
    color: str = "auto"

    @property
    def colours(self) -> bool:
        """Whether what is printed may have colour: on a terminal, but for those who said that they want none."""
        if self.color != "auto":
            return self.color == "always"
        unwanted = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
        return not self.output and on_terminal() and not unwanted

    def settings(self) -> Settings:
        """The settings in force. Raises ConfigError, also where `root` is no folder."""
        from agent.config.error import ConfigError
        from agent.config.load import load

        if self.root and not Path(self.root).is_dir():
            raise ConfigError(f"{self.root}: no such folder")
        return load(self.config)


Work = Callable[[Shared, argparse.Namespace], int]
"""A command: the shared options and its own arguments in, the exit status out."""


def declare(
    parser: argparse.ArgumentParser, work: Work, takes: Iterable[Option] = (), formats: tuple[str, ...] = ()
) -> None:
    """What a parser's command does, and which of the shared options it understands: any other is refused."""
    known = frozenset({*takes, *(("format",) if formats else ())})
    parser.set_defaults(work=work, takes=known, formats=formats)
    _add(parser, takes, formats)


def shared_options(parser: argparse.ArgumentParser, formats: tuple[str, ...]) -> None:
    """All shared options, for those who write them before the command."""
    _add(parser, _ARGUMENTS, formats)


def _add(parser: argparse.ArgumentParser, options: Iterable[Option], formats: tuple[str, ...]) -> None:
    """Options that leave no trace where they are not given: the same one may stand before or after the command."""
    absent: Any = argparse.SUPPRESS
    parser.add_argument("--config", type=Path, metavar="FILE", default=absent, help="configuration file")
    parser.add_argument("--color", choices=_COLOURS, default=absent, help="default: auto, on a terminal")
    for option in options:
        parser.add_argument(f"--{option.replace('_', '-')}", default=absent, **_ARGUMENTS[option])
    if formats:
        parser.add_argument("--format", metavar="FORMAT", default=absent, help=f"one of {', '.join(formats)}")


def shared(parser: argparse.ArgumentParser, given: argparse.Namespace) -> Shared:
    """The shared options that were given; one that the command does not understand is an error of usage."""
    values = {name: value for name in Shared._fields if (value := getattr(given, name, None)) is not None}
    command = " ".join(filter(None, (given.command, getattr(given, "action", None)))) or "--once"
    for name in values.keys() - given.takes - _EVERYWHERE:
        parser.error(f"{command} takes no --{name.replace('_', '-')}")
    form = values.get("format")
    if form and form not in given.formats:
        parser.error(f"{command} takes no --format {form}; choose from {', '.join(given.formats)}")
    return Shared(**values)


def group(commands: Commands, name: str, help: str) -> Commands:
    """A command that only names others."""
    return commands.add_parser(name, help=help).add_subparsers(dest="action", required=True)


def write(report: Report[S], subject: S, shared: Shared) -> None:
    """The report in the format that was asked for, on standard output or where `--output` says. Raises `OSError`."""
    from agent.reports.output import emit
    from agent.reports.tone import painted
    from agent.runtime.terminal import plain, plain_json

    form = shared.format or report.formats[0]
    if shared.all and form == report.formats[0]:
        form = "all"
    safe = plain_json if form in report.JSON else plain
    lines = report.lines(subject, form)
    emit((painted(safe(line), line) for line in lines) if shared.colours else map(safe, lines), shared.output)


def known_records(shared: Shared) -> list[Record]:
    """The inventory as the daemon here knows it, else by a look of one's own."""
    from agent.service import known_inventory

    with progress():
        return known_inventory.inventory(shared.settings(), shared.root).records


def patterns(parser: argparse.ArgumentParser, *names: str) -> None:
    """Options that leave out what does not fit."""
    for name in names:
        parser.add_argument(f"--{name}", default="*", metavar="PATTERN", help=f"only of this {name}; may hold *")


def on_terminal() -> bool:
    """Whether somebody reads standard output."""
    return sys.stdout is not None and sys.stdout.isatty()


@contextmanager
def progress() -> Iterator[None]:
    """A line on a terminal's stderr where the work takes more than a second."""
    timer = threading.Timer(1.0, lambda: tell("rollcall: looking around …"))
    if sys.stderr.isatty():
        timer.daemon = True
        timer.start()
    try:
        yield
    finally:
        timer.cancel()
