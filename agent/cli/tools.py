"""`rollcall tools`: which tools the servers offer, as clients, packages and logs have it on disk."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from agent.cli import probe
from agent.cli.common import COMPLETE, Shared, declare, group, progress, write
from agent.reports import report

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from agent.cli.common import Commands
    from agent.records import Record, Tool


def add(commands: Commands) -> None:
    """Declare `tools`."""
    tools = group(commands, "tools", "which tools the servers offer, and what each of them may do")
    listed = tools.add_parser("list", help="a line a tool")
    for name in ("agent", "owner", "server", "exposure", "effect"):
        listed.add_argument(f"--{name}", default="*", metavar="PATTERN", help=f"only of this {name}; may hold *")
    declare(listed, _list, ("root", "output"), report.TOOLS.formats)
    shown = tools.add_parser("show", help="everything about tools, with what they say of themselves")
    shown.add_argument("tools", nargs="+", metavar="SERVER[/TOOL]", help="names, which may hold *; or a record's id")
    declare(shown, _show, ("root", "output"), report.TOOL.formats)
    probe.add(tools)


def _list(shared: Shared, given: argparse.Namespace) -> int:
    wanted = {name: getattr(given, name) for name in ("agent", "owner", "server", "exposure")}
    found = [
        tool
        for tool in _tools(_known(shared))
        if all(fnmatchcase(getattr(tool, name) or "", pattern) for name, pattern in wanted.items())
        and (given.effect == "*" or any(fnmatchcase(effect, given.effect) for effect in tool.effects))
    ]
    write(report.TOOLS, found, shared)
    return COMPLETE


def _show(shared: Shared, given: argparse.Namespace) -> int:
    from agent.config.error import ConfigError
    from agent.reports.tools import ToolText
    from agent.service.setup import looking
    from collectors.tools.texts import texts_of

    records = _known(shared)
    found = [tool for tool in _tools(records) if any(_means(name, tool) for name in given.tools)]
    if not found:
        raise ConfigError(f"no tool {' or '.join(given.tools)}")
    context = looking(shared.settings(), shared.root, records)
    texts = texts_of(context, found)
    told = (texts.get(tool.id) for tool in found)
    write(
        report.TOOL,
        [ToolText(t, text.definition if text else None) for t, text in zip(found, told, strict=True)],
        shared,
    )
    return COMPLETE


def _known(shared: Shared) -> Sequence[Record]:
    from agent.service import known_inventory

    with progress():
        return known_inventory.inventory(shared.settings(), shared.root).records


def _tools(records: Sequence[Record]) -> list[Tool]:
    from agent.records import Tool

    tools = [record for record in records if isinstance(record, Tool)]
    return sorted(tools, key=lambda tool: (tool.agent, tool.owner or "", tool.server, tool.name))


def _means(name: str, tool: Tool) -> bool:
    server, _, own = name.partition("/")
    return tool.id == name or (fnmatchcase(tool.server, server) and fnmatchcase(tool.name, own or "*"))
