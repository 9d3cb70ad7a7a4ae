"""One look at this machine or at a folder of another one: the inventory, the graph, what single files say."""

from __future__ import annotations

import errno
import gc
import os
import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from agent.cli.common import COMPLETE, FAILURE, PARTIAL, Shared, declare, on_terminal, progress, write
from agent.cli.findings import verdict
from agent.reports import report
from agent.runtime.terminal import tell

if TYPE_CHECKING:
    from agent.cli.common import Commands
    from agent.config.settings import Settings
    from agent.service.scan import ScanResult

FORMATS = report.INVENTORY.formats
TAKES = frozenset({"root", "format", "output", "deliver", "no_deliver", "all", "fail_on"})


def add(commands: Commands) -> None:
    """Declare `graph` and `explain`; `--once` stands without a command."""
    graph = commands.add_parser("graph", help="owner, agent, server and what each reaches")
    declare(graph, lambda shared, _: _graph(shared), ("root", "output"), report.GRAPH.formats)
    explain = commands.add_parser("explain", help="which client reads a file, and what comes out of it")
    explain.add_argument("--client", metavar="ID", help="read it as a file of this client, wherever it lies")
    explain.add_argument("files", nargs="+", metavar="FILE")
    declare(explain, lambda shared, given: _explain(shared, given.client, given.files), formats=report.FILES.formats)


def once(shared: Shared) -> int:
    """Print the inventory; PARTIAL where something was not seen."""
    # An ordinary run ends before its garbage matters, its imports above all; that of a large machine does not.
    gc.set_threshold(50_000, 20, 20)
    settings = shared.settings()
    from agent.runtime import logs
    from agent.service import scan

    logs.configure(settings.log)
    take = partial(scan.take_inventory, settings, shared.root, actions_read=_read)
    with progress():
        look = _to_deliver(settings, take) if shared.deliver else take()
    if look.policy.trouble:
        tell(f"rollcall: policy: {look.policy.trouble.reason}")
    form = shared.format or ("table" if shared.all or (on_terminal() and not shared.output) else "ndjson")
    write(report.INVENTORY, look.records, shared._replace(format=form))
    if shared.deliver:
        from agent.service.deliver_once import deliver

        if not deliver(settings, look):
            return FAILURE
    return verdict(look.records, shared.fail_on, PARTIAL if look.summary.status == "partial" else COMPLETE)


def _to_deliver(settings: Settings, take: Callable[..., ScanResult]) -> ScanResult:
    """A look whose records carry an identity of its own, and which goes on from the last one. Raises `ConfigError`."""
    from agent.config.error import ConfigError
    from agent.service.deliver_once import last_look, own_identity

    if not settings.target:
        raise ConfigError("--deliver: no target is configured")
    return take(apart=own_identity(), known=partial(last_look, settings))


def _read(actions: int) -> None:
    if sys.stderr.isatty():
        tell(f"rollcall: {actions} actions read")


def _graph(shared: Shared) -> int:
    settings = shared.settings()
    from agent.reports.graph import build
    from agent.service import scan

    with progress():
        look = scan.take_inventory(settings, shared.root)
    write(report.GRAPH, build(look.records), shared)
    return PARTIAL if look.summary.status == "partial" else COMPLETE


def _explain(shared: Shared, client: str | None, files: list[str]) -> int:
    from agent.config.error import ConfigError
    from agent.service.setup import file_context
    from collectors.readers import explain

    context = file_context(shared.settings())
    if client and client not in context.catalog.clients:
        raise ConfigError(f"no client {client!r} in the catalog")
    there = [file for file in files if _is_readable(file)]
    found = [item for file in there for item in explain.explain(context, file, client)]
    write(report.FILES, found, shared)
    return COMPLETE if len(there) == len(files) else FAILURE


def _is_readable(file: str) -> bool:
    """Whether there is something to read; says why not. A key of the Windows registry is no file."""
    from collectors.sources.filesystem.windows_registry import is_key

    if is_key(file) or os.access(file, os.R_OK):
        return True
    reason = os.strerror(errno.EACCES if os.path.exists(file) else errno.ENOENT)
    tell(f"rollcall: {file}: {reason}")
    return False
