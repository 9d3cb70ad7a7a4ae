"""What an evidence pack is made of: the inventory, and from the journal the period's changes, findings and proof."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from tempfile import TemporaryFile
from typing import IO, Any

from pydantic import ValidationError

from agent.config.error import ConfigError
from agent.config.paths import state_dir
from agent.config.settings import Settings
from agent.inventory.context import this_endpoint_id
from agent.journal.export import export
from agent.journal.exported import examine_export
from agent.journal.history import history
from agent.journal.journal import FILE, Journal
from agent.journal.keys import existing_key, published_key
from agent.journal.selection import Selection
from agent.journal.signing import PublicKey, SigningKey
from agent.records import Finding
from agent.records.finding import SEVERITIES
from agent.reports.evidence.subject import Change, EvidenceSubject
from agent.reports.history import NOT_TOLD, told, value_text
from agent.service.report_material import machine
from agent.service.scan import policy_of

_OPS = ("discovered", "changed", "removed", "notice")


@dataclass(frozen=True)
class Part:
    """A file that is copied into the pack as it is."""

    name: str
    about: str
    content: Callable[[], Iterable[bytes]]


@dataclass(frozen=True)
class Material:
    """Everything a pack is written from."""

    subject: EvidenceSubject
    parts: tuple[Part, ...]
    endpoint_id: str
    key: SigningKey | None
    """None where whoever makes the pack may not read it."""


def material(settings: Settings, since: datetime | None, until: datetime | None) -> Material:
    """Of this machine. Raises `JournalError`, and `ConfigError` where there is no journal: without one there is no
    history and nothing to prove it by."""
    folder = state_dir(settings)
    if not (folder / FILE).exists():
        raise ConfigError(f"{folder / FILE}: no journal; an evidence pack needs one: run the daemon first")
    key = existing_key(folder)
    now = machine(settings, None)
    policy = policy_of(settings)
    journal = Journal.open(folder / FILE, this_endpoint_id(), readonly=True)
    try:
        wanted = Selection(since, until)
        exported = _file(export(journal, wanted))
        changes = [_change(entry) for entry in history(journal, replace(wanted, ops=_OPS))]
        told_of = history(journal, Selection(until=until, kinds=("finding",)))
        found = _findings(told_of, now.of(Finding), wanted)
    finally:
        journal.close()
    public = published_key(folder)
    proof = _proof(exported, public)
    told_proof = "".join(f"{line}\n" for line in proof).encode()
    subject = EvidenceSubject(
        now, since, until, found, changes,
        {rule.id: rule.purpose for rule in policy.policy.agent if rule.purpose},
        proof, key.public.id if key else None,
    )  # fmt: skip
    parts = [
        Part("journal.ndjson", "The journal's entries of the period, as they are hashed", lambda: _content(exported)),
        Part("journal-verification.txt", "What is proved of them, and what is not", lambda: [told_proof]),
    ]
    if public:
        parts.append(Part("journal.pub", "The endpoint's public key", lambda: [public.pem.encode()]))
    if good := policy.good:
        parts.append(Part("policy.toml", _about_policy(subject, good.text), lambda: [good.text.encode()]))
        if good.signature:
            about = "Its signature; check it with minisign"
            parts.append(Part("policy.toml.minisig", about, lambda: [good.signature.encode()]))
    return Material(subject, tuple(parts), this_endpoint_id(), key)


def _about_policy(subject: EvidenceSubject, text: str) -> str:
    digest = hashlib.sha256(text.encode()).hexdigest()
    if subject.policy and subject.policy.digest == digest:
        return "The policy in force, by which everything here was judged"
    return "The policy that the settings name now; what is in this pack was judged before it was taken up"


def _change(entry: Mapping[str, Any]) -> Change:
    record = entry["record"] or {}
    fields = (
        f"{change['field']}: {value_text(change['before'])} -> {value_text(change['after'])}"
        for change in entry["changes"]
        if change["field"] not in NOT_TOLD
    )
    return Change(
        entry["seq"], entry["at"], entry["op"], str(record.get("kind") or ""), str(record.get("id") or ""),
        told(entry["op"], record), "; ".join(fields), ", ".join(entry.get("controls") or ()),
    )  # fmt: skip


def _findings(entries: Iterator[Mapping[str, Any]], now: list[Finding], wanted: Selection) -> list[Finding]:
    """Each as it was told last in the period, without those that were closed before it."""
    last: dict[str, Finding] = {}
    for entry in entries:
        try:
            finding = Finding.model_validate(entry["record"])
        except ValidationError:
            # An entry of an older version; what it led to is in the inventory.
            continue
        last[finding.id] = finding
    for finding in now:
        if wanted.until is None or finding.opened_at < wanted.until:
            last.setdefault(finding.id, finding)
    since = wanted.since
    found = [f for f in last.values() if since is None or f.closed_at is None or f.closed_at >= since]
    return sorted(found, key=lambda f: (f.state == "resolved", -SEVERITIES.index(f.severity), f.rule, f.subject))


def _proof(exported: IO[bytes], key: PublicKey | None) -> list[str]:
    """What is proved of an export, a line a question."""
    verdict = examine_export(_content(exported), key, "journal.pub")
    return [f"{check.state}: {check.what} ({check.by}): {check.detail}" for check in verdict.checks]


def _file(pieces: Iterable[bytes]) -> IO[bytes]:
    """A file without a name: the journal of a year does not fit into memory."""
    file = TemporaryFile()  # noqa: SIM115 - it lasts as long as what is made of it
    file.writelines(pieces)
    return file


def _content(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    yield from file
