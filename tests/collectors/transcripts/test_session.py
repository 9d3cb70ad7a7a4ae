"""What one transcript says about its session, and that nothing in it can do harm."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from collectors.catalog.catalog import Catalog
from collectors.catalog.transcripts import LineAt, Transcript
from collectors.transcripts.session import Session, read_session

REAL = Catalog.load()
(CLAUDE,) = (entry for entry in REAL.clients["claude-code"].transcript if entry.line)
(CODEX,) = (entry for entry in REAL.clients["codex"].transcript if entry.line)
(COPILOT,) = (entry for entry in REAL.clients["copilot-cli"].transcript if entry.line)


def prompt(mode: object = "default", **fields: Any) -> dict[str, Any]:
    told = {"type": "user", "cwd": "/code/app", "version": "2.1.197", "timestamp": "2026-11-23T11:19:42.751Z"}
    return {**told, "permissionMode": mode, "message": {"role": "user", "content": "CANARY"}, **fields}


def turn(policy: object = "on-request", sandbox: object = None, **fields: Any) -> dict[str, Any]:
    payload = {"cwd": "/code/app", "approval_policy": policy, "sandbox_policy": sandbox or {"type": "read-only"}}
    return {"type": "turn_context", "timestamp": "2026-11-23T11:00:00Z", "payload": {**payload, **fields}}


def read(path: Path, lines: Any, transcript: Transcript = CLAUDE) -> Session | None:
    text = lines if isinstance(lines, bytes) else b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    path.write_bytes(text)
    file = os.open(path, os.O_RDONLY)
    try:
        return read_session(file, transcript)
    finally:
        os.close(file)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "t.jsonl"


def test_a_session_is_as_loose_as_its_loosest_line(file: Path) -> None:
    session = read(file, [prompt("default"), prompt("bypassPermissions"), prompt("plan")])
    assert session and session.mode == "bypasses"
    assert (session.folder, session.version) == ("/code/app", "2.1.197")
    assert session.at and session.at.isoformat() == "2026-11-23T11:19:42.751000+00:00"


def test_a_session_lies_where_it_began_and_has_the_version_it_ended_with(file: Path) -> None:
    session = read(file, [prompt(cwd="/code/a", version="2.1.1"), prompt(cwd="/code/b", version="2.1.2")])
    assert session and (session.folder, session.version) == ("/code/a", "2.1.2")


def test_lines_of_other_types_and_what_people_write_tell_nothing(file: Path) -> None:
    fake = json.dumps(prompt("bypassPermissions"))
    lines = [
        prompt(),
        {"type": "assistant", "permissionMode": "bypassPermissions"},
        prompt(message={"content": fake, "permissionMode": "bypassPermissions"}),
        [prompt("bypassPermissions")],
        "permissionMode bypassPermissions",
    ]
    session = read(file, lines)
    assert session and session.mode == "asks_risky"


def test_a_value_nobody_knows_is_unknown_and_its_text_is_nowhere(file: Path) -> None:
    session = read(file, [prompt("CANARY-mode"), prompt({"CANARY": 1}), prompt(["CANARY"]), prompt(7)])
    assert session and (session.mode, session.unknown) == ("unknown", ("permissionMode",))
    assert "CANARY" not in repr(session)


def test_what_is_no_version_is_not_kept(file: Path) -> None:
    session = read(file, [prompt(version="1.0 CANARY"), prompt(version={"CANARY": 1}), prompt(version="2." * 99 + "0")])
    assert session and session.version is None and "CANARY" not in repr(session)


def test_a_transcript_that_tells_nothing_is_no_session(file: Path) -> None:
    assert read(file, []) is None
    assert read(file, [{"type": "user", "message": "permissionMode"}, {"type": "summary"}]) is None


def test_codex_tells_mode_sandbox_and_network_of_each_turn(file: Path) -> None:
    written = {"type": "workspace-write", "network_access": True}
    meta = {"type": "session_meta", "payload": {"cwd": "/code/app", "cli_version": "0.169.0"}}
    session = read(file, [meta, turn(), turn("never", written)], CODEX)
    assert session and (session.mode, session.sandbox, session.network) == ("auto_approves", "partial", "on")
    assert session.version == "0.169.0"
    strict = read(file, [meta, turn("untrusted")], CODEX)
    assert strict and (strict.mode, strict.sandbox, strict.network) == ("asks_always", "full", "off")
    granular = read(file, [turn({"granular": {"rules": True}}, {"type": "new-thing"})], CODEX)
    assert granular and (granular.mode, granular.sandbox, granular.network) == ("asks_risky", "unknown", "unknown")
    assert granular.unknown == ("payload.sandbox_policy.type",)


def test_copilot_tells_when_its_mode_changed_in_older_words_too(file: Path) -> None:
    start = {"type": "session.start", "data": {"copilotVersion": "1.0.102", "context": {"cwd": "/code/app"}}}
    quiet = read(file, [start], COPILOT)
    assert quiet and (quiet.mode, quiet.version, quiet.folder) == (None, "1.0.102", "/code/app")
    for data in ({"mode": "allow-all", "previousMode": "manual"}, {"allowAllPermissions": True}):
        session = read(file, [start, {"type": "session.permissions_changed", "data": data}], COPILOT)
        assert session and session.mode == "bypasses"


def test_of_a_long_session_start_and_end_are_read(file: Path) -> None:
    filler = [{"type": "assistant", "x": "y" * 1000}] * 3000
    session = read(file, [prompt(cwd="/code/first"), *filler, prompt("acceptEdits", cwd="/code/last")])
    assert session and (session.folder, session.mode) == ("/code/first", "auto_approves")


@pytest.mark.parametrize("at", [200_000, 256 * 1024, 300_000, 400_000])
def test_a_line_that_begins_in_one_part_and_ends_in_the_other_is_no_error(file: Path, at: int) -> None:
    start = json.dumps(prompt("acceptEdits")).encode() + b"\n"
    session = read(file, start + b'{"type": "user", "permissionMode": "' + b"x" * at + b'"}\n' + start * 3)
    assert session and session.mode == "auto_approves"


HOSTILE = {
    "nothing": b"",
    "cut": b'{"type": "user", "permissionMode": "bypassPermi',
    "binary": bytes(range(256)) * 2000,
    "nested": b'{"type": "user", "permissionMode": ' + b"[" * 100_000,
    "huge line": b'{"type": "user", "permissionMode": "' + b"x" * 2_000_000 + b'"}',
    "huge number": b'{"type": "user", "permissionMode": ' + b"9" * 100_000 + b"}",
    "no text": b'{"type": "user", "permissionMode": "\xff\xfe"}',
    "zero bytes": b"\0" * 1_000_000,
    "newlines": b"\n" * 1_000_000,
    "gzip": b"\x1f\x8b\x08" + b"\0" * 100,
    "list of types": b'{"type": ["user"], "permissionMode": "bypassPermissions", "x": "user"}',
}


@pytest.mark.parametrize("what", HOSTILE)
def test_what_is_no_transcript_hides_none(file: Path, what: str) -> None:
    assert read(file, HOSTILE[what]) is None
    good = b"\n" + json.dumps(prompt("bypassPermissions")).encode() + b"\n"
    session = read(file, HOSTILE[what] + good)
    assert session and session.mode == "bypasses"


def test_a_thousand_harmless_prompts_hide_no_bypass_at_the_end(file: Path) -> None:
    session = read(file, [*[prompt()] * 20_000, prompt("bypassPermissions")])
    assert session and session.mode == "bypasses"


LONE = json.dumps({"type": "user", "permissionMode": "\ud800", "cwd": "/code/\ud800", "version": "\ud800"})
VALUES = st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=8), lambda v: st.lists(v, max_size=3))


@given(st.dictionaries(st.sampled_from(["cwd", "version", "timestamp", "permissionMode", "type"]), VALUES))
def test_no_line_can_fail_a_session(tmp_path_factory: pytest.TempPathFactory, fields: dict[str, Any]) -> None:
    file = tmp_path_factory.getbasetemp() / "any.jsonl"
    session = read(file, LONE.encode() + b"\n" + json.dumps({**prompt(), **fields}).encode())
    assert session is not None


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-01-01", "soon", ""])
def test_a_time_that_is_none_is_none(file: Path, time: str) -> None:
    session = read(file, [prompt(timestamp=time)])
    assert session and session.at is None


def test_a_catalog_entry_names_every_key_it_reads() -> None:
    for wrong in ({"folder_at": "message.*"}, {"version_at": "a[]"}, {"mode": [{"at": "m", "read": "amp"}]}):
        with pytest.raises(ValidationError):
            LineAt.model_validate({"type": "user", **wrong})
