"""The layers of settings that apply in one place, and what they come to by their client's precedence.

A value that may be overridden or ignored counts as the less safe one: nothing that a project brings can make a
posture look safer than it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Generic, TypeVar, get_args

from agent.records import Posture, Source
from agent.records.posture import ApprovalMode, Network, Rule, Sandbox, SetBy, Setting
from collectors.catalog.permissions import Permissions
from collectors.catalog.rule_breadth import freeing
from collectors.catalog.rule_map import merged, mode

MODES: tuple[ApprovalMode, ...] = get_args(ApprovalMode)
SANDBOXES: tuple[Sandbox, ...] = get_args(Sandbox)
NETWORKS: tuple[Network, ...] = get_args(Network)

T = TypeVar("T")
V = TypeVar("V", bound=str)


@dataclass(frozen=True, slots=True)
class Aspect(Generic[V]):
    """One of the things that a posture says."""

    order: tuple[V, ...]
    """From safe to unsafe."""
    default: Callable[[Permissions], V]
    """What the client does where nobody says."""
    said: Callable[[Posture], V | None]
    lockable: bool = False
    """Whether single values of it can be locked out by the name that the client has for them."""


MODE = Aspect(MODES, lambda client: client.mode, lambda posture: posture.approval_mode, lockable=True)
SANDBOX = Aspect(SANDBOXES, lambda client: client.sandbox, lambda posture: posture.sandbox)
NETWORK = Aspect(NETWORKS, lambda client: client.network, lambda posture: posture.network)


@dataclass(frozen=True, slots=True)
class Choice(Generic[V]):
    value: V
    set_by: SetBy = "default"
    source: Source | None = None


class Layers:
    """The configured postures that apply in one place, from the weakest to the strongest."""

    def __init__(self, layers: Iterable[Posture], client: Permissions) -> None:
        self.client = client
        every = sorted(layers, key=lambda p: (self._rank(p), *self._place(p)))
        self.profile = next((p.chosen_profile for p in reversed(every) if p.chosen_profile), None) or client.profile
        self.ranked = [p for p in every if p.profile in (None, self.profile)]
        self.managed = [p for p in self.ranked if p.set_by == "managed" and not p.only_loosens]
        self.forbidden = {name for p in self.ranked if self.sure(p) for name in p.forbidden_modes}

    def choose(self, aspect: Aspect[V], permitted: Sequence[V] | None) -> Choice[V]:
        """What an aspect comes to."""
        order = aspect.order.index
        choice = Choice(aspect.default(self.client))
        if permitted and choice.value not in permitted:
            choice = Choice(permitted[-1], "managed")
        if self.client.strictest and (found := list(self._told(aspect, permitted, self.ranked))):
            return min(found, key=lambda choice: order(choice.value))
        for _, group in groupby(self.ranked, key=self._rank):
            layers = list(group)
            told = list(self._told(aspect, permitted, layers))
            worst = max(told, key=lambda choice: order(choice.value), default=choice)
            # What nobody understands may be worse than anything but the worst.
            unclear = worst.value == "unknown" and choice.value == aspect.order[-1]
            if (all(map(self.sure, layers)) and not unclear) or order(worst.value) > order(choice.value):
                choice = worst
        return choice

    def _told(self, aspect: Aspect[V], permitted: Sequence[V] | None, layers: Iterable[Posture]) -> Iterator[Choice[V]]:
        """What these layers say of an aspect, without what is locked out."""
        for layer in layers:
            value = aspect.said(layer)
            locked = aspect.lockable and layer.mode_name is not None and layer.mode_name in self.forbidden
            if value and not locked and (not permitted or value in (*permitted, "unknown")):
                yield Choice(value, layer.set_by, layer.source)

    def loosened(self, choice: Choice[ApprovalMode], rules: Sequence[Rule], with_servers: bool) -> Choice[ApprovalMode]:
        """The mode, unless rules let through as much as a looser one: all commands, all edits."""
        if self.client.unmatched:
            value = mode(rules, self.client.unmatched, with_servers)
            told = next((p for p in reversed(self.ranked) if p.rules or p.unknown), None)
            unclear = any(p.unknown for p in self.ranked) and MODES.index(value) < MODES.index("unknown")
            value = "unknown" if unclear else value
            return Choice(value, told.set_by, told.source) if told and choice.value != "bypasses" else choice
        if MODES.index(choice.value) >= MODES.index("auto_approves"):
            return choice
        if decided := self._decided_by_setting():
            return decided
        loose = next(freeing(rules, self.client), None)
        if loose is None:
            return choice
        layer = next((p for p in reversed(self.ranked) if loose in p.rules), None)
        return Choice("auto_approves", loose.set_by, layer.source if layer else None)

    def _decided_by_setting(self) -> Choice[ApprovalMode] | None:
        """The mode that a single setting makes of all stricter ones."""
        found: Choice[ApprovalMode] | None = None
        for layer in self.ranked:
            for setting in layer.settings:
                values = self.client.loosens.get(setting.key)
                if values is None:
                    continue
                if mode := values.get(str(setting.value)):
                    found = Choice(mode, layer.set_by, layer.source)
                elif self.sure(layer):
                    found = None
        return found

    @cached_property
    def permitted_modes(self) -> tuple[ApprovalMode, ...] | None:
        """The only modes that can be chosen; None where all can."""
        return self._permitted(lambda layer: layer.permitted_modes)

    @cached_property
    def permitted_sandboxes(self) -> tuple[Sandbox, ...] | None:
        """The only sandboxes that can be chosen; None where all can."""
        return self._permitted(lambda layer: layer.permitted_sandboxes)

    def _permitted(self, locked: Callable[[Posture], tuple[V, ...] | None]) -> tuple[V, ...] | None:
        """What all lock-downs permit together. One in a project is none: whoever may write there may lift it."""
        locks = [p for p in self.ranked if p.set_by in ("managed", "user") and not p.only_loosens]
        limits = [limit for p in locks if (limit := locked(p))]
        return tuple(v for v in limits[0] if all(v in limit for limit in limits)) or None if limits else None

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """The rules in force. What a project asks for or denies counts only where its settings are surely read."""
        layers = self.managed if any(p.managed_rules_only for p in self.managed) else self.ranked
        if self.client.unmatched:
            return self._merged(layers)
        last_wins = self.client.rules == "last_wins"
        found: dict[object, Rule] = {}
        for said_by, rule in ((layer, rule) for layer in layers for rule in layer.rules):
            if rule.effect == "allow" or self.sure(said_by):
                key = (rule.subject, rule.tool, rule.pattern, rule.priority, "" if last_wins else rule.effect)
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
        return max(maps, key=lambda rules: MODES.index(mode(rules, self.client.unmatched, True)))

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

    def _place(self, layer: Posture) -> tuple[int, str]:
        """Where among the files of its layer it is read."""
        path = layer.source.path if layer.source else ""
        return max((place for place, part in enumerate(self.client.later, 1) if part in path), default=0), path

    def _rank(self, layer: Posture) -> tuple[int, bool, int, str]:
        """A chosen profile is stronger than all but a command line, and that than all but what an administrator
        enforces."""
        order: tuple[str, ...] = self.client.order
        if layer.set_by == "flag":
            return 0, True, len(order) + 1, ""
        place = len(order) - order.index(layer.set_by) if layer.set_by in order else 0
        enforced = layer.set_by == "managed" and bool(order) and order[0] == "managed"
        folder, _, name = (layer.source.path if layer.source else "").rpartition("/")
        drop_in = name if self.client.drop_ins and folder.endswith(".d") else ""
        return (-1 if layer.fallback else int(enforced)), layer.profile is not None, place, drop_in
