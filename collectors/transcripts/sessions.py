"""How agents ran lately, from the transcripts that clients keep of their sessions: observed postures, metadata only."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from agent.records import Evidence, Posture
from agent.records.posture import ApprovalMode, least_safe
from collectors.catalog.client import Client
from collectors.catalog.templates import template_path
from collectors.catalog.transcripts import Transcript
from collectors.contract import Collector, Context, Observation, Scope
from collectors.sources.account import Home
from collectors.sources.filesystem.file_tree import UnreadableError
from collectors.sources.filesystem.recent import Recent, recent_files
from collectors.transcripts.session import MODES, NETWORKS, SANDBOXES, Session, read_session
from collectors.transcripts.session_project import project_of

NAME = "sessions"

_MOST_FILES = 50
"""Transcripts of one client and account, those written last."""
_OLDEST = timedelta(days=30)
_LATEST = timedelta(days=7)
"""Sessions that ended so long before a project's last one still count: else a bypass would be hidden by starting once
more without it."""


class _Seen(NamedTuple):
    """One session of a client."""

    path: str
    at: datetime
    project: str | None
    session: Session
    mode: ApprovalMode | None


class SessionCollector(Collector):
    """One scope an account and client. Transcripts grow all the time: they are looked at now and then, not watched,
    and one that is as it was is not read again."""

    name = NAME
    settles = False

    def __init__(self) -> None:
        self._read: dict[tuple[str, Recent], Session | None] = {}

    def collect(self, context: Context) -> Iterator[Observation]:
        before, self._read = self._read, {}
        for home in context.homes:
            if not home.reachable:
                yield Observation(Scope(NAME, home.owner, home.path), unknown=True)
                continue
            for client in context.catalog.clients.values():
                if any(transcript.line for transcript in client.transcript):
                    yield self._look(context, home, client, before)

    def refresh(self, context: Context, scopes: Iterable[Scope]) -> Iterator[Observation]:
        return self.collect(context)

    def poll(self, context: Context) -> Iterator[Observation]:
        return self.collect(context)

    def _look(
        self, context: Context, home: Home, client: Client, before: dict[tuple[str, Recent], Session | None]
    ) -> Observation:
        found, complete = _recent(context, home, client)
        seen: list[_Seen] = []
        for file, transcript in found:
            key = home.owner, file
            session = before[key] if key in before else _read(context, home, file, transcript)
            self._read[key] = session
            if session:
                seen.append(_seen(context, home, client, file, session))
        scope = Scope(NAME, home.owner, f"{home.path}/<sessions of {client.id}>")
        return Observation(scope, tuple(_postures(context, home, client, seen)), unknown=not complete)


def _recent(context: Context, home: Home, client: Client) -> tuple[list[tuple[Recent, Transcript]], bool]:
    """The transcripts that were written last, and whether all folders that hold some could be listed."""
    since, complete = time.time_ns() - int(_OLDEST.total_seconds() * 1e9), True
    found: dict[Recent, Transcript] = {}
    os = context.os_of(home)
    for transcript in client.transcript:
        for template in transcript.on(os) if transcript.line else ():
            path = template_path(template, os, home)
            try:
                files = recent_files(context.files, path, home, since, _MOST_FILES) if path else []
            except UnreadableError:
                complete = False
                continue
            found.update((file, transcript) for file in files)
    return sorted(found.items(), key=lambda entry: entry[0], reverse=True)[:_MOST_FILES], complete


def _read(context: Context, home: Home, file: Recent, transcript: Transcript) -> Session | None:
    try:
        with context.files.opened(file.path, home) as descriptor:
            return read_session(descriptor, transcript)
    except (OSError, UnreadableError):
        return None


def _seen(context: Context, home: Home, client: Client, file: Recent, session: Session) -> _Seen:
    now = time.time_ns()
    written = datetime.fromtimestamp(min(file.modified, now) / 1e9, UTC)
    at = min(session.at, written) if session.at else written
    return _Seen(file.path, at, project_of(context, home, session.folder), session, _mode(client, session))


def _mode(client: Client, session: Session) -> ApprovalMode | None:
    """Some clients have nothing left to ask for without a sandbox."""
    unconfined = client.permissions is not None and client.permissions.unconfined_bypasses
    if unconfined and session.sandbox == "none" and session.mode not in (None, "asks_always"):
        return "bypasses"
    return session.mode


def _postures(context: Context, home: Home, client: Client, seen: list[_Seen]) -> Iterator[Posture]:
    """One for each project, from its last sessions; the evidence is the last of those that were the least safe."""
    projects: dict[str | None, list[_Seen]] = {}
    for one in seen:
        projects.setdefault(one.project, []).append(one)
    for project, all_ in sorted(projects.items(), key=lambda entry: entry[0] or ""):
        newest = max(all_, key=lambda one: one.at)
        latest = [one for one in all_ if newest.at - one.at <= _LATEST]
        mode = least_safe(MODES, (one.mode for one in latest if one.mode))
        proof = max((one for one in latest if one.mode == mode), key=lambda one: one.at)
        versioned = [one for one in latest if one.session.version]
        yield Posture(
            endpoint_id=context.endpoint_id,
            owner=home.owner,
            observed_at=proof.at,
            evidence=Evidence(collector=NAME, source=context.files.shown(proof.path)),
            basis="observed",
            agent=client.id,
            project=project,
            set_by="session",
            approval_mode=mode,
            sandbox=least_safe(SANDBOXES, (one.session.sandbox for one in latest if one.session.sandbox)),
            network=least_safe(NETWORKS, (one.session.network for one in latest if one.session.network)),
            unknown=tuple(dict.fromkeys(key for one in latest for key in one.session.unknown))[:50],
            client_version=max(versioned, key=lambda one: one.at).session.version if versioned else None,
        )
