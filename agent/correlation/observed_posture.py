"""What the arguments of running agents say about what they may do without asking."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

from agent.correlation.posture_layers import MODES, NETWORKS, SANDBOXES
from agent.records import Instance, Posture
from agent.records.posture import least_safe
from collectors.catalog.catalog import Catalog
from collectors.catalog.client import Client
from collectors.catalog.permissions import Flag
from collectors.catalog.starts import is_given


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
            sandbox = least_safe(SANDBOXES, (flag.sandbox for flag in flags if flag.sandbox))
            mode = least_safe(MODES, (flag.mode for flag in flags if flag.mode))
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
                network=least_safe(NETWORKS, (flag.network for flag in flags if flag.network)),
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
