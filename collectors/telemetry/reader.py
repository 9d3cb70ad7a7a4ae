"""Takes out of a request what the catalog's rules say: names, times and outcomes. Nothing else of it is kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from collectors.catalog.client import Client
from collectors.catalog.telemetry import Telemetry
from collectors.telemetry.otlp import entries
from collectors.transcripts.heard import Heard
from collectors.transcripts.statement import reader


class _Reader:
    """The rules of one client, made ready."""

    def __init__(self, client: str, telemetry: Telemetry) -> None:
        self.client = client
        self._read = reader(telemetry.rule, telemetry.session)

    def read(self, uid: int, value: object) -> Iterator[Heard]:
        told = self._read(value, ())
        for said in told.statements:
            yield Heard(uid, self.client, said.session or told.session or "", said)


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
            for service in self._by_service.get(str(value["resource"].get("service.name")), ())
            for heard in service.read(uid, value)
        )
