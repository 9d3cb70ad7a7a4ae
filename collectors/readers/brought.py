"""What starts of clients set at rest and bring in as texts, as records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import get_args

from agent.records import Diagnostic, Evidence, Posture, Record, Source
from agent.records.posture import ApprovalMode, Network, Sandbox, Setting, least_safe
from agent.redaction import redact
from collectors.catalog.permissions import Flag
from collectors.catalog.starts import bypass_flags, bypass_variables, is_given, values
from collectors.contract import Context
from collectors.locate.brought import Brought, BroughtText, NotFollowed
from collectors.locate.interest import NAME
from collectors.locate.starts import Start
from collectors.readers.file import read_text
from collectors.sources.account import Home

_MODES: tuple[ApprovalMode, ...] = get_args(ApprovalMode)
_SANDBOXES: tuple[Sandbox, ...] = get_args(Sandbox)
_NETWORKS: tuple[Network, ...] = get_args(Network)


def start_records(context: Context, home: Home, starts: Iterable[Start], texts: Iterable[Brought]) -> Iterator[Record]:
    """One posture for each start at rest that sets one, all that the texts define and set, and what is not known."""
    for start in starts:
        if not start.running and (posture := _posture(context, home, start)):
            yield posture
    for text in texts:
        if isinstance(text, NotFollowed):
            yield _not_followed(context, home, text)
        elif isinstance(text, BroughtText):
            yield from read_text(context, home, text.source, text.option, text.document, text.interests)


def _posture(context: Context, home: Home, start: Start) -> Posture | None:
    """What its flags and its variables set; they bind no other start, so they only loosen."""
    flags = list(_flags(start))
    if not flags:
        return None
    shown = redact.path(context.files.shown(start.source))
    return Posture(
        endpoint_id=context.endpoint_id,
        owner=home.owner,
        evidence=Evidence(collector=NAME, source=shown),
        basis="configured",
        agent=start.client.id,
        set_by="flag",
        only_loosens=True,
        approval_mode=least_safe(_MODES, (flag.mode for flag in flags if flag.mode)),
        sandbox=least_safe(_SANDBOXES, (flag.sandbox for flag in flags if flag.sandbox)),
        network=least_safe(_NETWORKS, (flag.network for flag in flags if flag.network)),
        flags=tuple(flag.flag for flag in flags),
        settings=tuple(
            Setting(key=key, value=value, set_by="flag") for flag in flags for key, value in flag.sets.items()
        ),
        source=Source(path=shown, key=" ".join(flag.flag for flag in flags)),
    )


def _flags(start: Start) -> Iterator[Flag]:
    """As the catalog spells them; one of which only is known that it switches something off bypasses everything."""
    permissions = start.client.permissions
    known = {flag.flag: flag for flag in (permissions.flag if permissions else ())}
    given = {flag for flag in known if is_given(flag, start.args)} | set(bypass_flags(start.client, start.args))
    given |= set(bypass_variables(start.client, dict(start.variables)))
    yield from (known.get(flag) or Flag(flag=flag, mode="bypasses") for flag in sorted(given))
    profiles = values(permissions.profile_flags, start.args, many=False) if permissions else ()
    yield from (Flag(flag=f"{option} {redact.name(name)[:128]}") for option, name in profiles)


def _not_followed(context: Context, home: Home, text: NotFollowed) -> Diagnostic:
    shown = redact.path(context.files.shown(text.source))
    return Diagnostic(
        endpoint_id=context.endpoint_id,
        owner=home.owner,
        evidence=Evidence(collector=NAME, source=shown, confidence="confirmed"),
        severity="warning",
        code="start.not_followed",
        message=f"{text.client.name} is started with more than is read here: {text.why}",
        path=shown,
        key=text.option,
        agent=text.client.id,
    )
