"""The record of one process tree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime

from agent.records import Children, Evidence, Instance, McpServer, record_id
from agent.redaction import redact
from collectors.catalog.client import Client
from collectors.catalog.starts import bypass_flags, bypass_variables
from collectors.contract import Context
from collectors.launch.program_name import base_name
from collectors.processes.classifier import Judged
from collectors.processes.command import program_of, script_of
from collectors.processes.shown_arguments import ShownArguments, shown_arguments
from collectors.processes.signatures import is_distinct, own_arguments
from collectors.sources.account import Home
from collectors.sources.process.context import process_context
from collectors.sources.process.environment import environment
from collectors.sources.process.row import ProcessRow

NAME = "processes"


def instance(
    context: Context,
    top: Judged,
    members: Sequence[Judged],
    parent: Judged | None,
    children: Counter[str],
    server: Judged | None = None,
) -> Instance:
    """What runs as one tree: `top` and below it the `members`, under the agent whose outermost process is `parent` and
    the defined server whose outermost process is `server`."""
    servers = _joined(members, parent)
    package = next((judged.package for judged in members if judged.package), None)
    row, client = top.row, context.catalog.clients.get(top.agent or "")
    around = process_context(row.pid)
    shown = _arguments(top, client)
    return Instance(
        endpoint_id=context.endpoint_id,
        owner=row.owner,
        evidence=Evidence(collector=NAME, source=f"pid:{row.pid}", confidence="confirmed"),
        subject="agent" if top.agent else "mcp_server",
        agent=top.agent or (parent.agent if parent else None),
        name=top.agent or (servers[0].name if servers else package or base_name(script_of(row) or program_of(row))),
        server_ids=tuple(sorted(server.id for server in servers)),
        package=package,
        pid=row.pid,
        pids=tuple(sorted(judged.row.pid for judged in members)),
        started_at=start_time(row),
        parent_id=instance_id(context, parent.row) if parent else None,
        server_instance_id=instance_id(context, server.row) if server else None,
        uid=row.uid,
        euid=row.euid,
        login_uid=around.login_uid,
        session=around.session,
        container=around.container,
        exe=row.exe,
        args=shown.args,
        args_withheld=shown.withheld,
        bypass_flags=_bypasses(row, members, client),
        cwd=row.cwd,
        project=_project(context, row),
        children=tuple(_children(children)),
    )


def _bypasses(row: ProcessRow, members: Sequence[Judged], client: Client | None) -> tuple[str, ...]:
    """Arguments of the tree, and variables of its top, that switch checks off."""
    flags = {flag for m in members for flag in bypass_flags(client, own_arguments(m.row, m.package))}
    around = environment(row.pid, client.process.bypass_variables) if client else {}
    return tuple(sorted(flags | set(bypass_variables(client, around))))


def _children(children: Counter[str]) -> Iterator[Children]:
    """The first fifty programs; how often each runs is told in powers of two, so that not every start is a change."""
    for program, count in sorted(children.items())[:50]:
        yield Children(program=program, at_least=1 << (count.bit_length() - 1))


def _arguments(top: Judged, client: Client | None) -> ShownArguments:
    if top.agent:
        return shown_arguments(client, top.row.argv, own_arguments(top.row, top.package))
    return ShownArguments(redact.argv(top.row.argv[1:], *top.row.argv[:1]).args, 0)


def start_time(row: ProcessRow) -> datetime:
    return datetime.fromtimestamp(round(row.started, 2), UTC)


def instance_id(context: Context, row: ProcessRow) -> str:
    return record_id("instance", context.endpoint_id, row.pid, start_time(row))


def is_instance(top: Judged, members: Sequence[Judged], parent: Judged | None) -> bool:
    """Whether a tree is what its processes were recognised as. `node server.js` may be anybody's: where no agent stands
    above it and it runs outside the project that defines it, it is nothing."""
    if top.agent or any(judged.names_itself_server for judged in members) or _joined(members, parent):
        return True
    return any(is_distinct(server) for judged in members for server in judged.servers)


def _joined(members: Sequence[Judged], parent: Judged | None) -> list[McpServer]:
    """The definitions of this owner, or of the agent's above, that the tree is an instance of: those of that agent
    before all others, and of several projects' the one it runs in."""
    owners = {members[0].row.owner, parent.row.owner if parent else None, None}
    folders = {judged.row.cwd for judged in (*members, *([parent] if parent else [])) if judged.row.cwd}
    found = {s.id: s for judged in members for s in judged.servers if s.owner in owners}
    likely = [s for s in found.values() if parent or is_distinct(s) or _runs_in_project(s, folders)]
    of_parent = [server for server in likely if parent and server.agent == parent.agent]
    candidates = of_parent or likely
    here = [s for s in candidates if s.project is None or _runs_in_project(s, folders)]
    return here or candidates


def _runs_in_project(server: McpServer, folders: Collection[str]) -> bool:
    return server.project is not None and any(_below(folder, server.project) for folder in folders)


def _below(folder: str, project: str) -> bool:
    return folder == project or folder.startswith(project.rstrip("/") + "/")


def _project(context: Context, row: ProcessRow) -> str | None:
    """The repository above the working directory, asked for with the rights of the process' owner."""
    if not row.cwd or row.cwd == "/":
        return None
    home = next((home for home in context.homes if home.owner == row.owner), None)
    folder = row.cwd
    while folder and folder != (home.path if home else ""):
        if context.files.exists(f"{folder}/.git", home or _nobody(row)):
            return folder
        folder = folder.rpartition("/")[0]
    return row.cwd


def _nobody(row: ProcessRow) -> Home:
    """An account without a home on this machine."""
    return Home(row.owner or "", "/nonexistent", row.uid)
