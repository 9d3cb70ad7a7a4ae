"""The machines that driven clients left, and what they sent by OTLP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from collectors.telemetry.reader import TelemetryReader
from collectors.transcripts.heard import Heard

SENDERS = ("claude", "codex", "qwen", "copilot", "gemini")


def payloads(shared: Path, name: str) -> Iterator[tuple[str, bytes]]:
    """Path and JSON body of each request that was kept of a client."""
    for file in sorted((shared / "transcripts/homes" / name / "telemetry").glob("*.json")):
        yield f"/v1/{file.name.split('.')[-2]}", file.read_bytes()


def heard(shared: Path, name: str, reader: TelemetryReader, uid: int) -> list[Heard]:
    """What all of them tell."""
    return [one for path, body in payloads(shared, name) for one in reader.read(uid, path, body, is_json=True)]
