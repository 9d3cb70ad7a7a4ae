"""What agents did before a single look at a machine, added up as the daemon would have; nothing is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from agent.governance.behaviour.deviations import Watch
from agent.governance.behaviour.profile import Key, Profile, key_of
from agent.governance.behaviour.replay import take_in
from agent.inventory.behaviour import NAME, facts, scope, servers, supervision
from agent.inventory.settings import CollectSettings
from agent.inventory.tool_use import tool_uses
from agent.records import Diagnostic
from agent.records.action import Action
from collectors.catalog.catalog import Catalog
from collectors.contract import Collector, Context, Observation, Scope
from collectors.transcripts.actions import ActionSource
from collectors.transcripts.programs import risks


class PastBehaviour(Collector):
    """Reads the transcripts of `backfill_days` once, and tells what comes of them."""

    name = NAME

    def __init__(self, settings: CollectSettings, catalog: Catalog, told: Callable[[int], None]) -> None:
        """`told` hears every now and then how many actions were read."""
        self._settings = settings
        self._unasked = catalog.unasked_modes()
        self._told = told
        self._profiles: dict[Key, Profile] | None = None
        self._unread: tuple[Diagnostic, ...] = ()

    def depends_on(self, context: Context) -> object:
        return servers(context)

    def collect(self, context: Context) -> Iterator[Observation]:
        if self._profiles is None:
            self._profiles = self._read(context)
        for key, profile in self._profiles.items():
            told = facts(context, supervision(context, key, profile))
            yield Observation(scope(key), (*told, *tool_uses(context, key, profile)))
        for one in self._unread:
            yield Observation(Scope(NAME, one.owner or "", str(one.evidence.source)), (one,))

    def _read(self, context: Context) -> dict[Key, Profile]:
        settings = self._settings
        since = datetime.now(UTC) - timedelta(days=settings.backfill_days)
        clients = [
            client.id
            for client in context.catalog.clients.values()
            if client.actions and settings.client_actions.get(client.id, settings.actions) != "off"
        ]
        source = ActionSource({}, dict.fromkeys(clients, since), programs=settings.action_programs)
        watch = Watch(risks(), timedelta(days=settings.learn_days))
        profiles: dict[Key, Profile] = {}
        told: set[str] = set()
        unread: dict[tuple[str | None, str | None], Diagnostic] = {}
        while True:
            batch = source.read(context, everything=True)
            new = [event for event in batch.events if isinstance(event, Action) and event.id not in told]
            for action in sorted(new, key=lambda action: action.at or action.observed_at):
                if action.id not in told:
                    told.add(action.id)
                    take_in(action, profiles.setdefault(key_of(action), Profile()), watch, self._unasked)
            unread |= {(one.owner, one.evidence.source): one for one in batch.diagnostics}
            self._told(len(told))
            if not batch.more:
                self._unread = tuple(unread.values())
                return profiles
