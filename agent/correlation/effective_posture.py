"""What an agent may do without asking, after its client's precedence; and what the arguments of its processes say.

What transcripts say is a collector's (`collectors.transcripts.sessions`); here they only tell which version of a client
runs.

A value that may be overridden or ignored counts as the less safe one: nothing that a project brings can make a
posture look safer than it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby, pairwise
from typing import Generic, TypeVar, get_args

from agent.correlation.client_versions import as_of, default_mode, is_known
from agent.records import AiAgent, Evidence, Instance, Posture, Source
from agent.records.ai_agent import ClientKey
from agent.records.posture import ApprovalMode, Network, Rule, Sandbox, SetBy, Setting, least_safe
from agent.runtime.memo import DerivationCache
from collectors.catalog.catalog import Catalog
from collectors.catalog.client import Client
from collectors.catalog.permissions import Flag, Permissions
from collectors.catalog.rule_breadth import freeing
from collectors.catalog.rule_map import merged, mode
from collectors.catalog.starts import is_given

_MODES: tuple[ApprovalMode, ...] = get_args(ApprovalMode)
_SANDBOXES: tuple[Sandbox, ...] = get_args(Sandbox)
_NETWORKS: tuple[Network, ...] = get_args(Network)

_ACTING = ("cli", "ide", "desktop", "extension")
"""Kinds of clients that act for somebody; the others serve, or are libraries."""
_UNKNOWN = Permissions(source="nobody has looked", checked="")
T = TypeVar("T")
V = TypeVar("V", bound=str)


@dataclass(frozen=True, slots=True)
class _Aspect(Generic[V]):
    """One of the things that a posture says."""

    order: tuple[V, ...]
    """From safe to unsafe."""
    default: Callable[[Permissions], V]
    """What the client does where nobody says."""
    said: Callable[[Posture], V | None]
    lockable: bool = False
    """Whether single values of it can be locked out by the name that the client has for them."""


_MODE = _Aspect(_MODES, lambda client: client.mode, lambda posture: posture.approval_mode, lockable=True)
_SANDBOX = _Aspect(_SANDBOXES, lambda client: client.sandbox, lambda posture: posture.sandbox)
_NETWORK = _Aspect(_NETWORKS, lambda client: client.network, lambda posture: posture.network)


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


def observed(instances: Iterable[Instance], known: Iterable[Posture], catalog: Catalog) -> Iterator[Posture]:
    """What the arguments of running agents set, one posture for each of them that sets anything.

    Of the `known` postures those count that are about a profile which an argument chooses.
    """
    profiles = [posture for posture in known if posture.profile and posture.basis == "configured"]
    for instance in instances:
        client = catalog.clients.get(instance.agent or "")
        if instance.subject != "agent" or client is None:
            continue
        if flags := [*_flags(instance, client), *_chosen(instance, client, profiles)]:
            sandbox = least_safe(_SANDBOXES, (flag.sandbox for flag in flags if flag.sandbox))
            mode = least_safe(_MODES, (flag.mode for flag in flags if flag.mode))
            free = sandbox == "none" and client.permissions is not None and client.permissions.unconfined_bypasses
            yield Posture(
                endpoint_id=instance.endpoint_id,
                owner=instance.owner,
                observed_at=instance.observed_at,
                evidence=instance.evidence,
                basis="observed",
                agent=client.id,
                project=instance.project,
                set_by="flag",
                approval_mode="bypasses" if free and mode != "asks_always" else mode,
                sandbox=sandbox,
                network=least_safe(_NETWORKS, (flag.network for flag in flags if flag.network)),
                flags=tuple(flag.flag for flag in flags),
                instance_id=instance.id,
            )


def _flags(instance: Instance, client: Client) -> list[Flag]:
    """The arguments that matter; one that is known to switch something off, but not what, bypasses everything."""
    known = {flag.flag: flag for flag in (client.permissions.flag if client.permissions else ())}
    given = {flag for flag in known if is_given(flag, instance.args)} | set(instance.bypass_flags)
    return [known.get(flag) or Flag(flag=flag, mode="bypasses") for flag in sorted(given)]


def _chosen(instance: Instance, client: Client, profiles: Iterable[Posture]) -> Iterator[Flag]:
    """What the profiles set that arguments choose."""
    options = client.permissions.profile_flags if client.permissions else ()
    words = [word for arg in instance.args for word in (arg.split("=", 1) if arg.startswith("--") else [arg])]
    for option, name in pairwise(words):
        for posture in profiles if option in options else ():
            if (posture.agent, posture.profile) == (client.id, name) and posture.owner in (instance.owner, None):
                told = {"mode": posture.approval_mode, "sandbox": posture.sandbox, "network": posture.network}
                yield Flag.model_validate({"flag": f"{option} {name}", **told})


def _of_profiles(start: Posture, client: Client | None, profiles: Iterable[Posture]) -> Iterator[Posture]:
    """What the profiles set that a start at rest chooses, as far as it loosens."""
    options = client.permissions.profile_flags if client and client.permissions and start.set_by == "flag" else ()
    chosen = {name for flag in start.flags for option, _, name in [flag.partition(" ")] if option in options}
    for posture in profiles if chosen else ():
        if posture.agent == start.agent and posture.profile in chosen and posture.owner in (start.owner, None):
            yield posture.changed(profile=None, only_loosens=True, set_by="flag")


@dataclass(frozen=True, slots=True)
class _Choice(Generic[V]):
    value: V
    set_by: SetBy = "default"
    source: Source | None = None


class _Layers:
    """The configured postures that apply in one place, from the weakest to the strongest."""

    def __init__(self, layers: Iterable[Posture], client: Permissions) -> None:
        self.client = client
        every = sorted(layers, key=lambda p: (self._rank(p), p.source.path if p.source else ""))
        self.profile = next((p.chosen_profile for p in reversed(every) if p.chosen_profile), None) or client.profile
        self.ranked = [p for p in every if p.profile in (None, self.profile)]
        self.managed = [p for p in self.ranked if p.set_by == "managed" and not p.only_loosens]
        self.forbidden = {name for p in self.ranked if self.sure(p) for name in p.forbidden_modes}

    def choose(self, aspect: _Aspect[V], permitted: Sequence[V] | None) -> _Choice[V]:
        """What an aspect comes to."""
        order = aspect.order.index
        choice = _Choice(aspect.default(self.client))
        if permitted and choice.value not in permitted:
            choice = _Choice(permitted[-1], "managed")
        if self.client.strictest and (found := list(self._told(aspect, permitted, self.ranked))):
            return min(found, key=lambda choice: order(choice.value))
        for _, group in groupby(self.ranked, key=self._rank):
            layers = list(group)
            told = list(self._told(aspect, permitted, layers))
            worst = max(told, key=lambda choice: order(choice.value), default=choice)
            sure = worst.value != "unknown" and all(map(self.sure, layers))
            if sure or order(worst.value) > order(choice.value):
                choice = worst
        return choice

    def _told(
        self, aspect: _Aspect[V], permitted: Sequence[V] | None, layers: Iterable[Posture]
    ) -> Iterator[_Choice[V]]:
        """What these layers say of an aspect, without what is locked out."""
        for layer in layers:
            value = aspect.said(layer)
            locked = aspect.lockable and layer.mode_name is not None and layer.mode_name in self.forbidden
            if value and not locked and (not permitted or value in (*permitted, "unknown")):
                yield _Choice(value, layer.set_by, layer.source)

    def loosened(
        self, choice: _Choice[ApprovalMode], rules: Sequence[Rule], with_servers: bool
    ) -> _Choice[ApprovalMode]:
        """The mode, unless rules let through as much as a looser one: all commands, all edits."""
        if self.client.unmatched:
            value = mode(rules, self.client.unmatched, with_servers)
            told = next((p for p in reversed(self.ranked) if p.rules or p.unknown), None)
            unclear = any(p.unknown for p in self.ranked) and _MODES.index(value) < _MODES.index("unknown")
            value = "unknown" if unclear else value
            return _Choice(value, told.set_by, told.source) if told and choice.value != "bypasses" else choice
        if _MODES.index(choice.value) >= _MODES.index("auto_approves"):
            return choice
        loose = next(freeing(rules, self.client), None)
        if loose is None:
            return choice
        layer = next((p for p in reversed(self.ranked) if loose in p.rules), None)
        return _Choice("auto_approves", loose.set_by, layer.source if layer else None)

    def permitted(self, locked: Callable[[Posture], tuple[V, ...] | None]) -> tuple[V, ...] | None:
        """What all lock-downs permit together. One in a project is none: whoever may write there may lift it."""
        locks = [p for p in self.ranked if p.set_by in ("managed", "user") and not p.only_loosens]
        limits = [limit for p in locks if (limit := locked(p))]
        return tuple(v for v in limits[0] if all(v in limit for limit in limits)) or None if limits else None

    def rules(self) -> tuple[Rule, ...]:
        """The rules in force. What a project asks for or denies counts only where its settings are surely read."""
        layers = self.managed if any(p.managed_rules_only for p in self.managed) else self.ranked
        if self.client.unmatched:
            return self._merged(layers)
        last_wins = self.client.rules == "last_wins"
        found: dict[object, Rule] = {}
        for said_by, rule in ((layer, rule) for layer in layers for rule in layer.rules):
            if rule.effect == "allow" or self.sure(said_by):
                key = (rule.subject, rule.tool, rule.pattern, "" if last_wins else rule.effect)
                if last_wins:
                    found.pop(key, None)
                found.setdefault(key, rule)
        return tuple(found.values())

    def _merged(self, layers: Sequence[Posture]) -> tuple[Rule, ...]:
        """The rules as one map. Layers that only loosen count where the map would be no looser without them."""
        sure = [layer for layer in layers if not layer.only_loosens]
        each = [[*sure, layer] for layer in layers if layer.only_loosens and layer.rules]
        maps = [
            merged(layer.rules for layer in some if layer.profile is None)
            + merged(layer.rules for layer in some if layer.profile is not None)
            for some in (sure, *each)
        ]
        return max(maps, key=lambda rules: _MODES.index(mode(rules, self.client.unmatched, True)))

    def settings(self) -> tuple[Setting, ...]:
        """What is in force of the settings that a policy may require."""
        said = [setting for layer in self.ranked if self.sure(layer) for setting in layer.settings]
        return tuple({setting.key: setting for setting in said}.values())

    def all(self, listed: Callable[[Posture], Iterable[T]], sure: bool = False) -> dict[T, None]:
        """What the layers list, each once; with `sure` only those that are in force when they restrict."""
        layers = [layer for layer in self.ranked if not sure or self.sure(layer)]
        return dict.fromkeys(item for layer in layers for item in listed(layer))

    def sure(self, layer: Posture) -> bool:
        """Whether what this layer says is in force also where it restricts."""
        return not layer.only_loosens and (self.client.project_wins or layer.set_by not in ("project", "local"))

    def _rank(self, layer: Posture) -> tuple[int, bool, int]:
        """A chosen profile is stronger than all but a command line, and that than all but what an administrator
        enforces."""
        order: tuple[str, ...] = self.client.order
        if layer.set_by == "flag":
            return 0, True, len(order) + 1
        place = len(order) - order.index(layer.set_by) if layer.set_by in order else 0
        enforced = layer.set_by == "managed" and bool(order) and order[0] == "managed"
        return (-1 if layer.fallback else int(enforced)), layer.profile is not None, place


def _effective(
    agent: AiAgent, project: str | None, applying: list[Posture], client: Permissions, version: str | None
) -> Posture:
    layers = _Layers((as_of(version, layer) for layer in applying), client)
    default = default_mode(version, client)
    if default != client.mode and not layers.forbidden:
        layers.client = client.model_copy(update={"mode": default})
    modes = layers.permitted(lambda layer: layer.permitted_modes)
    sandboxes = layers.permitted(lambda layer: layer.permitted_sandboxes)
    rules = layers.rules()
    sandbox = layers.choose(_SANDBOX, sandboxes)
    chosen = layers.loosened(layers.choose(_MODE, modes), rules, bool(agent.servers))
    network = layers.choose(_NETWORK, None)
    if sandbox.value == "none":
        network = _Choice("on")
        if layers.client.unconfined_bypasses and chosen.value not in ("asks_always", "bypasses"):
            chosen = _Choice("bypasses", sandbox.set_by, sandbox.source)
    return Posture(
        endpoint_id=agent.endpoint_id,
        owner=agent.owner,
        observed_at=agent.observed_at,
        evidence=Evidence(
            collector="rollcall", source=chosen.source.path if chosen.source else None, confidence="inferred"
        ),
        basis="effective",
        agent=agent.agent,
        project=project,
        set_by=chosen.set_by,
        approval_mode=chosen.value,
        sandbox=sandbox.value,
        network=network.value,
        rules=rules,
        profile=layers.profile,
        settings=layers.settings(),
        trusted_folders=tuple(layers.all(lambda layer: layer.trusted_folders)),
        untrusted_folders=tuple(layers.all(lambda layer: layer.untrusted_folders, sure=True)),
        permitted_modes=modes,
        permitted_sandboxes=sandboxes,
        managed_rules_only=any(layer.managed_rules_only for layer in layers.managed),
        managed_servers_only=any(layer.managed_servers_only for layer in layers.managed),
        unknown=tuple(layers.all(lambda layer: layer.unknown)),
        client_version=version,
        version_known=is_known(version, client),
        source=chosen.source,
    )
