"""What an agent may do without asking, after its client's precedence.

What transcripts say is a collector's (`collectors.transcripts.sessions`); here they only tell which version of a client
runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from agent.correlation.client_versions import as_of, is_known
from agent.correlation.posture_layers import MODE, NETWORK, SANDBOX, Choice, Layers
from agent.records import AiAgent, Evidence, Posture
from agent.records.ai_agent import ClientKey
from agent.records.posture import ApprovalMode, Network, Sandbox
from agent.runtime.memo import DerivationCache
from collectors.catalog.catalog import Catalog
from collectors.catalog.client import Client
from collectors.catalog.permissions import Permissions

_ACTING = ("cli", "ide", "desktop", "extension")
"""Kinds of clients that act for somebody; the others serve, or are libraries."""
_UNKNOWN = Permissions.model_construct(source="nobody has looked", checked="")


def effective(
    agents: Iterable[AiAgent], known: Iterable[Posture], catalog: Catalog, memo: DerivationCache
) -> Iterator[Posture]:
    """One posture for each agent outside of projects, and one for each project that has settings of its own.

    Of the `known` postures those that are configured count; observed ones tell the version of a client whose
    installation does not.
    """
    known = tuple(known)
    profiles = [posture for posture in known if posture.profile and posture.basis == "configured"]
    layers: dict[str, list[Posture]] = {}
    sessions: dict[ClientKey, Posture] = {}
    for posture in known:
        if posture.basis == "configured":
            layers.setdefault(posture.agent, []).append(posture)
            layers[posture.agent] += _of_profiles(posture, catalog.clients.get(posture.agent), profiles)
        elif posture.client_version:
            before = sessions.setdefault((posture.owner, posture.agent), posture)
            if posture.observed_at > before.observed_at:
                sessions[posture.owner, posture.agent] = posture
    for agent in agents:
        client = catalog.clients.get(agent.agent)
        if client is None or client.kind not in _ACTING:
            continue
        session = None if agent.version else sessions.get((agent.owner, agent.agent))
        places: dict[str | None, list[Posture]] = {None: []}
        for posture in layers.get(agent.agent, ()):
            if posture.owner in (agent.owner, None):
                places.setdefault(posture.project, []).append(posture)
        for project, own in places.items():
            applying = own if project is None else [*places[None], *own]
            version = session.client_version if session else agent.version
            conclude = partial(_effective, agent, project, applying, client.permissions or _UNKNOWN, version)
            yield memo.get(("effective", agent.id, project), (agent, session, *applying), conclude)


def _of_profiles(start: Posture, client: Client | None, profiles: Iterable[Posture]) -> Iterator[Posture]:
    """What the profiles set that a start at rest chooses, as far as it loosens."""
    options = client.permissions.profile_flags if client and client.permissions and start.set_by == "flag" else ()
    chosen = {name for flag in start.flags for option, _, name in [flag.partition(" ")] if option in options}
    for posture in profiles if chosen else ():
        if posture.agent == start.agent and posture.profile in chosen and posture.owner in (start.owner, None):
            yield posture.changed(profile=None, only_loosens=True, set_by="flag")


def _effective(
    agent: AiAgent, project: str | None, applying: list[Posture], client: Permissions, version: str | None
) -> Posture:
    layers = Layers((as_of(version, layer) for layer in applying), client)
    default = client.default_mode(version)
    if default != client.mode and not layers.forbidden:
        layers.client = client.model_copy(update={"mode": default})
    mode, sandbox, network = _chosen(layers, bool(agent.servers))
    return Posture(
        endpoint_id=agent.endpoint_id,
        owner=agent.owner,
        observed_at=agent.observed_at,
        evidence=Evidence(
            collector="rollcall", source=mode.source.path if mode.source else None, confidence="inferred"
        ),
        basis="effective",
        agent=agent.agent,
        project=project,
        set_by=mode.set_by,
        approval_mode=mode.value,
        sandbox=sandbox.value,
        network=network.value,
        rules=layers.rules,
        profile=layers.profile,
        settings=layers.settings(),
        trusted_folders=tuple(layers.all(lambda layer: layer.trusted_folders)),
        untrusted_folders=tuple(layers.all(lambda layer: layer.untrusted_folders, sure=True)),
        permitted_modes=layers.permitted_modes,
        permitted_sandboxes=layers.permitted_sandboxes,
        managed_rules_only=any(layer.managed_rules_only for layer in layers.managed),
        managed_servers_only=any(layer.managed_servers_only for layer in layers.managed),
        unknown=tuple(layers.all(lambda layer: layer.unknown)),
        client_version=version,
        version_known=is_known(version, client),
        source=mode.source,
    )


def _chosen(layers: Layers, with_servers: bool) -> tuple[Choice[ApprovalMode], Choice[Sandbox], Choice[Network]]:
    """What the layers come to, together: outside of a sandbox the network is there, and some clients ask nobody."""
    sandbox = layers.choose(SANDBOX, layers.permitted_sandboxes)
    mode = layers.loosened(layers.choose(MODE, layers.permitted_modes), layers.rules, with_servers)
    if sandbox.value != "none":
        return mode, sandbox, layers.choose(NETWORK, None)
    if layers.client.unconfined_bypasses and mode.value not in ("asks_always", "bypasses"):
        mode = Choice("bypasses", sandbox.set_by, sandbox.source)
    return mode, sandbox, Choice("on")
