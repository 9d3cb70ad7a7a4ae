"""Clients that were never driven here: their files as their source, or a third party's reader, describes them."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from agent.records.action import Action
from collectors.transcripts.actions import ActionSource
from tests.collectors.transcripts.driven_homes import EVER, context_of, told


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home/dev"
    (home / "proj").mkdir(parents=True)
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text(f"dev:x:{home.stat().st_uid}:{home.stat().st_gid}::/home/dev:/bin/bash\n")
    return home


def calls(home: Path) -> dict[str | None, Action]:
    found = [action for action in told(context_of(home.parents[1])) if action.call_id]
    assert len({action.call_id for action in found}) == len(found)
    return {action.call_id: action for action in found}


def test_goose_keeps_its_calls_in_a_database(home: Path) -> None:
    config = home / ".config/goose/config.yaml"
    config.parent.mkdir(parents=True)
    config.write_text("extensions:\n  kb:\n    type: stdio\n    cmd: kb-server\n    enabled: true\n")
    path = home / ".local/share/goose/sessions/sessions.db"
    path.parent.mkdir(parents=True)
    database = sqlite3.connect(path)
    database.executescript(
        """CREATE TABLE sessions (id TEXT PRIMARY KEY, description TEXT, working_dir TEXT NOT NULL, provider_name TEXT,
        model_config_json TEXT, goose_mode TEXT NOT NULL DEFAULT 'auto');
        CREATE TABLE messages (id INTEGER PRIMARY KEY AUTOINCREMENT, session_id TEXT NOT NULL, role TEXT NOT NULL,
        content_json TEXT NOT NULL, created_timestamp INTEGER NOT NULL, metadata_json TEXT);"""
    )
    session = "20261128_1", "secret title", "/home/dev/proj", "openai", '{"model_name": "gpt-5.5"}', "approve"
    database.execute("INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?)", session)
    requests = [
        _request("c1", "developer__shell", {"command": "git push secret"}),
        _request("c2", "kb__find", {"q": "secret"}),
        _request("c3", "write", {"path": "/secret"}),
        {"type": "toolRequest", "id": "c4", "toolCall": {"status": "error", "error": "secret"}},
    ]
    answers = [
        _response("c1", {"content": [{"type": "text", "text": "secret"}], "isError": False}),
        _response("c2", {"content": [{"type": "text", "text": "secret"}], "isError": True}),
        _response("c3", [{"type": "text", "text": "The user has declined to run this tool. DO NOT attempt"}]),
        {"type": "toolResponse", "id": "c4", "toolResult": {"status": "error", "error": "secret"}},
    ]
    for at, content in enumerate((requests, answers)):
        row = session[0], "assistant", json.dumps(content), 1_795_000_000 + at
        database.execute(
            "INSERT INTO messages(session_id, role, content_json, created_timestamp) VALUES (?,?,?,?)", row
        )
    database.commit()
    database.close()
    found = calls(home)
    shell, mcp, write, broken = (found[id] for id in ("c1", "c2", "c3", "c4"))
    assert (shell.action, shell.programs, shell.result, shell.decision) == ("shell", ("git",), "unknown", "unknown")
    assert (shell.agent, shell.model, shell.provider, shell.mode) == ("goose", "gpt-5.5", "openai", "approve")
    assert (mcp.action, mcp.mcp_server, mcp.mcp_tool, mcp.result) == ("mcp", "kb", "find", "error")
    assert (write.action, write.decision, write.denied_by) == ("file_write", "denied", "unknown")
    assert (broken.tool, broken.result) == (None, "error")
    assert "secret" not in "".join(action.model_dump_json() for action in found.values())


def _request(id: str, name: str, arguments: dict[str, str]) -> dict[str, object]:
    return {
        "type": "toolRequest",
        "id": id,
        "toolCall": {"status": "success", "value": {"name": name, "arguments": arguments}},
    }


def _response(id: str, value: object) -> dict[str, object]:
    return {"type": "toolResponse", "id": id, "toolResult": {"status": "success", "value": value}}


@pytest.mark.parametrize(
    ("client", "place"),
    [("openclaw", ".openclaw/agents/main/sessions/s.jsonl"), ("oh-my-pi", ".omp/agent/sessions/-proj/s.jsonl")],
)
def test_forks_of_pi_write_what_pi_writes(home: Path, client: str, place: str) -> None:
    lines = [
        {"type": "session", "id": "s1", "cwd": "/home/dev/proj", "timestamp": "2026-11-28T10:00:00Z"},
        {
            "type": "message", "timestamp": "2026-11-28T10:00:01Z",
            "message": {"role": "assistant", "model": "m", "content": [
                {"type": "toolCall", "id": "c1", "name": "bash", "arguments": {"command": "npm publish secret"}}]},
        },
        {
            "type": "message", "timestamp": "2026-11-28T10:00:02Z",
            "message": {"role": "toolResult", "toolCallId": "c1", "toolName": "bash", "isError": True,
                        "content": [{"type": "text", "text": "secret"}]},
        },
    ]  # fmt: skip
    path = home / place
    path.parent.mkdir(parents=True)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    (call,) = calls(home).values()
    assert (call.agent, call.action, call.programs, call.result) == (client, "shell", ("npm", "npm publish"), "error")
    assert (call.decision, call.session_id) == ("unknown", "s1")
    assert "secret" not in call.model_dump_json()


CRUSH = """CREATE TABLE sessions (id TEXT PRIMARY KEY, parent_session_id TEXT, title TEXT, updated_at INTEGER NOT
NULL, created_at INTEGER NOT NULL);
CREATE TABLE messages (id TEXT PRIMARY KEY, session_id TEXT, role TEXT NOT NULL, parts TEXT NOT NULL default
'[]', model TEXT, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, finished_at INTEGER, provider TEXT,
is_summary_message INTEGER DEFAULT 0 NOT NULL);"""


def test_crush_keeps_its_calls_in_a_database_of_the_project(home: Path) -> None:
    (home / "proj/.git").mkdir()
    (home / "proj/crush.json").write_text('{"mcp": {"team_kb": {"type": "stdio", "command": "kb"}}}')
    named = home / ".local/share/crush/projects.json"
    named.parent.mkdir(parents=True)
    named.write_text('{"projects": [{"path": "/home/dev/proj", "data_dir": "/home/dev/proj/.crush"}]}')
    database = sqlite3.connect(_inside(home / "proj/.crush/crush.db"))
    database.executescript(CRUSH)
    database.execute("INSERT INTO sessions VALUES ('s1', NULL, 'secret title', 1795000000, 1795000000000)")
    asked = [
        _part("text", text="secret"),
        _part("tool_call", id="c1", name="bash", input='{"command": "git push secret"}', finished=True),
        _part("tool_call", id="c2", name="mcp_team_kb_find_page", input="{}", finished=True),
    ]
    answers = [
        _part(
            "tool_result", tool_call_id="c1", name="bash", content="no\nExit code 1\n\n<cwd>/p</cwd>", is_error=False
        ),
        _part("tool_result", tool_call_id="c2", name="mcp_team_kb_find_page", content="secret", is_error=False),
        _part("tool_result", tool_call_id="c3", name="edit", content="User denied permission", is_error=True),
    ]

    def write(id: str, role: str, parts: list[dict[str, object]]) -> None:
        row = id, "s1", role, json.dumps(parts), "gpt-5.5", 1795000001, 1795000001, None, "openai"
        database.execute("INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)", row)
        database.commit()

    # A message is there before it says anything, and is written anew when it is finished.
    write("m1", "assistant", [])
    context, source = context_of(home.parents[1]), ActionSource({}, EVER)
    source.read(context)
    database.execute("UPDATE messages SET parts = ?, finished_at = 1795000002", (json.dumps(asked),))
    database.commit()
    source.read(context)
    write("m2", "tool", answers)
    found = {action.call_id: action for action in told(context, source) if action.call_id}
    assert {id: (a.action, a.tool, a.result, a.decision, a.programs) for id, a in found.items()} == {
        "c1": ("shell", "bash", "error", "unknown", ("git",)),
        "c2": ("mcp", "mcp_team_kb_find_page", "ok", "unknown", ()),
        "c3": ("file_write", "edit", "denied", "denied", ()),
    }
    assert (found["c2"].mcp_server, found["c2"].mcp_tool) == ("team_kb", "find_page")
    assert {(a.session_id, a.project, a.model, a.provider) for a in found.values()} == {
        ("s1", "/home/dev/proj", "gpt-5.5", "openai")
    }


def test_vs_code_keeps_a_log_of_changes_to_its_chats(home: Path) -> None:
    user = home / ".config/Code/User"
    _inside(user / "mcp.json").write_text('{"servers": {"team_kb": {"type": "stdio", "command": "kb"}}}')
    storage = user / "workspaceStorage/abc"
    (home / "proj/.git").mkdir()
    folder = {"folder": "file:///home/dev/proj"}
    _inside(storage / "workspace.json").write_text(json.dumps(folder))
    terminal = {
        "kind": "terminal", "commandLine": {"original": "git push secret"}, "terminalCommandState": {"exitCode": 1},
    }  # fmt: skip
    mcp = {"source": {"type": "mcp", "label": "team_kb", "serverLabel": "secret"}, "resultDetails": {"isError": False}}
    request = {"timestamp": 1795000000000, "response": [{"value": "secret"}, _vs_code("c1", "copilot_readFile", 1)]}
    lines = [
        {"kind": 0, "v": {"creationDate": 1795000000000, "sessionId": "s1", "requests": [request]}},
        {"kind": 2, "k": ["requests"], "v": [{"timestamp": 1795000001000, "response": [_vs_code("c2", "x", 5)]}]},
        {"kind": 2, "k": ["requests", 1, "response"], "i": 1, "v": [
            _vs_code("c3", "run_in_terminal", 4, toolSpecificData=terminal),
            _vs_code("c4", "mcp_team_kb_find_page", 3, **mcp),
            {**_vs_code("c5", "x", 1), "isComplete": False},
        ]},
        {"kind": 1, "k": ["requests", 1, "response", 4], "v": _vs_code("c6", "copilot_applyPatch", 2)},
        {"kind": 1, "k": ["customTitle"], "v": "secret"},
        {"kind": 3, "k": ["hasPendingEdits"]},
    ]  # fmt: skip
    chat = _inside(storage / "chatSessions/s1.jsonl")
    chat.write_text("".join(json.dumps(line) + "\n" for line in lines))
    older = _inside(user / "globalStorage/emptyWindowChatSessions/s2.json")
    old = [{"response": [{**_vs_code("c7", "copilot_createFile", 1), "isConfirmed": True}], "timestamp": 1700000000000}]
    older.write_text(json.dumps({"creationDate": 1700000000000, "requests": old}))
    found = calls(home)
    assert {id: (a.action, a.decision, a.denied_by, a.result) for id, a in found.items()} == {
        "c1": ("file_read", "auto", None, "unknown"),
        "c2": ("tool", "denied", "user", "denied"),
        "c3": ("shell", "user", None, "error"),
        "c4": ("mcp", "rule", None, "ok"),
        "c6": ("file_write", "rule", None, "unknown"),
        "c7": ("file_write", "unknown", None, "unknown"),
    }
    assert (found["c4"].mcp_server, found["c4"].mcp_tool, found["c4"].server_resolved) == (
        "team_kb", "find_page", "definition",
    )  # fmt: skip
    assert found["c3"].programs == ("git",)
    assert {a.session_id: a.project for a in found.values()} == {"s1": "/home/dev/proj", "s2": None}
    assert "secret" not in "".join(action.to_json() for action in found.values())


def _vs_code(id: str, tool: str, confirmed: int, **more: object) -> dict[str, object]:
    part = {"kind": "toolInvocationSerialized", "toolCallId": id, "toolId": tool, "isComplete": True}
    return {**part, "invocationMessage": "secret", "isConfirmed": {"type": confirmed}, **more}


def test_cursor_keeps_a_row_of_each_message_and_replaces_it(home: Path) -> None:
    _inside(home / ".cursor/mcp.json").write_text('{"mcpServers": {"team_kb": {"command": "kb"}}}')
    database = sqlite3.connect(_inside(home / ".config/Cursor/User/globalStorage/state.vscdb"))
    database.execute("CREATE TABLE cursorDiskKV (key TEXT UNIQUE ON CONFLICT REPLACE, value BLOB)")

    def write(bubble: str, id: str, name: str, status: str, **more: object) -> None:
        tool = {"toolCallId": id, "name": name, "status": status, "params": '{"command": "git push secret"}', **more}
        value = {"text": "secret", "createdAt": "2026-11-20T10:00:00Z", "toolFormerData": {"result": "secret", **tool}}
        row = f"bubbleId:s1:{bubble}", json.dumps({**value, "modelInfo": {"modelName": "gpt-5.5"}})
        database.execute("INSERT INTO cursorDiskKV VALUES (?, ?)", row)
        database.commit()

    database.execute("INSERT INTO cursorDiskKV VALUES ('composerData:s1', 'secret'), ('bubbleId:s1:b0', NULL)")
    write("b1", "c1\nfc_2", "run_terminal_command_v2", "loading")
    write("b2", "c2", "mcp_team_kb_find_page", "completed", additionalData={"startedAtMs": 1795000000000})
    context, source = context_of(home.parents[1]), ActionSource({}, EVER)
    first = {event.call_id for event in source.read(context).events if isinstance(event, Action)} - {None}
    write("b1", "c1\nfc_2", "run_terminal_command_v2", "completed", userDecision="accepted")
    write("b3", "c3", "edit_file_v2", "cancelled", userDecision="rejected")
    found = {action.call_id: action for action in told(context, source) if action.call_id}
    assert first == {"c2"}
    assert {id: (a.action, a.result, a.decision, a.programs) for id, a in found.items()} == {
        "c1": ("shell", "unknown", "unknown", ("git",)),
        "c3": ("file_write", "denied", "denied", ()),
    }
    assert {(a.session_id, a.model) for a in found.values()} == {("s1", "gpt-5.5")}
    assert "secret" not in "".join(action.to_json() for action in found.values())


def _part(kind: str, **data: object) -> dict[str, object]:
    return {"type": kind, "data": data}


def _inside(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
