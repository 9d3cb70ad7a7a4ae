"""One look at a machine: every record that is true now, the summary last."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, cast

from agent.config.paths import state_dir
from agent.config.settings import Settings
from agent.governance.policy.in_force import InForce
from agent.inventory.context import Surroundings
from agent.inventory.inventory import Inventory
from agent.inventory.look_scope import is_complete, scope_of
from agent.inventory.runner import Engine
from agent.records import Evidence, Owner, PolicyInForce, Record, Summary
from agent.service.setup import derivation, load_catalog
from collectors.registry import all_collectors


class ScanResult(NamedTuple):
    """What one look found."""

    engine: Engine
    policy: InForce
    summary: Summary

    @property
    def records(self) -> list[Record]:
        """The inventory, the summary last."""
        return [*self.engine.inventory.all(), self.summary]


def take_inventory(
    settings: Settings,
    root: str | None = None,
    actions_read: Callable[[int], None] | None = None,
    apart: str = "",
    known: Callable[[str], Mapping[str, Record]] | None = None,
) -> ScanResult:
    """Records of this machine, or of the one whose file system is mounted at `root`; nothing is left behind.

    With `apart` they are of an endpoint of their own, which no receiver takes for the machine's daemon.
    `known` gives what an earlier look at an endpoint found, for this one to go on from.
    With `actions_read`, what agents did in the last `backfill_days` is looked at too: it hears how many were read.
    """
    start = time.perf_counter()
    catalog = load_catalog(settings)
    policy = policy_of(settings)
    inventory = Inventory(derivation(settings, catalog, live=root is None, policy=policy, once=True))
    collect = settings.collect
    collectors = all_collectors(collect.off)
    if actions_read and collect.backfill_days and collect.transcripts:
        from agent.inventory.past_behaviour import PastBehaviour

        if PastBehaviour.name not in collect.disabled:
            collectors.append(PastBehaviour(collect, catalog, actions_read))
    described = policy.policy.tools.descriptions
    engine = Engine(
        collectors,
        inventory,
        Surroundings(settings.collect, settings.limits, catalog, inventory, root, apart, lambda: described),
    )
    if known:
        inventory.resume(known(engine.context.endpoint_id))
    engine.reconcile()
    inventory.settle()
    inventory.committed()
    return ScanResult(engine, policy, _summary(engine, inventory.all(), time.perf_counter() - start))


def policy_of(settings: Settings) -> InForce:
    """The policy for one look: as the daemon here last took it up, or as it can be had now; nothing is kept."""
    if not settings.policy.place:
        return InForce()
    from agent.governance.policy.keeper import PolicyManager

    keeper = PolicyManager(settings.policy, state_dir(settings), durable=False)
    keeper.start()
    keeper.close()
    return keeper.in_force


def _summary(engine: Engine, records: Sequence[Record], seconds: float) -> Summary:
    scope = scope_of(engine)
    # Without the policy that was asked for, what is there was seen but not judged.
    unjudged = any(isinstance(r, PolicyInForce) and (r.trouble == "invalid" or r.state == "none") for r in records)
    owners = [cast(Owner, r) for r in records if r.kind == "owner"]
    return Summary(
        endpoint_id=engine.context.endpoint_id,
        evidence=Evidence(collector="rollcall", confidence="confirmed"),
        status="complete" if is_complete(engine, scope) and not unjudged else "partial",
        scope=scope,
        counts=dict(sorted(Counter(record.kind for record in records).items())),
        collector_seconds={name: round(done.seconds, 4) for name, done in engine.passes.items()},
        duration_seconds=round(seconds, 4),
        out_of_reach=tuple(sorted(o.owner for o in owners if o.owner and o.reach == "out_of_reach")),
    )
