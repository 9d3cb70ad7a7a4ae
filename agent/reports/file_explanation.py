"""What a file means to its readers, for a person: the reason, then a line a record and a line a rule."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from agent.records import Artifact, Diagnostic, McpServer, ModelProvider, Posture, Record, SignIn
from agent.runtime.terminal import plain, plain_json
from collectors.readers.explain import Explanation


def lines(explanations: Iterable[Explanation]) -> Iterator[str]:
    """Without control characters."""
    for explanation in explanations:
        yield plain(f"{explanation.path}: {explanation.reason}")
        for record in explanation.records:
            yield from (plain(f"  {line}") for line in _record(record))


def each(explanations: Iterable[Explanation]) -> Iterator[str]:
    """The records that come out of the files, one a line."""
    return (plain_json(record.to_json()) for one in explanations for record in one.records)


def _record(record: Record) -> Iterator[str]:
    if isinstance(record, McpServer):
        target = record.package or record.url or record.command or "-"
        yield f"{record.scope} {record.transport} {record.name}: {target}"
    elif isinstance(record, Posture):
        yield from _posture(record)
    elif isinstance(record, Artifact):
        yield f"{record.scope} {record.artifact} {record.name}" + (f": {record.program}" if record.program else "")
    elif isinstance(record, ModelProvider):
        yield f"{record.scope} provider {record.provider}: " + " ".join((record.base_url or "-", *record.models))
    elif isinstance(record, SignIn):
        yield f"signed in: {record.account}"
    elif isinstance(record, Diagnostic):
        place = ":".join(str(part) for part in (record.line, record.column, record.key) if part)
        yield f"{record.severity} {record.code} {place}: {record.message}"


def _posture(posture: Posture) -> Iterator[str]:
    """What the file sets, and nothing of what it leaves to other layers."""
    settings = {
        "approval": posture.approval_mode,
        "until": posture.mode_until,
        "sandbox": posture.sandbox,
        "network": posture.network,
        "permitted modes": None if posture.permitted_modes is None else " ".join(posture.permitted_modes) or "none",
        "permitted sandboxes": (
            None if posture.permitted_sandboxes is None else " ".join(posture.permitted_sandboxes) or "none"
        ),
        "managed rules only": "yes" if posture.managed_rules_only else None,
        "managed servers only": "yes" if posture.managed_servers_only else None,
        "only a default": "yes" if posture.fallback else None,
    }
    said = ", ".join(f"{name}: {value}" for name, value in settings.items() if value)
    where = f" for {posture.project}" if posture.project else ""
    yield f"{posture.set_by} permissions{where}" + (f": {said}" if said else "")
    for rule in posture.rules:
        yield f"  {rule.effect} {rule.subject} {f'{rule.tool} ' if rule.tool else ''}{rule.pattern}"
    for server in posture.servers:
        yield f"  {server.effect} servers by {server.match}" + (f": {server.pattern}" if server.pattern else "")
    yield from (f"  trusted folder {folder}" for folder in posture.trusted_folders)
    yield from (f"  untrusted folder {folder}" for folder in posture.untrusted_folders)
    yield from (f"  not understood: {key}" for key in posture.unknown)
