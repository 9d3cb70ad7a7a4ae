"""The policy in force, and what of the machine could not be seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from agent.config.settings import Settings
from agent.governance.policy.in_force import InForce
from agent.records import Coverage, Diagnostic, Owner, Record
from agent.service.doctor.answer import Answer, error, ok, warning

_MOST = 20
_OLD_DAYS = 400


def look(settings: Settings, policy: InForce, records: Sequence[Record]) -> Iterator[Answer]:
    """One answer on the policy, one for each home and client that could not be seen."""
    yield _policy(settings, policy)
    homes = [record for record in records if isinstance(record, Owner)]
    unseen = [home for home in homes if home.reach != "read"]
    for home in unseen[:_MOST]:
        remedy = "`collect.network_homes = true` reads it" if home.reach == "network" else "run as root, or see rights"
        why = "on a network" if home.reach == "network" else "out of reach"
        yield warning(f"home of {home.owner}", f"not looked into: {why}", remedy)
    yield ok("homes", f"{len(homes) - len(unseen)} of {len(homes)} are looked into")
    told = {home.owner for home in unseen}
    gaps = [
        warning(f"{state.agent} of {record.owner or 'all'}", state.reason or "could not be read", "see the file")
        for record in records
        if isinstance(record, Coverage) and record.owner not in told
        for state in record.clients
        if state.state == "could_not_read"
    ]
    yield from gaps[:_MOST]
    if len(gaps) > _MOST:
        yield warning("clients", f"{len(gaps) - _MOST} more could not be read", "`rollcall --once` names each")
    for record in records:
        if isinstance(record, Diagnostic) and record.severity == "error" and record.code == "catalog.entry_unusable":
            yield error("catalog", f"{record.path}: {record.message}", "`rollcall catalog check FILE`")
        if isinstance(record, Diagnostic) and record.code == "probe.no_sandbox":
            yield warning(
                "probe", record.message, "`systemctl start rollcall-probe.socket`, or take programs out of [probe]"
            )


def _policy(settings: Settings, policy: InForce) -> Answer:
    if not policy.place:
        return warning("policy", "the settings name none: nothing is sanctioned or forbidden", "`rollcall policy init`")
    if policy.trouble:
        stands = f"version {policy.policy.version} stays in force" if policy.good else "none is in force"
        return error("policy", f"{policy.trouble.reason}; {stands}", "`rollcall policy check` names each mistake")
    said, good = f"version {policy.policy.version} of {policy.place}", policy.good
    if good and good.signed_at:
        signed = datetime.fromtimestamp(good.signed_at, UTC)
        said = f"{said}, signed {signed:%Y-%m-%d} by {good.signed_by}"
        if (datetime.now(UTC) - signed).days > _OLD_DAYS:
            return warning("policy", said, "sign a reviewed one: this is older than a year")
    elif not settings.policy.public_key:
        said = f"{said}, not signed"
    return ok("policy", said)
