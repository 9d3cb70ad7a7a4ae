"""The permission settings of one file of a client, in common words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Literal, TypeVar, get_args

from agent.records import Evidence, Posture, Source
from agent.records.posture import ApprovalMode, Network, Rule, Sandbox, ServerRule, SetBy, Setting, least_safe
from agent.redaction import redact
from agent.redaction.redact import printable
from collectors.catalog import permissions
from collectors.catalog.combined import COMBINED
from collectors.catalog.permissions import (
    LimitAt,
    ModeAt,
    NetworkAt,
    PosturePart,
    RulesAt,
    SandboxAt,
    ServerRulesAt,
    TrustAt,
)
from collectors.catalog.rule_syntax import SYNTAXES, ParsedRule
from collectors.catalog.switch_syntax import SWITCHES
from collectors.launch.environment import injecting
from collectors.locate.interest import NAME
from collectors.readers.origin import Origin
from collectors.readers.settings import Settings
from collectors.readers.shape import unclassified_keys
from collectors.sources.formats.keypath import Found, find

_MOST_PARTS = 1_000
_LONGEST_VALUE = 64
_MODES: tuple[ApprovalMode, ...] = get_args(ApprovalMode)
_SANDBOXES: tuple[Sandbox, ...] = get_args(Sandbox)
_NETWORKS: tuple[Network, ...] = get_args(Network)

ServerEffect = Literal["approve", "deny", "only", "on", "off"]
T = TypeVar("T", bound=str)


def postures(document: object, origin: Origin, part: PosturePart) -> Iterator[Posture]:
    """What the file sets, one record for each place in it where settings start; none where it sets nothing."""
    set_by: SetBy = "flag" if part.file.started else "user" if part.scope == "extension" else part.scope
    for found in islice(find(document, part.posture.at), _MOST_PARTS):
        settings = Settings(found.value, found.key)
        said = _Reader(settings, set_by, origin).read(part.posture)
        unclassified = tuple(unclassified_keys(found.value, part.posture.shape))
        if any(said.values()) or settings.unknown or unclassified:
            yield Posture(
                endpoint_id=origin.endpoint_id,
                owner=origin.owner,
                evidence=Evidence(collector=NAME, source=origin.shown),
                basis="configured",
                agent=origin.agent,
                project=printable(found.captures[0]) if part.scope == "local" and found.captures else origin.project,
                set_by=set_by,
                fallback=part.file.fallback,
                only_loosens=part.file.only_loosens
                or (part.posture.strict_modes and said["approval_mode"] == "unknown"),
                profile=_profile(part.posture, found, origin),
                unknown=settings.unknown,
                unclassified=unclassified,
                source=Source(path=origin.shown, key=_shown(origin.key(found.key))),
                **said,
            )


class _Reader:
    def __init__(self, settings: Settings, set_by: SetBy, origin: Origin) -> None:
        self._settings = settings
        self._set_by = set_by
        self._origin = origin

    def read(self, part: permissions.Posture) -> dict[str, Any]:
        trusted = list(self._trusted(part.trusted))
        modes = list(self._values(part.mode))
        mode = least_safe(_MODES, (meaning for meaning, _ in modes))
        return {
            "approval_mode": mode,
            "mode_name": next((name for meaning, name in modes if meaning == mode), None),
            "mode_until": self._until(part.mode),
            "sandbox": least_safe(_SANDBOXES, (meaning for meaning, _ in self._values(part.sandbox))),
            "network": least_safe(_NETWORKS, (meaning for meaning, _ in self._values(part.network))),
            "rules": tuple(rule for place in part.rules for rule in self._rules(place)),
            "servers": tuple(rule for place in part.servers for rule in self._servers(place)),
            "trusted_folders": tuple(folder for folder, trust in trusted if trust != "untrusted"),
            "untrusted_folders": tuple(folder for folder, trust in trusted if trust == "untrusted"),
            "permitted_modes": self._limit(part.limit, "modes", _MODES),
            "permitted_sandboxes": self._limit(part.limit, "sandboxes", _SANDBOXES),
            "settings": tuple(self._told(part.tells)),
            "injects": tuple(sorted(set(self._injects(part.env_at)))),
            "forbidden_modes": tuple(dict.fromkeys(self._forbidden(part.limit))),
            "chosen_profile": self._chosen(part.profile_at),
            "managed_rules_only": self._lock(part.managed_rules_only_at),
            "managed_servers_only": self._lock(part.managed_servers_only_at),
        }

    def _values(self, places: Sequence[ModeAt | SandboxAt | NetworkAt]) -> Iterator[tuple[Any, str | None]]:
        """What each place means, with the value itself where the catalog lists it: that is no secret."""
        for place in places:
            if place.read:
                for found in self._settings.at(place.at):
                    meaning = COMBINED[place.read](found.value)
                    if meaning == "unknown":
                        self._settings.misunderstood(found.key or place.read)
                    if meaning:
                        yield meaning, None
            else:
                for found, meaning in self._settings.told(place.at, place.values):
                    yield (meaning, str(found.value)) if meaning else ("unknown", None)

    def _told(self, places: Sequence[str]) -> Iterator[Setting]:
        for at in places:
            for found in self._settings.at(at):
                value = "{}" if isinstance(found.value, dict) else found.value
                if isinstance(value, bool | int | str):
                    shown = _shown(value)[:_LONGEST_VALUE] if isinstance(value, str) else value
                    yield Setting(key=at, value=shown, set_by=self._set_by)

    def _injects(self, at: str) -> Iterator[str]:
        for found in self._settings.at(at) if at else ():
            yield from map(_name, injecting(found.value)) if isinstance(found.value, dict) else ()

    def _forbidden(self, places: Sequence[LimitAt]) -> Iterator[str]:
        for place in places:
            for _, names in self._settings.told(place.at, place.forbids) if place.forbids else ():
                yield from names or ()

    def _chosen(self, at: str) -> str | None:
        told = (found.value for found in self._settings.at(at) if isinstance(found.value, str)) if at else iter(())
        return next((_name(name) for name in told), None)

    def _until(self, places: Sequence[ModeAt]) -> str | None:
        told = (found.value for place in places if place.until for found in self._settings.at(place.at))
        return next((until for place in places for value in told if (until := place.until.get(str(value)))), None)

    def _rules(self, place: RulesAt) -> Iterator[Rule]:
        if place.switch and any(found.value is False for found in self._settings.at(place.switch)):
            return
        if place.values:
            for found, effect in self._settings.told(place.at, place.values):
                if effect and effect != "unset":
                    for said in SYNTAXES[place.syntax](found.captures, found.value):
                        yield self._rule(said._replace(effect=effect), place)
            return
        for found in self._settings.at(place.at):
            understood = list(SYNTAXES[place.syntax](found.captures, found.value))
            if not understood and isinstance(found.value, str) and place.effect:
                understood = [ParsedRule("unknown", found.value)]
            if not understood and found.value != {}:
                self._settings.misunderstood(found.key)
            for said in understood[:_MOST_PARTS]:
                effect = said.effect or place.effect
                if effect is None or said.subject == "unknown":
                    self._settings.misunderstood(found.key)
                if effect:
                    yield self._rule(said._replace(effect=effect), place)

    def _rule(self, said: ParsedRule, place: RulesAt) -> Rule:
        base = place.priority.get(self._set_by, place.priority.get("*"))
        return Rule(
            effect=said.effect or "ask",
            subject=said.subject,
            pattern=redact.name(said.pattern)[:512] if said.subject in ("server", "tool") else _shown(said.pattern),
            tool=_shown(said.tool)[:128] if said.tool else None,
            set_by=self._set_by,
            priority=None if base is None else base + (said.priority or 0),
        )

    def _servers(self, place: ServerRulesAt) -> Iterator[ServerRule]:
        if place.read:
            for found in self._settings.at(place.at):
                if state := SWITCHES[place.read](found.value, self._origin.home.path if self._origin.home else ""):
                    yield self._server_rule(state, place, found)
            return
        if place.values:
            for found, told in self._settings.told(place.at, place.values):
                if told and told != "unset":
                    yield self._server_rule(told, place, found)
            return
        effect = place.effect or "deny"
        if effect == "only" and any(found.value == [] for found in self._settings.at(place.at.removesuffix("[]"))):
            yield ServerRule(effect="only", match="none")
        for found in self._settings.at(place.at):
            rule = self._server_rule(effect, place, found)
            if rule.match == "unknown":
                self._settings.misunderstood(found.key)
            yield rule

    def _server_rule(self, effect: ServerEffect, place: ServerRulesAt, found: Found) -> ServerRule:
        if place.about == "any":
            return ServerRule(effect=effect, match="any")
        if place.about == "extension":
            return ServerRule(effect=effect, match="extension", pattern=_name(found.captures[-1]))
        if place.about == "file" and self._origin.captures:
            return ServerRule(effect=effect, match="extension", pattern=_name(self._origin.captures[-1]))
        if place.about == "key":
            return ServerRule(effect=effect, match=place.names, pattern=_name(found.captures[-1]))
        if place.about == "value" and isinstance(found.value, str):
            return ServerRule(effect=effect, match=place.names, pattern=_name(found.value))
        return _of_entry(found.value if place.about == "entry" else None, effect)

    def _trusted(self, places: Sequence[TrustAt]) -> Iterator[tuple[str, str]]:
        for place in places:
            if place.values:
                for found, meaning in self._settings.told(place.at, place.values):
                    folder = found.captures[-1]
                    shown = _shown(folder.rstrip("/").rpartition("/")[0] or "/" if meaning == "parent" else folder)
                    yield from [(shown, meaning)] if meaning else []
            else:
                for found in self._settings.at(place.at):
                    if isinstance(found.value, str):
                        yield _shown(found.value), "folder"
                    else:
                        self._settings.misunderstood(found.key)

    def _limit(self, places: Sequence[LimitAt], aspect: str, order: tuple[T, ...]) -> tuple[T, ...] | None:
        """What is permitted, from safe to unsafe; a limit that was not understood in full is none."""
        permitted: set[T] = set()
        for place in places:
            values: dict[str, tuple[T, ...]] = getattr(place, aspect)
            for _, known in self._settings.told(place.at, values) if values else ():
                if known is None:
                    return None
                permitted |= set(known)
        return tuple(value for value in order if value in permitted) or None

    def _lock(self, at: str) -> bool:
        return bool(at) and self._settings.holds(at)


def _of_entry(value: object, effect: ServerEffect) -> ServerRule:
    """The rule about the one server that a table of name, command or URL means."""
    if isinstance(value, dict):
        name, argv, url = value.get("serverName"), value.get("serverCommand"), value.get("serverUrl")
        if isinstance(name, str):
            return ServerRule(effect=effect, match="name", pattern=_name(name))
        if isinstance(argv, list) and argv and all(isinstance(word, str) for word in argv):
            return ServerRule(effect=effect, match="command", pattern=" ".join(redact.argv(argv).args))
        if isinstance(url, str):
            return ServerRule(effect=effect, match="url", pattern=_shown(url))
    return ServerRule(effect=effect, match="unknown")


def _profile(part: permissions.Posture, found: Found, origin: Origin) -> str | None:
    if part.profile == "key" and found.captures:
        return _name(found.captures[-1])
    return _name(origin.stem) if part.profile == "file" else None


def _name(name: str) -> str:
    return redact.name(name)[:256]


def _shown(text: str) -> str:
    return redact.text(printable(text))[:512]
