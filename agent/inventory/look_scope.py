"""The scope of a look, from what the collectors told and from the rights of this process."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import cast

from agent.inventory.context import this_endpoint_id
from agent.inventory.runner import Engine
from agent.records import Diagnostic, LookScope, Owner, Record, UnknownPart
from agent.redaction import redact
from agent.runtime.capabilities import reads_all_accounts
from collectors.contract import Scope

_LISTED = 500
"""Unknown files that are named; of more than these, whole accounts are unknown to a collector."""


def scope_of(engine: Engine) -> LookScope:
    """For whom and what the inventory answers now."""
    context, records = engine.context, engine.inventory.all()
    owners = [cast(Owner, record) for record in records if record.kind == "owner"]
    every = not context.live or reads_all_accounts()
    seen = [o for o in owners if o.reach == "read" and (every or _is_own(o))]
    scope = LookScope(
        machine=this_endpoint_id() if context.live else context.endpoint_id,
        rights="machine" if every else "account",
        owners=_names(seen),
        out_of_reach=_names(o for o in owners if o.reach != "read"),
        collectors=tuple(sorted(collector.name for collector in engine.collectors)),
    )
    unknown = {*_troubled(records), *_unread(engine)}
    return scope.model_copy(update={"unknown": _bounded(p for p in unknown if scope.answers_for(p.owner))})


def is_complete(engine: Engine, scope: LookScope) -> bool:
    """Whether no gap is known within the scope."""
    return not any(scope.answers_for(part.owner) for part in _troubled(engine.inventory.all()))


def _is_own(owner: Owner) -> bool:
    """Whether it is the account that this process runs as: of another's files it may read some."""
    return owner.uid == os.geteuid() if hasattr(os, "geteuid") else owner.owner == os.environ.get("USERNAME")


def _names(owners: Iterable[Owner]) -> tuple[str, ...]:
    return tuple(sorted({owner.owner for owner in owners if owner.owner}))


def _troubled(records: Iterable[Record]) -> Iterator[UnknownPart]:
    for record in records:
        if isinstance(record, Diagnostic) and record.severity == "error":
            yield UnknownPart(owner=record.owner, collector=record.evidence.collector, path=record.path)


def _unread(engine: Engine) -> Iterator[UnknownPart]:
    for scope in engine.inventory.unknown:
        yield UnknownPart(owner=scope.owner or None, collector=scope.collector, path=_path(engine, scope))


def _path(engine: Engine, scope: Scope) -> str | None:
    """As records show it; None where the key is no path."""
    is_path = scope.key[:1] in ("/", "\\") or scope.key[1:2] == ":"
    return redact.path(engine.context.files.shown(scope.key)) if is_path else None


def _bounded(parts: Iterable[UnknownPart]) -> tuple[UnknownPart, ...]:
    """The parts in a stable order, without those that others hold."""
    found = set(parts)
    if len(found) > _LISTED:
        found = {part.model_copy(update={"path": None}) for part in found}
    whole = {(part.owner, part.collector) for part in found if part.path is None}
    kept = [part for part in found if part.path is None or (part.owner, part.collector) not in whole]
    return tuple(sorted(kept, key=lambda part: (part.owner or "", part.collector, part.path or "")))
