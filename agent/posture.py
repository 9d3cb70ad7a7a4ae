"""What an agent may do without asking, after its client's precedence; and what the arguments of its processes say.

A value that may be overridden or ignored counts as the less safe one: nothing that a project brings can make a
posture look safer than it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal, TypeVar, get_args

from agent.records import AiAgent, Evidence, Instance, Posture, Source
from agent.records.posture import ApprovalMode, Network, Rule, Sandbox, SetBy, least_safe
from collectors.catalog.permissions import Flag, Permissions
from collectors.catalog.schema import Catalog, Client

_MODES: tuple[ApprovalMode, ...] = get_args(ApprovalMode)
_SANDBOXES: tuple[Sandbox, ...] = get_args(Sandbox)
_NETWORKS: tuple[Network, ...] = get_args(Network)

T = TypeVar("T", bound=str)
Aspect = Literal["approval_mode", "sandbox", "network"]


def effective(agents: Iterable[AiAgent], configured: Iterable[Posture], catalog: Catalog) -> Iterator[Posture]:
    """One posture for each agent outside of projects, and one for each project that has settings of its own."""
    of_agent: dict[str, list[Posture]] = {}
    for posture in configured:
        of_agent.setdefault(posture.agent, []).append(posture)
    for agent in agents:
        client = catalog.clients.get(agent.agent)
        if client and client.permissions:
            own = [p for p in of_agent.get(agent.agent, ()) if p.owner in (agent.owner, None)]
            for project in sorted({p.project or "" for p in own} | {""}):
                applying = [p for p in own if p.project in (None, project)]
                yield _effective(agent, project or None, applying, client.permissions)


def observed(instances: Iterable[Instance], catalog: Catalog) -> Iterator[Posture]:
    """What the arguments of running agents set, one posture for each of them that sets anything."""
    for instance in instances:
        client = catalog.clients.get(instance.agent or "")
        if instance.subject == "agent" and client and (flags := _flags(instance, client)):
            yield Posture.of(
                endpoint_id=instance.endpoint_id,
                owner=instance.owner,
                observed_at=instance.observed_at,
                evidence=instance.evidence,
                basis="observed",
                agent=client.id,
                project=instance.project,
                set_by="flag",
                approval_mode=least_safe(_MODES, (flag.mode for flag in flags if flag.mode)),
                sandbox=least_safe(_SANDBOXES, (flag.sandbox for flag in flags if flag.sandbox)),
                network=least_safe(_NETWORKS, (flag.network for flag in flags if flag.network)),
                flags=tuple(flag.flag for flag in flags),
                instance_id=instance.id,
            )


def _flags(instance: Instance, client: Client) -> list[Flag]:
    """The arguments that matter; one that is known to switch something off, but not what, bypasses everything."""
    known = {flag.flag: flag for flag in (client.permissions.flag if client.permissions else ())}
    given = {flag for flag in known if _given(flag, instance.args)} | set(instance.bypass_flags)
    return [known.get(flag) or Flag(flag=flag, mode="bypasses") for flag in sorted(given)]


def _given(flag: str, args: Sequence[str]) -> bool:
    words = tuple(flag.split())
    return "=".join(words) in args or any(tuple(args[i : i + len(words)]) == words for i in range(len(args)))


@dataclass(frozen=True, slots=True)
class _Choice:
    value: str
    set_by: SetBy = "default"
    source: Source | None = None


def _effective(agent: AiAgent, project: str | None, layers: Sequence[Posture], client: Permissions) -> Posture:
    ranked = sorted(layers, key=lambda p: (_rank(p, client), p.source.path if p.source else ""))
    sandbox = _chosen(ranked, client, "sandbox", _SANDBOXES, _permitted(ranked, "permitted_sandboxes"))
    network = _chosen(ranked, client, "network", _NETWORKS, None)
    mode = _chosen(ranked, client, "approval_mode", _MODES, _permitted(ranked, "permitted_modes"))
    if sandbox.value == "none":
        network = _Choice("on", sandbox.set_by, sandbox.source)
        if client.unconfined_bypasses and mode.value not in ("asks_always", "bypasses"):
            mode = _Choice("bypasses", sandbox.set_by, sandbox.source)
    return Posture.of(
        endpoint_id=agent.endpoint_id,
        owner=agent.owner,
        observed_at=agent.observed_at,
        evidence=Evidence(collector="rollcall", source=mode.source.path if mode.source else None, confidence="inferred"),
        basis="effective",
        agent=agent.agent,
        project=project,
        set_by=mode.set_by,
        approval_mode=mode.value,
        sandbox=sandbox.value,
        network=network.value,
        rules=_rules(ranked, client),
        servers=tuple(dict.fromkeys(r for p in ranked for r in p.servers if r.effect == "approve" or _sure(p.set_by, client))),
        trusted_folders=tuple(sorted({folder for p in ranked for folder in p.trusted_folders})),
        untrusted_folders=tuple(sorted({folder for p in ranked if _sure(p.set_by, client) for folder in p.untrusted_folders})),
        permitted_modes=_permitted(ranked, "permitted_modes"),
        permitted_sandboxes=_permitted(ranked, "permitted_sandboxes"),
        managed_rules_only=any(p.managed_rules_only for p in ranked if p.set_by == "managed"),
        managed_servers_only=any(p.managed_servers_only for p in ranked if p.set_by == "managed"),
        unknown=tuple(sorted({key for p in ranked for key in p.unknown})),
        source=mode.source,
    )


def _rank(posture: Posture, client: Permissions) -> int:
    """How strong a layer is; an administrator's defaults are the weakest."""
    if posture.fallback or posture.set_by not in client.order:
        return -1 if posture.fallback else 0
    return len(client.order) - client.order.index(posture.set_by)


def _chosen(
    ranked: Sequence[Posture], client: Permissions, aspect: Aspect, order: tuple[T, ...], permitted: tuple[T, ...] | None
) -> _Choice:
    """What an aspect comes to, from the weakest layer to the strongest."""
    choice = _Choice(getattr(client, "mode" if aspect == "approval_mode" else aspect))
    if permitted and choice.value not in permitted:
        choice = _Choice(permitted[-1], "managed")
    for _, group in groupby(ranked, key=lambda p: _rank(p, client)):
        told = [_Choice(v, p.set_by, p.source) for p in group if (v := getattr(p, aspect)) and _may(v, permitted)]
        if not told:
            continue
        worst = max(told, key=lambda c: order.index(c.value))  # type: ignore[arg-type]
        sure = worst.value != "unknown" and _sure(worst.set_by, client)
        if sure or order.index(worst.value) > order.index(choice.value):  # type: ignore[arg-type]
            choice = worst
    return choice


def _sure(set_by: SetBy, client: Permissions) -> bool:
    """Whether what this layer says is in force also where it restricts."""
    return client.project_wins or set_by not in ("project", "local")


def _may(value: str, permitted: Sequence[str] | None) -> bool:
    return permitted is None or value in permitted or value == "unknown"


def _permitted(ranked: Iterable[Posture], aspect: str) -> tuple[T, ...] | None:
    """What all lock-downs permit together. One in a project is no lock-down: whoever may write there may lift it."""
    limits = [limit for p in ranked if p.set_by in ("managed", "user") and (limit := getattr(p, aspect)) is not None]
    return tuple(v for v in limits[0] if all(v in limit for limit in limits)) or None if limits else None


def _rules(ranked: Sequence[Posture], client: Permissions) -> tuple[Rule, ...]:
    """The rules in force, those of weaker layers first. What a project asks for or denies counts only where its
    settings are surely read."""
    if any(p.managed_rules_only for p in ranked if p.set_by == "managed"):
        ranked = [p for p in ranked if p.set_by == "managed"]
    found: dict[object, Rule] = {}
    for rule in (rule for posture in ranked for rule in posture.rules):
        if rule.effect != "allow" and not _sure(rule.set_by, client):
            continue
        key = (rule.subject, rule.tool, rule.pattern, rule.effect if client.rules == "deny_wins" else "")
        if client.rules == "last_wins":
            found.pop(key, None)
        found.setdefault(key, rule)
    return tuple(found.values())
