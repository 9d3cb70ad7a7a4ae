"""Takes out of a request what the catalog's rules say: names, times and outcomes. Nothing else of it is kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from collectors.catalog.client import Client
from collectors.catalog.telemetry import Telemetry
from collectors.telemetry.otlp import entries
from collectors.transcripts.heard import Heard
from collectors.transcripts.statement import RuleReader
from collectors.transcripts.values import Entry, first


class _Reader:
    """The rules of one client, made ready."""

    def __init__(self, client: str, telemetry: Telemetry) -> None:
        self.client = client
        self._session = first(telemetry.session)
        self._rules = [RuleReader(rule) for rule in telemetry.rule]

    def read(self, uid: int, entry: Entry) -> Iterator[Heard]:
        session = self._session(entry)
        for rule in self._rules:
            for said in rule.read(entry) if rule.is_about(entry) else ():
                yield Heard(uid, self.client, said.session or (session if isinstance(session, str) else ""), said)


class TelemetryReader:
    """Whose telemetry is understood is in the catalog; that of others is taken and forgotten."""

    def __init__(self, clients: Iterable[Client]) -> None:
        self._by_service: dict[str, list[_Reader]] = {}
        for client in clients:
            for telemetry in client.telemetry:
                for service in telemetry.service:
                    self._by_service.setdefault(service, []).append(_Reader(client.id, telemetry))

    def read(self, uid: int, path: str, body: bytes, *, is_json: bool) -> tuple[Heard, ...]:
        """What a request tells. Raises `MalformedError`."""
        return tuple(
            heard
            for value in entries(path, body, is_json=is_json)
            for reader in self._by_service.get(str(value["resource"].get("service.name")), ())
            for heard in reader.read(uid, Entry(value))
        )
