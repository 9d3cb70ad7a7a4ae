"""What agents did, added up: profiles that are durable with the actions they come from, told as records of state."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, cast

from agent.governance.behaviour.deviations import LEARNED, Watch
from agent.governance.behaviour.egress import add_hosts, known_as
from agent.governance.behaviour.profile import Key, Profile, key_of
from agent.governance.behaviour.replay import take_in
from agent.inventory.observed_mode import observed_mode
from agent.inventory.tool_use import tool_uses
from agent.journal.journal import Journal, Transaction
from agent.records import Connection, Evidence, Instance, McpServer, Record, ToolList
from agent.records.action import Action
from agent.records.supervision import DeviationSeen, ModeSeen, Supervision
from collectors.contract import Collector, Context, Observation, Scope

NAME = "actions"

_TOLD = timedelta(days=14)
"""How long something unusual is told of."""
_FORGOTTEN = timedelta(days=60)
"""An agent that did nothing for so long in a project is learned anew there."""
_MOST_PROFILES = 500
_NEVER = datetime.min.replace(tzinfo=UTC)
_ANEW = timedelta(hours=1)
"""Numbers alone are told anew so often: each call changes some."""


class _Told(NamedTuple):
    """What was last told of a profile."""

    record: Supervision
    uses: tuple[ToolList, ...]
    at: datetime

    def names(self, uses: tuple[ToolList, ...]) -> bool:
        """Whether these are about the same tools."""
        return {(use.id, use.tools) for use in self.uses} == {(use.id, use.tools) for use in uses}


class Behaviour(Collector):
    """Profiles of all agents. What an action adds is durable with the action; as a collector it tells what it knows."""

    name = NAME
    settles = False

    def __init__(
        self,
        journal: Journal,
        risks: Mapping[str, str],
        unasked: Mapping[str, tuple[str, ...]],
        learned: timedelta = LEARNED,
    ) -> None:
        """`unasked`: by client the modes in which nobody is asked."""
        self._unasked = unasked
        self._watch = Watch(risks, learned)
        self._learned = learned
        self._changed: set[Key] = set()
        self._dirty: set[Key] = set()
        self._told: dict[Key, _Told] = {}
        with journal.reading() as connection:
            rows = connection.execute("SELECT name, profile FROM action_profiles").fetchall()
        self._profiles = {key: Profile.from_json(text) for name, text in rows if (key := _key(name))}

    def add(self, step: Transaction, actions: Iterable[Action]) -> None:
        """Take in new actions, in the transaction that journals them."""
        for action in actions:
            key = key_of(action)
            take_in(action, self._profiles.setdefault(key, Profile()), self._watch, self._unasked)
            self._changed.add(key)
        for key in self._changed:
            self._put(step, key)
        self._forget(step)

    def _put(self, step: Transaction, key: Key) -> None:
        row = json.dumps(key), self._profiles[key].to_json()
        step.connection.execute("REPLACE INTO action_profiles VALUES (?, ?)", row)

    def new_hosts(self, context: Context) -> dict[Key, set[str]]:
        """Hosts that agents are connected to and were not known to be."""
        found: dict[Key, set[str]] = {}
        for owner, agent, project, host in egress(context):
            key = self._profile_of(owner, agent, project)
            if key and known_as(self._profiles[key], host) not in self._profiles[key].hosts:
                found.setdefault(key, set()).add(host)
        return found

    def add_hosts(self, step: Transaction, new: Mapping[Key, Iterable[str]]) -> None:
        """Take in new hosts, in a transaction."""
        now = datetime.now(UTC)
        for key in new.keys() & self._profiles.keys():
            if add_hosts(self._profiles[key], sorted(new[key]), now, self._learned):
                self._changed.add(key)
                self._put(step, key)

    def _profile_of(self, owner: str, agent: str, project: str) -> Key | None:
        """The profile that a process belongs to: of its project, or else the one of its agent that was used last."""
        if (owner, agent, project) in self._profiles:
            return owner, agent, project
        of_agent = [key for key in self._profiles if key[:2] == (owner, agent)]
        return max(of_agent, key=lambda key: self._profiles[key].last_at or _NEVER, default=None)

    def written(self) -> None:
        """What was added is durable."""
        self._dirty |= self._changed
        self._changed.clear()

    def again(self, journal: Journal) -> None:
        """What was added is not durable, and will be added once more."""
        with journal.reading() as connection:
            rows = connection.execute("SELECT name, profile FROM action_profiles").fetchall()
        self._profiles = {key: Profile.from_json(text) for name, text in rows if (key := _key(name))}
        self._changed.clear()

    def depends_on(self, context: Context) -> object:
        return servers(context)

    def collect(self, context: Context) -> Iterator[Observation]:
        self._dirty.clear()
        for key in self._profiles:
            yield self._observation(context, key)

    def poll(self, context: Context) -> Iterator[Observation]:
        dirty, self._dirty = self._dirty, set()
        for key in dirty & self._profiles.keys():
            yield self._observation(context, key)

    def _observation(self, context: Context, key: Key) -> Observation:
        profile = self._profiles[key]
        record, uses = supervision(context, key, profile), tool_uses(context, key, profile)
        before = self._told.get(key)
        now = datetime.now(UTC)
        if before and now - before.at < _ANEW and _same_but_numbers(before.record, record) and before.names(uses):
            record, uses = before.record, before.uses
        else:
            self._told[key] = _Told(record, uses, now)
        return Observation(scope(key), (*facts(context, record), *uses))

    def _forget(self, step: Transaction) -> None:
        """Drop profiles that are long idle, and of very many those that were idle longest."""
        oldest = datetime.now(UTC) - _FORGOTTEN
        by_age = sorted(self._profiles, key=lambda key: self._profiles[key].last_at or oldest, reverse=True)
        for place, key in enumerate(by_age):
            if place >= _MOST_PROFILES or (self._profiles[key].last_at or oldest) < oldest:
                del self._profiles[key]
                self._changed.discard(key)
                self._told.pop(key, None)
                step.connection.execute("DELETE FROM action_profiles WHERE name = ?", (json.dumps(key),))


def facts(context: Context, seen: Supervision) -> tuple[Record, ...]:
    """What is told of a profile: the record itself, and the mode that it shows."""
    mode = observed_mode(context, seen)
    return (seen, mode) if mode else (seen,)


def servers(context: Context) -> frozenset[tuple[str | None, ...]]:
    """The servers that there are, as far as supervision asks for them."""
    found = (cast(McpServer, record) for record in context.view.records("mcp_server"))
    return frozenset((server.owner, server.agent, server.project, server.name) for server in found)


def egress(context: Context) -> Iterator[tuple[str, str, str, str]]:
    """Owner, agent and project of each process of an agent that is connected to another machine, and its peer."""
    instances = {
        record.id: record
        for record in cast(Iterable[Instance], context.view.records("instance"))
        if record.subject == "agent"
    }
    for edge in cast(Iterable[Connection], context.view.records("connection")):
        instance = instances.get(edge.from_id)
        if instance and edge.relation == "established" and edge.remote and edge.purpose != "local":
            host = edge.host or edge.remote.rpartition(":")[0]
            yield instance.owner or "", str(instance.agent), instance.project or "", host


def scope(key: Key) -> Scope:
    """Where the record of a profile is told."""
    owner, agent, project = key
    return Scope(NAME, owner, f"<actions of {agent} in {project}>")


def supervision(context: Context, key: Key, profile: Profile) -> Supervision:
    """What a profile says, beside the servers that there are."""
    owner, agent, project = key
    defined = {
        str(name)
        for of, client, place, name in servers(context)
        if client == agent and of in (owner, None) and place in (None, project)
    }
    decisions = Counter(profile.decisions)
    known = decisions.total() - decisions["unknown"]
    recent = datetime.now(UTC) - _TOLD
    modes = sorted(profile.modes.items(), key=lambda mode: -mode[1].sessions)
    return Supervision(
        endpoint_id=context.endpoint_id,
        owner=owner or None,
        evidence=Evidence(collector=NAME, confidence="confirmed"),
        agent=agent,
        project=project or None,
        since=profile.first_at or datetime.now(UTC),
        sessions=profile.sessions,
        calls=profile.calls,
        decisions=dict(sorted(profile.decisions.items())),
        results=dict(sorted(profile.results.items())),
        unasked=round(decisions["auto"] / known, 3) if known else None,
        modes=tuple(
            ModeSeen(mode=mode, sessions=use.sessions, last_at=use.last_at, last_session=use.last_session)
            for mode, use in modes
            if use.last_at
        ),
        first_bypass=profile.first_bypass or None,
        first_bypass_at=profile.first_bypass_at,
        servers_called=tuple(sorted(profile.servers)),
        servers_not_called=tuple(sorted(defined - profile.servers.keys())),
        servers_not_defined=tuple(sorted(profile.servers.keys() - defined)),
        programs=tuple(sorted(profile.programs, key=lambda name: -profile.programs[name])),
        hosts=tuple(sorted(profile.hosts)),
        deviations=tuple(
            DeviationSeen(kind=one.kind, subject=one.subject, why=one.why, at=one.at, session_id=one.session or None)
            for one in profile.unusual
            if one.at >= recent
        ),
    )


def _same_but_numbers(one: Supervision, other: Supervision) -> bool:
    return all(
        getattr(one, name) == getattr(other, name)
        for name in (
            "first_bypass",
            "servers_called",
            "servers_not_called",
            "servers_not_defined",
            "hosts",
            "deviations",
        )
    ) and ({mode.mode for mode in one.modes}, {*one.programs}) == (
        {mode.mode for mode in other.modes},
        {*other.programs},
    )


def _key(name: str) -> Key | None:
    try:
        owner, agent, project = json.loads(name)
    except (ValueError, TypeError):
        return None
    return str(owner), str(agent), str(project)
