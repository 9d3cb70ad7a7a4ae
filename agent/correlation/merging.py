"""Definitions of one name in clients that merge their layers field by field."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from agent.records import McpServer
from agent.runtime.memo import DerivationCache
from collectors.catalog.catalog import Catalog


def merged(servers: Iterable[McpServer], catalog: Catalog, memo: DerivationCache) -> Iterator[McpServer]:
    """The definitions, with what the strongest weaker layer adds; where one starts and connects to nothing, what its
    name means there."""
    every = list(servers)
    whole: dict[tuple[str, str], list[McpServer]] = {}
    for server in every:
        if server.command or server.url:
            whole.setdefault((server.agent, server.name), []).append(server)
    for server in every:
        client = catalog.clients.get(server.agent)
        if client is None or not client.dialect.merges:
            yield server
            continue
        below = _below(server, whole.get((server.agent, server.name), []), client.precedence)
        merge = _joined if server.command or server.url else _filled
        yield memo.get(("merged", server.id), (server, below), partial(merge, server, below)) if below else server


def _below(server: McpServer, others: list[McpServer], precedence: tuple[str, ...]) -> McpServer | None:
    """The strongest of the weaker definitions that apply where this one does."""
    ranks = {scope: rank for rank, scope in enumerate(precedence)}
    weaker = [
        other
        for other in others
        if other.owner in (server.owner, None)
        and other.project in (None, server.project)
        and ranks.get(other.scope, 99) > ranks.get(server.scope, 99)
    ]
    return min(weaker, key=lambda other: ranks.get(other.scope, 99), default=None)


def _joined(server: McpServer, below: McpServer) -> McpServer:
    """Variables and headers of both layers reach the server; its command or URL is the stronger one's."""
    return server.changed(
        env_names=tuple(sorted({*below.env_names, *server.env_names})),
        header_names=tuple(sorted({*below.header_names, *server.header_names})),
        inline_secret=below.inline_secret or server.inline_secret,
    )


def _filled(server: McpServer, below: McpServer) -> McpServer:
    return server.changed(
        transport=below.transport,
        command=below.command,
        args=below.args,
        package=below.package,
        pinned=below.pinned,
        url=below.url,
        remote_url=below.remote_url,
        launch_file=below.launch_file,
        on_disk=below.on_disk,
        env_names=tuple(sorted({*below.env_names, *server.env_names})),
        header_names=tuple(sorted({*below.header_names, *server.header_names})),
        inline_secret=below.inline_secret or server.inline_secret,
        data=below.data,
        launch_hash=below.launch_hash,
    )
