"""The daemon: run it, and ask how it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.cli.common import COMPLETE, FAILURE, Shared, declare
from agent.runtime.terminal import show, show_json, show_text

if TYPE_CHECKING:
    from agent.cli.common import Commands


def add(commands: Commands) -> None:
    """Declare `run` and `status`."""
    declare(commands.add_parser("run", help="watch, journal and deliver until stopped"), lambda shared, _: _run(shared))
    status = commands.add_parser("status", help="health of the running daemon")
    declare(status, lambda shared, _: _status(shared), formats=("text", "csv", "json"))


def _run(shared: Shared) -> int:
    from agent.config.paths import default_file
    from agent.config.trusted import trusted
    from agent.runtime import logs
    from agent.service import daemon

    file = shared.config or default_file()
    logs.configure(shared.settings().log)
    daemon.Daemon(lambda: trusted(shared.settings(), file)).run()
    return COMPLETE


def _status(shared: Shared) -> int:
    import json

    from agent.config.paths import state_dir
    from agent.service import status

    report = status.report(state_dir(shared.settings()))
    if shared.format == "json":
        show_json([json.dumps(report.document)])
    elif shared.format == "csv":
        from agent.reports.sheet import as_csv, of_document

        show(as_csv(of_document(report.document)))
    else:
        show_text(report.text)
    return COMPLETE if report.running else FAILURE
