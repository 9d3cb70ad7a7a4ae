"""All commands, declared: which words and options there are, and what carries each out."""

from __future__ import annotations

import argparse
from typing import NoReturn

from agent import VERSION
from agent.cli import (
    ack,
    actions,
    audit,
    catalog,
    config,
    delivery,
    diff,
    doctor,
    enroll,
    findings,
    governance,
    listing,
    policy,
    reach,
    report,
    scan,
    service,
    tools,
)
from agent.cli.common import shared_options
from agent.cli.help import complete
from agent.runtime.terminal import plain

_GROUPS = (
    scan,
    tools,
    reach,
    findings,
    listing,
    ack,
    diff,
    report,
    service,
    doctor,
    actions,
    catalog,
    policy,
    governance,
    config,
    enroll,
    delivery,
    audit,
)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        super().error(plain(message))


def parser() -> argparse.ArgumentParser:
    """Of the whole command line."""
    whole = _Parser(prog="rollcall", description="Which AI agents and MCP servers run on this machine.")
    whole.add_argument("--version", action="version", version=VERSION)
    whole.add_argument("--once", action="store_true", help="print the inventory and exit, as without a command")
    shared_options(whole, scan.FORMATS)
    commands = whole.add_subparsers(dest="command", metavar="COMMAND")
    for each in _GROUPS:
        each.add(commands)
    whole.set_defaults(work=lambda shared, _: scan.once(shared), takes=scan.TAKES, formats=scan.FORMATS)
    complete(whole)
    return whole
