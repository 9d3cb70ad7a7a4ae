"""Which clients are there for one home, installed or merely configured, as agent records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from agent.records import AiAgent, Evidence
from collectors.catalog.schema import Client
from collectors.contract import Context, Home
from collectors.places import Reading, expand


def install_evidence(context: Context, home: Home | None) -> dict[str, tuple[str, ...]]:
    """Existing install paths per catalog id, of this home (None: machine-wide)."""
    found: dict[str, tuple[str, ...]] = {}
    for client in context.catalog.clients.values():
        templates = [template for install in client.install for template in install.on(context.os)]
        paths = tuple(path for path in expand(context, templates, home) if context.files.exists(path, home))
        if paths:
            found[client.id] = paths
    return found


def configured(existing: Mapping[str, Iterable[Reading]]) -> dict[str, set[str]]:
    """Paths of existing configuration files per catalog id; files shared with another client do not count."""
    found: dict[str, set[str]] = {}
    for path, readings in existing.items():
        for reading in readings:
            if not reading.config.shared:
                found.setdefault(reading.client.id, set()).add(path)
    return found


def agent_records(
    context: Context,
    home: Home | None,
    installs: Mapping[str, Iterable[str]],
    machine: Mapping[str, Iterable[str]],
    configs: Mapping[str, Iterable[str]],
) -> Iterator[AiAgent]:
    """An agent for every client with evidence in this home; a machine-wide install counts where it is configured."""
    for client in context.catalog.clients.values():
        own = {*installs.get(client.id, ()), *configs.get(client.id, ())}
        if own:
            shared = machine.get(client.id, ())
            yield _agent(context, home, client, bool(installs.get(client.id) or shared), own | set(shared))


def _agent(context: Context, home: Home | None, client: Client, installed: bool, paths: set[str]) -> AiAgent:
    shown = tuple(sorted(context.files.shown(path) for path in paths))
    return AiAgent.of(
        endpoint_id=context.endpoint_id,
        owner=home.owner if home else None,
        evidence=Evidence(collector="configs", source=shown[0], confidence="confirmed" if installed else "declared"),
        agent=client.id,
        name=client.name,
        vendor=client.vendor,
        agent_kind=client.kind,
        installed=installed,
        paths=shown,
    )
