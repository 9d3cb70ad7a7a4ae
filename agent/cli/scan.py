"""One look at this machine or at a folder of another one: the inventory, the graph, what single files say."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

from agent.cli.common import COMPLETE, FAILURE, PARTIAL, Shared, declare, on_terminal, progress
from agent.runtime.terminal import show, show_json, tell

if TYPE_CHECKING:
    from agent.cli.common import Commands

FORMATS = ("table", "json", "ndjson")
TAKES = frozenset({"root", "format", "output", "no_deliver"})


def add(commands: Commands) -> None:
    """Declare `graph` and `explain`; `--once` stands without a command."""
    graph = commands.add_parser("graph", help="owner, agent, server and what each reaches")
    declare(graph, lambda shared, _: _graph(shared), ("root", "output"), ("text", "dot", "json"))
    explain = commands.add_parser("explain", help="which client reads a file, and what comes out of it")
    explain.add_argument("--client", metavar="ID", help="read it as a file of this client, wherever it lies")
    explain.add_argument("files", nargs="+", metavar="FILE")
    declare(explain, lambda shared, given: _explain(shared, given.client, given.files), formats=("table", "ndjson"))


def once(shared: Shared) -> int:
    """Print the inventory; PARTIAL where something was not seen."""
    settings = shared.settings()
    from agent.reports import output
    from agent.runtime import logs
    from agent.service import scan

    logs.configure(settings.log)
    # An ordinary run ends before its garbage matters; that of a large machine does not.
    gc.set_threshold(50_000, 20, 20)
    with progress():
        look = scan.take_inventory(settings, shared.root)
    if look.policy.trouble:
        tell(f"rollcall: policy: {look.policy.trouble.reason}")
    form = shared.format or ("table" if on_terminal() and not shared.output else "ndjson")
    output.emit(output.render(look.records, form), shared.output)
    if not (shared.no_deliver or scan.deliver(settings, look)):
        return FAILURE
    return PARTIAL if look.summary.status == "partial" else COMPLETE


def _graph(shared: Shared) -> int:
    settings = shared.settings()
    from agent.reports import graph, graph_formats, output
    from agent.service import scan

    with progress():
        look = scan.take_inventory(settings, shared.root)
    output.emit(graph_formats.render(graph.build(look.records), shared.format or "text"), shared.output)
    return PARTIAL if look.summary.status == "partial" else COMPLETE


def _explain(shared: Shared, client: str | None, files: list[str]) -> int:
    from agent.config.error import ConfigError
    from agent.service.setup import file_context
    from collectors.readers import explain

    context = file_context(shared.settings())
    if client and client not in context.catalog.clients:
        raise ConfigError(f"no client {client!r} in the catalog")
    found = [item for file in files for item in explain.explain(context, file, client)]
    if shared.format == "ndjson":
        show_json(record.to_json() for item in found for record in item.records)
    else:
        from agent.reports import file_explanation

        show(file_explanation.lines(found))
    return COMPLETE
