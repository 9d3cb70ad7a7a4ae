"""`rollcall reach`: what an agent can read, write, run and send, and who is asked before it does."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from agent.cli.common import COMPLETE, Shared, declare, progress, write
from agent.reports import report

if TYPE_CHECKING:
    import argparse

    from agent.cli.common import Commands


def add(commands: Commands) -> None:
    """Declare `reach`."""
    reach = commands.add_parser("reach", help="what an agent can do without asking anybody, by which server and tool")
    reach.add_argument("agents", nargs="+", metavar="AGENT", help="catalog ids, such as claude-code; may hold *")
    reach.add_argument("--owner", default="*", metavar="PATTERN", help="only of this account; may hold *")
    declare(reach, _reach, ("root", "output"), report.REACH.formats)


def _reach(shared: Shared, given: argparse.Namespace) -> int:
    from agent.config.error import ConfigError
    from agent.governance.agent_reach import reach_of
    from agent.records import AiAgent
    from agent.service import known_inventory

    with progress():
        records = known_inventory.inventory(shared.settings(), shared.root).records
    agents = [
        record
        for record in records
        if isinstance(record, AiAgent)
        and any(fnmatchcase(record.agent, name) for name in given.agents)
        and fnmatchcase(record.owner or "", given.owner)
    ]
    if not agents:
        raise ConfigError(f"no agent {' or '.join(given.agents)} here")
    write(report.REACH, [reach_of(agent, records) for agent in agents], shared)
    return COMPLETE
