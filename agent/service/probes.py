"""Which servers of an inventory can be asked for their tools, and how."""

from __future__ import annotations

from typing import cast

from agent.inventory.runner import Engine
from agent.probe.conversation import ProbeError
from agent.probe.eligible import refusal
from agent.probe.plan import Plan, Terms, plan
from agent.records import Approval, McpServer
from agent.redaction import redact
from collectors.configs.collector import ConfigCollector
from collectors.locate.interest import Interest
from collectors.readers.started_entry import entry_of
from collectors.sources.account import Home
from collectors.sources.filesystem.unreadable import UnreadableError
from collectors.sources.formats.unparseable import UnparseableError


class Planner:
    """Reads the definition of a server again, as it stands in its file, when that server is to be asked."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def servers(self) -> list[McpServer]:
        """All that are known."""
        return [record for record in self._engine.inventory.all() if isinstance(record, McpServer)]

    def plan(self, server: McpServer, terms: Terms) -> Plan:
        """Raises `ProbeError` where it may not or cannot be asked."""
        records = self._engine.inventory.all()
        if why := refusal(server, [cast(Approval, record) for record in records if record.kind == "approval"]):
            raise ProbeError(why)
        home, path, interests = self._file(server)
        try:
            entry = entry_of(self._engine.context, home, path, interests, server)
        except (OSError, UnreadableError, UnparseableError):
            entry = None
        if entry is None:
            raise ProbeError("its definition changed since it was judged")
        return plan(server, entry, home.path if home else None, terms)

    def _file(self, server: McpServer) -> tuple[Home | None, str, list[Interest]]:
        files = self._engine.context.files
        for configs in self._engine.collectors:
            if isinstance(configs, ConfigCollector):
                for home, path, interests in configs.files():
                    theirs = (home.owner if home else None) == server.owner
                    if theirs and redact.path(files.shown(path)) == server.source.path:
                        return home, path, interests
        raise ProbeError("it is not defined in a file that is read here")
