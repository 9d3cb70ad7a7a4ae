"""`rollcall tools probe`: asks servers that the policy sanctions for their tools, after saying what that will run."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from agent.cli.common import COMPLETE, FAILURE, PARTIAL, Shared, declare, progress, write
from agent.reports import report
from agent.runtime.terminal import tell

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from agent.cli.common import Commands
    from agent.probe.messages import Answer
    from agent.probe.plan import Plan, Terms
    from agent.service.scan import ScanResult


def add(commands: Commands) -> None:
    """Declare `tools probe`."""
    probe = commands.add_parser("probe", help="start or call servers in a sandbox, and ask them for their tools")
    probe.add_argument("servers", nargs="+", metavar="SERVER", help="names, which may hold *; or ids of definitions")
    probe.add_argument("--agent", default="*", metavar="PATTERN", help="only as this client defines them")
    probe.add_argument("--with-secrets", action="store_true", help="give them the values that their definitions name")
    probe.add_argument("--allow-network", action="store_true", help="let programs reach the network, to be fetched too")
    probe.add_argument("--share", action="append", default=[], metavar="DIR", help="a folder that they may read")
    probe.add_argument("--yes", action="store_true", help="do not ask whether to start them")
    declare(probe, _probe, ("output",), report.PROBED.formats)


def _probe(shared: Shared, given: argparse.Namespace) -> int:
    from agent.config.error import ConfigError
    from agent.probe.plan import Terms
    from agent.reports.probed import Probed
    from agent.service import scan

    with progress():
        look = scan.take_inventory(shared.settings())
    terms = Terms(given.with_secrets, given.allow_network, tuple(map(os.path.abspath, given.share)), os.environ)
    plans = list(_plans(look, given, terms))
    if not plans:
        raise ConfigError("none of these servers can be asked")
    tell(*(line for plan in plans for line in plan.lines()))
    if not _agreed(given.yes, len(plans)):
        return FAILURE
    answers = [Probed(plan.server, _asked(plan)) for plan in plans]
    write(report.PROBED, answers, shared)
    return COMPLETE if all(one.answer.kind == "tools" and one.answer.complete for one in answers) else PARTIAL


def _plans(look: ScanResult, given: argparse.Namespace, terms: Terms) -> Iterator[Plan]:
    """What is to be asked; of what cannot be, it is said why."""
    from fnmatch import fnmatchcase

    from agent.probe.conversation import ProbeError
    from agent.service.probes import Planner

    planner = Planner(look.engine)
    for name in given.servers:
        found = [
            server
            for server in planner.servers
            if (server.id == name or fnmatchcase(server.name, name)) and fnmatchcase(server.agent, given.agent)
        ]
        if not found:
            tell(f"rollcall: no server {name}")
        for server in found:
            try:
                yield planner.plan(server, terms)
            except ProbeError as error:
                tell(f"{server.name} in {server.agent} is not asked: {error}")


def _agreed(yes: bool, servers: int) -> bool:
    """Whether whoever sits at the terminal wants it so; where nobody does, only `--yes` says so."""
    if yes:
        return True
    if not sys.stdin or not sys.stdin.isatty():
        tell("rollcall: nobody to ask; --yes starts them without")
        return False
    tell(f"Ask {'this server' if servers == 1 else f'these {servers} servers'} for the tools? [y/N]")
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _asked(plan: Plan) -> Answer:
    from agent.probe.run import ProbeRun

    run = ProbeRun(plan.question)
    try:
        while (answer := run.answer(1.0)) is None:
            continue
        return answer
    finally:
        run.close()
