"""The manual page and the shell completions, from the command line's own declaration:
`python packaging/manual.py DIR [VERSION]`.

Needs the Python packages argparse-manpage and shtab, as a test environment and the builder of packages have them; the
packages bring what is written here.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import shtab
from argparse_manpage.manpage import Manpage

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from agent import __version__
from agent.cli.parser import parser

COMPLETIONS = {"bash": "rollcall.bash", "zsh": "_rollcall", "fish": "rollcall.fish"}
"""File name by shell: as each looks for it in its folder of completions."""


def manual(version: str = __version__) -> str:
    """The page of section 1, in roff."""
    return str(Manpage(parser(), {
        "project_name": "rollcall",
        "prog": "rollcall",
        "version": version,
        "description": "which AI agents and MCP servers run on this machine",
        "manual_section": "1",
        "manual_title": "Rollcall",
    }))  # fmt: skip


def completion(shell: str) -> str:
    """A script for this shell."""
    whole = parser()
    for one in _all(whole):
        _say_what_fits(one)
    return str(shtab.complete(whole, shell))


def _all(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                yield from _all(below)


def _say_what_fits(parser: argparse.ArgumentParser) -> None:
    """Formats are checked after parsing, so that the option may stand before its command; files are files."""
    for action in parser._actions:
        if action.dest == "format":
            action.choices = parser.get_default("formats")
        if action.metavar == "FILE":
            action.complete = shtab.FILE
        if action.metavar == "DIR":
            action.complete = shtab.DIRECTORY


def main(folder: Path, version: str = __version__) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "rollcall.1").write_text(manual(version), encoding="utf-8")
    for shell, name in COMPLETIONS.items():
        (folder / name).write_text(completion(shell), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
