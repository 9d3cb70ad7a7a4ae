"""One look at a machine: every record that is true now, the summary last."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

from agent.config.paths import state_dir
from agent.config.settings import Settings
from agent.governance.policy.in_force import InForce
from agent.governance.policy.keeper import PolicyManager
from agent.inventory.behaviour import NAME as ACTIONS
from agent.inventory.context import Surroundings
from agent.inventory.inventory import Inventory
from agent.inventory.past_behaviour import PastBehaviour
from agent.inventory.runner import Engine
from agent.inventory.store import append_evidence, as_json
from agent.records import Diagnostic, Evidence, Owner, PolicyInForce, Record, Summary
from agent.runtime.memo import DerivationCache
from agent.runtime.terminal import tell
from agent.service.setup import derivation, load_catalog
from collectors.registry import all_collectors

_DELIVERY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class ScanResult:
    """What one look found."""

    engine: Engine
    policy: InForce
    summary: Summary

    @property
    def records(self) -> list[Record]:
        """The inventory, the summary last."""
        return [*self.engine.inventory.all(), self.summary]


def take_inventory(
    settings: Settings, root: str | None = None, actions_read: Callable[[int], None] | None = None
) -> ScanResult:
    """Records of this machine, or of the one whose file system is mounted at `root`; nothing is left behind.

    With `actions_read`, what agents did in the last `backfill_days` is looked at too: it hears how many were read.
    """
    start = time.perf_counter()
    catalog = load_catalog(settings)
    policy = policy_of(settings)
    inventory = Inventory(
        derivation(settings, catalog, live=root is None, policy=policy, memo=DerivationCache(keep=False))
    )
    collect = settings.collect
    collectors = all_collectors(collect.off)
    if actions_read and collect.backfill_days and collect.transcripts and ACTIONS not in collect.disabled:
        collectors.append(PastBehaviour(collect, catalog, actions_read))
    engine = Engine(
        collectors,
        inventory,
        Surroundings(settings.collect, settings.limits, catalog, inventory, root),
    )
    engine.reconcile()
    inventory.settle()
    inventory.committed()
    return ScanResult(engine, policy, _summary(engine, inventory.all(), time.perf_counter() - start))


def policy_of(settings: Settings) -> InForce:
    """The policy for one look: as the daemon here last took it up, or as it can be had now; nothing is kept."""
    keeper = PolicyManager(settings.policy, state_dir(settings), durable=False)
    keeper.start()
    keeper.close()
    return keeper.in_force


def deliver(settings: Settings, look: ScanResult) -> bool:
    """Send the look as one snapshot to every target; whether all took it. The journal for it is in memory only."""
    if not settings.target:
        return True
    from agent.delivery.targets.registry import make_sender
    from agent.inventory.snapshot import append_snapshot
    from agent.journal.journal import Journal

    journal = Journal.open(":memory:", look.engine.context.endpoint_id)
    with journal.transaction() as step:
        append_snapshot(step, look.engine)
        append_evidence(step, "heartbeat", as_json(look.summary))
    taken = True
    for target in settings.target:
        sender = make_sender(journal, target, lambda code, message: tell(f"rollcall: {message}"))
        sender.start()
        if not sender.flush(_DELIVERY_SECONDS):
            tell(f"rollcall: not delivered to {target.name}: {sender.status().last_error}")
            taken = False
        if letters := sender.status().dead_letters:
            tell(f"rollcall: {target.name} would not take {letters} entries: {sender.status().last_error}")
        sender.stop()
    journal.close()
    return taken


def _summary(engine: Engine, records: Sequence[Record], seconds: float) -> Summary:
    gaps = [r for r in records if r.kind == "diagnostic" and cast(Diagnostic, r).severity == "error"]
    # Without the policy that was asked for, what is there was seen but not judged.
    gaps += [r for r in records if isinstance(r, PolicyInForce) and (r.trouble == "invalid" or r.state == "none")]
    owners = [cast(Owner, r) for r in records if r.kind == "owner"]
    return Summary(
        endpoint_id=engine.context.endpoint_id,
        evidence=Evidence(collector="rollcall", confidence="confirmed"),
        status="partial" if gaps else "complete",
        counts=dict(sorted(Counter(record.kind for record in records).items())),
        collector_seconds={name: round(done.seconds, 4) for name, done in engine.passes.items()},
        duration_seconds=round(seconds, 4),
        out_of_reach=tuple(sorted(o.owner for o in owners if o.owner and o.reach == "out_of_reach")),
    )
