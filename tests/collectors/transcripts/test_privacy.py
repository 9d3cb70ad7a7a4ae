"""Words planted wherever a transcript holds what somebody wrote: no record may hold one."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.collectors.transcripts.driven_homes import CLIENTS, context_of, machine, told

WORD = "kanarienvogel"
CONTENT = {
    "action", "args", "arguments", "arguments_json", "arguments_text", "aggregated_output", "changes", "cmd", "code",
    "command", "commands", "content", "description", "detail", "details", "display", "error", "feedback",
    "fullCommandText", "function_args", "goals", "input", "instructions", "lastPrompt", "message_text", "new_text",
    "output", "outputText", "parsedArgs", "parsed_cmd", "preview", "prompt", "query", "raw", "reasoning", "response",
    "result", "resultDisplay", "statusText", "stderr", "stdout", "structured_content", "summary", "system_prompt",
    "systemPrompt", "text", "thinking", "thought", "thoughts", "title", "toolUseResult", "value",
}  # fmt: skip
"""Keys of values that somebody wrote, in any client's format."""
STRUCTURE = {
    "call_id", "callID", "callId", "id", "kind", "name", "role", "status", "state", "toolCallId", "tool_call_id",
    "tool", "tool_use_id", "type", "isError", "is_error", "tool_name", "toolName", "group_name", "decision",
    "session_id", "item", "uuid", "time", "server", "code_name",
    "action_id", "approvalSource", "approvalType", "subtype",
    "outcome", "role_name", "kind_name",
}  # fmt: skip
"""Keys that make a format what it is, also within values that somebody wrote."""


def planted(value: Any, spaced: bool, inside: bool = False, key: str = "") -> Any:
    """The value with the word in everything that somebody wrote: behind each text, or in place of it."""
    if isinstance(value, dict):
        return {k: planted(v, spaced, (inside or k in CONTENT) and k not in STRUCTURE, k) for k, v in value.items()}
    if isinstance(value, list):
        return [planted(item, spaced, inside, key) for item in value]
    if not isinstance(value, str) or not inside:
        return value
    try:
        document = json.loads(value)
        if isinstance(document, dict | list):
            return json.dumps(planted(document, spaced, True, key))
    except ValueError:
        pass
    return f"{value} {WORD}" if spaced else WORD


def plant(file: Path, spaced: bool) -> None:
    if file.suffix == ".jsonl":
        lines = [json.dumps(planted(json.loads(line), spaced)) for line in file.read_text().splitlines() if line]
        file.write_text("".join(f"{line}\n" for line in lines))
    elif file.suffix == ".json":
        file.write_text(json.dumps(planted(json.loads(file.read_text()), spaced)))
    elif file.suffix == ".db":
        plant_rows(file, spaced)


def plant_rows(file: Path, spaced: bool) -> None:
    connection = sqlite3.connect(file)
    for table, columns in {"part": ["data"], "messages": ["content", "tool_calls"]}.items():
        known = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        for column in columns if set(columns) <= set(known) else ():
            for rowid, text in connection.execute(f"SELECT rowid, {column} FROM {table}").fetchall():
                if text:
                    new = planted({column if column == "content" else "x": text}, spaced)
                    value = next(iter(new.values()))
                    value = json.dumps(planted(json.loads(text), spaced)) if column != "content" else value
                    connection.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (value, rowid))
    connection.commit()
    connection.close()


@pytest.mark.parametrize("spaced", [True, False], ids=["behind each text", "in place of it"])
@pytest.mark.parametrize("name", CLIENTS)
def test_no_word_that_somebody_wrote_is_in_a_record(name: str, spaced: bool, shared: Path, tmp_path: Path) -> None:
    root = machine(shared, name, tmp_path)
    files = [path for path in root.rglob("*") if path.is_file() and "sessions" not in path.name]
    for file in files:
        if "settings" not in file.name and "mcp" not in file.name and "config" not in file.name:
            plant(file, spaced)
    found = [path for path in files if path.exists() and WORD.encode() in path.read_bytes()]
    assert found, "the word was planted"
    actions = told(context_of(root))
    assert [action for action in actions if action.call_id]
    for action in actions:
        assert WORD not in action.to_json()


def test_a_name_that_has_the_format_of_a_credential_is_not_told(tmp_path: Path) -> None:
    tokens = iter(f"ghp_{number:04}5Kf9QmZr2TbXw8LcVh3NpYd6GsJaE1uR" for number in range(99))
    call = {"type": "tool_use", "id": next(tokens), "name": next(tokens), "input": {}}
    theirs = {"type": "tool_use", "id": "call", "name": f"mcp__{next(tokens)}__{next(tokens)}", "input": {}}
    line = {
        "type": "assistant",
        "cwd": "/home/dev/p",
        "sessionId": next(tokens),
        "version": f"2.0.1-{next(tokens)}",
        "timestamp": "2026-11-01T10:00:00Z",
        "message": {"model": next(tokens), "content": [call, theirs]},
    }
    session = tmp_path / "home/dev/.claude/projects/-home-dev-p/s.jsonl"
    session.parent.mkdir(parents=True)
    session.write_text(json.dumps(line) + "\n")
    (tmp_path / "etc").mkdir()
    status = session.stat()
    (tmp_path / "etc/passwd").write_text(f"dev:x:{status.st_uid}:{status.st_gid}::/home/dev:/bin/sh\n")
    actions = [action for action in told(context_of(tmp_path)) if action.call_id]
    assert len(actions) == 2
    assert {action.client_version for action in actions} == {"2.0.1"}
    assert not [value for action in actions for value in action.model_dump().items() if "5Kf9QmZr" in str(value)]
