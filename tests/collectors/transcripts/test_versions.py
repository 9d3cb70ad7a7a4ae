"""Where older versions of a client write otherwise than the one whose whole home is read elsewhere: lines as a headless
run of that version against a scripted model left them, cut to what is read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.records import Evidence
from agent.records.action import Action
from collectors.catalog.catalog import load_client
from collectors.transcripts.calls import Calls
from collectors.transcripts.follow import TranscriptReader
from collectors.transcripts.mcp_names import resolve
from collectors.transcripts.records import Scene, record

CATALOG = Path(__file__).parents[3] / "collectors/catalog/clients"
AT = "2026-11-28T08:01:52.661Z"


def codex(payload: dict[str, Any]) -> dict[str, Any]:
    return {"timestamp": AT, "type": "response_item", "payload": {"call_id": "c1", **payload}}


def copilot(kind: str, **data: object) -> dict[str, Any]:
    return {"type": f"tool.execution_{kind}", "timestamp": AT, "data": {"toolCallId": "c1", **data}}


def qwen(kind: str, part: dict[str, Any], **more: object) -> dict[str, Any]:
    return {"type": kind, "timestamp": AT, "version": "0.15.10", "message": {"parts": [part]}, **more}


def claude(kind: str, part: dict[str, Any], **more: object) -> dict[str, Any]:
    return {"type": kind, "timestamp": AT, "version": "2.1.224", "message": {"content": [part]}, **more}


def codex_event(payload: dict[str, Any]) -> dict[str, Any]:
    return {"timestamp": AT, "type": "event_msg", "payload": {"call_id": "c1", **payload}}


def claude_mcp(name: str) -> dict[str, Any]:
    return claude("assistant", {"type": "tool_use", "id": "c1", "name": name, "input": {}})


def refused(text: str) -> dict[str, Any]:
    return claude("user", {"type": "tool_result", "tool_use_id": "c1", "is_error": True, "content": text})


def gptme(text: str, tool: str = "shell") -> dict[str, Any]:
    metadata = {"tool": tool}
    return {"role": "system", "call_id": "call_1", "content": text, "timestamp": AT, "metadata": metadata}


def droid(kind: str, **part: object) -> dict[str, Any]:
    role = "assistant" if kind == "tool_use" else "user"
    return {"type": "message", "timestamp": AT, "message": {"role": role, "content": [{"type": kind, **part}]}}


def vibe_call(name: str) -> dict[str, Any]:
    return {"role": "assistant", "tool_calls": [{"id": "c1", "function": {"name": name, "arguments": "{}"}}]}


def vibe(content: str) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": "c1", "content": content}


UNASKABLE = "Permission denied and could not request permission from user"
UNGRANTED = "Claude requested permissions to use mcp__a__b__find, but you haven't granted it yet."
NEVER = {"timestamp": AT, "type": "turn_context", "payload": {"approval_policy": "never"}}
SHELL = {"customTimeout": "false", "executionMode": "sync"}
COPILOT = copilot("start", toolName="bash", arguments={"command": "cat x"})
OPENCODE = {"type": "tool", "callID": "c1", "tool": "bash"}
BY_RULE = "Error: The user has specified a rule which prevents you from using this specific tool call. Here are"
FAILED = "Command: cat x\nOutput: none\nError: (none)\nExit Code: 1\nSignal: 0\nProcess Group PGID: 29431"
QWEN_CALL = qwen("assistant", {"functionCall": {"id": "c1", "name": "run_shell_command", "args": {"command": "cat x"}}})
CLAUDE_CALL = claude("assistant", {"type": "tool_use", "id": "c1", "name": "Bash", "input": {"command": "rm -rf x"}})
REFUSED = "Permission to use Bash with command rm -rf x has been denied"
REJECTED = (
    "exec_command failed for `/bin/bash -lc 'rm -rf /home/dev/proj/forbidden/which/is/a/long/path/indeed/and/longer'`:"
    ' CreateProcess { message: "Rejected(\\"`rm` rejected: policy forbids commands starting with `rm -rf`\\")" }'
)
GENERATED = {"toolCallId": "c1", "status": "generated", "toolCall": {"function": {"name": "Edit", "arguments": "{}"}}}

SERVERS = {name: name for name in ("probe-stdio", "a__b", "my.kb")} | {"plugin:docs:docs": "docs"}
NOBODY = "The user doesn't want to proceed with this tool use. The tool use was rejected (eg. if it was a file edit"
PLAN = "Cannot write to /home/dev/proj/note2.txt while in plan mode."

Expected = tuple[str, str | None, str, str, str | None]


@pytest.mark.parametrize(
    ("client", "shape", "entries", "expected"),
    [
        ("codex", "lines", [  # 0.125.0: a namespace with its separator
            codex({"type": "function_call", "name": "echo_upper", "namespace": "mcp__probe_stdio__"}),
            codex({"type": "function_call_output", "output": "Wall time: 0.4 seconds\nOutput:\n[]"}),
        ], ("mcp", "echo_upper", "unknown", "unknown", None)),
        ("codex", "lines", [  # 0.143.0: what the namespace makes of a name
            codex({"type": "function_call", "name": "put_page", "namespace": "mcp__a__b"}),
            codex_event({"type": "mcp_tool_call_end", "invocation": {"server": "a__b", "tool": "put-page"},
                         "result": {"Ok": {"content": [], "isError": True}}}),
            codex({"type": "function_call_output", "output": "Wall time: 0.4 seconds\nOutput:\n[]"}),
        ], ("mcp", "put-page", "error", "unknown", None)),
        ("codex", "lines", [
            codex_event({"type": "mcp_tool_call_end", "invocation": {"server": "a__b", "tool": "put-page"},
                         "result": {"Err": "user cancelled MCP tool call"}}),
            NEVER,
            codex({"type": "function_call_output", "output": "Wall time: 0.1 seconds\nOutput:\n[]"}),
        ], ("mcp", "put-page", "denied", "denied", "mode")),
        ("codex", "lines", [
            codex({"type": "function_call", "name": "exec_command", "arguments": '{"cmd": "sleep 45"}'}),
            codex({"type": "function_call_output", "output": "aborted by user after 6.1s"}),
        ], ("shell", None, "denied", "denied", "user")),
        ("codex", "lines", [  # 0.159.2
            codex({"type": "function_call", "name": "exec_command", "arguments": '{"cmd": "sleep 45"}'}),
            codex({"type": "function_call_output", "output": "Wall time: 6.2 seconds\naborted by user"}),
            codex_event({"type": "item_completed",
                         "item": {"type": "CommandExecution", "id": "c1", "status": "failed", "exit_code": -1}}),
        ], ("shell", None, "cancelled", "unknown", None)),
        ("codex", "lines", [
            NEVER,
            codex({"type": "function_call", "name": "exec_command", "arguments": '{"cmd": "sleep 45"}'}),
            codex({"type": "function_call_output", "output": "aborted by user after 6.1s"}),
        ], ("shell", None, "cancelled", "auto", None)),
        ("codex", "lines", [  # 0.143.0
            codex({"type": "function_call", "name": "exec_command", "arguments": '{"cmd": "rm -rf x"}'}),
            codex({"type": "function_call_output", "output": REJECTED}),
        ], ("shell", None, "denied", "denied", "rule")),
        ("opencode", "document", [{**OPENCODE, "state": {"status": "error", "error": BY_RULE}}],  # 1.1.65
         ("shell", None, "denied", "denied", "rule")),
        ("copilot-cli", "lines", [  # 1.0.34
            COPILOT,
            copilot("complete", success=False, error={"code": "denied", "message": "denied due the following rules"}),
        ], ("shell", None, "denied", "denied", "rule")),
        ("copilot-cli", "lines", [  # 1.0.81
            COPILOT, copilot("complete", success=False, error={"code": "denied", "message": UNASKABLE}),
        ], ("shell", None, "denied", "denied", "nobody_to_ask")),
        ("copilot-cli", "lines", [  # 1.0.68
            COPILOT,
            copilot("complete", success=True, toolTelemetry={"properties": SHELL},
                    result={"content": "no\n<shellId: 1 completed with exit code 1>"}),
        ], ("shell", None, "error", "unknown", None)),
        ("copilot-cli", "lines", [
            COPILOT,
            copilot("complete", success=True, toolTelemetry={"properties": SHELL},
                    result={"content": "<exited with exit code 0>"}),
        ], ("shell", None, "ok", "unknown", None)),
        ("qwen-code", "lines", [  # 0.15.10
            QWEN_CALL,
            qwen("tool_result", {"functionResponse": {"name": "run_shell_command", "response": {"output": FAILED}}},
                 toolCallResult={"callId": "c1", "status": "success"}),
        ], ("shell", None, "error", "unknown", None)),
        ("claude-code", "lines", [  # 2.1.224
            CLAUDE_CALL,
            claude("user", {"type": "tool_result", "tool_use_id": "c1", "is_error": True, "content": f"{REFUSED}."},
                   toolDenialKind="permission-rule"),
        ], ("shell", None, "denied", "denied", "rule")),
        ("claude-code", "lines", [CLAUDE_CALL, refused(NOBODY)], ("shell", None, "unknown", "unknown", None)),
        ("claude-code", "lines", [  # 2.1.332; older ones write the same of what was broken off, without the last word
            CLAUDE_CALL, refused(NOBODY) | {"toolDenialKind": "user-rejected", "toolDenialBeforeRun": True},
        ], ("shell", None, "denied", "denied", "user")),
        ("claude-code", "lines", [  # 2.1.197: interrupted as it ran
            {"type": "user", "timestamp": AT, "permissionMode": "bypassPermissions"}, CLAUDE_CALL, refused(NOBODY),
        ], ("shell", None, "cancelled", "auto", None)),
        ("claude-code", "lines", [CLAUDE_CALL, refused("PreToolUse:Bash hook error: not here")],
         ("shell", None, "denied", "denied", "rule")),
        ("claude-code", "lines", [CLAUDE_CALL, refused(PLAN)], ("shell", None, "denied", "denied", "mode")),
        ("claude-code", "lines", [claude_mcp("mcp__my_kb__find"), refused("down")],
         ("mcp", "find", "error", "unknown", None)),
        ("opencode", "document", [{**OPENCODE, "tool": "a__b_find", "state": {"status": "completed"}}],  # 1.1.65
         ("mcp", "find", "unknown", "unknown", None)),
        ("claude-code", "lines", [
            CLAUDE_CALL,
            claude("user", {"type": "tool_result", "tool_use_id": "c1", "is_error": True,
                            "content": f"{REFUSED} because Claude Code is running in don't ask mode"}),
        ], ("shell", None, "denied", "denied", "mode")),
        ("gptme", "lines", [gptme("Interrupted by user")], ("shell", None, "cancelled", "unknown", None)),
        ("gptme", "lines", [gptme("No command provided", "mcp")], ("tool", None, "unknown", "unknown", None)),
        ("gptme", "lines", [  # 0.34.0: of two calls in one message the second
            {"role": "assistant", "content": "\n@read(call_0): {}\n@shell(call_1): {}", "timestamp": AT},
            gptme("Ran command: `x`\n\nNo output\n"),
        ], ("shell", None, "ok", "unknown", None)),
        ("claude-code", "lines", [  # 2.1.281: nobody was there to reject it
            claude_mcp("mcp__a__b__find"), refused(UNGRANTED) | {"toolDenialKind": "user-rejected"},
        ], ("mcp", "find", "denied", "denied", "nobody_to_ask")),
        ("mistral-vibe", "lines", [vibe_call("a__b_find"), vibe("<user_cancellation>User cancelled")],  # 2.24.5
         ("mcp", "find", "denied", "denied", "unknown")),
        ("mistral-vibe", "lines", [vibe_call("bash"), vibe("<user_cancellation>Tool execution interrupted by")],
         ("shell", None, "cancelled", "unknown", None)),
        ("mistral-vibe", "lines", [vibe_call("a__b_find"), vibe("ok: True\nserver: stdio:x\ntool: find\ntext: x")],
         ("mcp", "find", "unknown", "unknown", None)),
        ("mistral-vibe", "lines", [vibe_call("bash"), vibe("command: x\nstdout: \nstderr: ")],
         ("shell", None, "ok", "unknown", None)),
        ("factory-droid", "lines", [droid("tool_use", id="c1", name="a__b___find"),  # 0.109.3
                                    droid("tool_result", tool_use_id="c1", is_error=False, content="Error: down")],
         ("mcp", "find", "unknown", "unknown", None)),
        ("factory-droid", "lines", [
            droid("tool_use", id="c1", name="a__b___find"),
            droid("tool_result", tool_use_id="c1", is_error=True,
                  content="Error: Exec ended early: MCP tool a__b___find requires higher autonomy to proceed. Re-run"),
        ], ("mcp", "find", "denied", "denied", "nobody_to_ask")),
        ("continue", "document", [  # 1.5.11
            {"sessionId": "s", "history": [{"toolCallStates": [GENERATED]},
                                           {"message": {"role": "tool", "toolCallId": "c1", "content": "You must"}}]},
        ], ("file_write", None, "unknown", "unknown", None)),
    ],
)  # fmt: skip
def test_what_an_older_version_wrote_is_read(
    client: str, shape: str, entries: list[dict[str, Any]], expected: Expected
) -> None:
    *_, action = told(client, shape, entries)
    assert (action.action, action.mcp_tool, action.result, action.decision, action.denied_by) == expected


def told(client: str, shape: str, entries: list[dict[str, Any]]) -> Iterator[Action]:
    """The complete calls of entries, by every part of the client's catalog entry that has their shape."""
    entry = load_client(CATALOG / f"{client}.toml")
    assert entry.actions
    calls = Calls()
    for transcript in entry.transcript:
        reader = TranscriptReader(transcript)
        for value in entries if transcript.shape == shape else ():
            for said in reader.read(value, ()).statements:
                calls.add(said, "s", "", "file", 0)
    proof = Evidence(collector="actions")
    scene = Scene("e", "dev", client, entry.actions, SERVERS, str, lambda path: proof)
    for call in calls.take(before=datetime(2000, 1, 1, tzinfo=UTC)):
        action = record(scene, calls, call)
        if action.call_id:
            yield action


@pytest.mark.parametrize(
    ("client", "name", "expected"),
    [
        ("claude-code", "mcp__my_kb__find", ("my.kb", "find", "definition")),
        ("claude-code", "mcp__a__b__find__page", ("a__b", "find__page", "definition")),
        ("claude-code", "mcp__plugin_docs_docs__find", ("docs", "find", "definition")),
        ("claude-code", "mcp__gone__find", ("gone", "find", "name")),
        ("kimi-cli", "mcp__a_b__find_page", ("a__b", "find_page", "definition")),
        ("kimi-cli", f"mcp__a_b__{'x' * 45}_0a1b2c3d", ("a__b", None, "definition")),
    ],
)
def test_a_name_that_the_client_changed_means_the_definition(
    client: str, name: str, expected: tuple[str | None, str | None, str]
) -> None:
    entry = load_client(CATALOG / f"{client}.toml")
    assert entry.actions
    assert resolve(name, entry.actions.mcp, SERVERS) == expected


@pytest.mark.parametrize(
    ("settings", "mode"),
    [
        ({"autonomyMode": "auto-high", "tags": [{"name": "exec"}]}, "auto-high"),
        ({"autonomyMode": "auto-low"}, "auto-low"),
        # As `droid exec --skip-permissions-unsafe` of 0.109.3 and 0.215.0 leaves it.
        ({"autonomyMode": "auto-low", "tags": [{"name": "exec"}]}, "unknown"),
    ],
)
def test_a_mode_that_may_be_a_less_safe_one_is_unknown(settings: dict[str, Any], mode: str) -> None:
    entry = load_client(CATALOG / "factory-droid.toml")
    read = TranscriptReader(next(one for one in entry.transcript if one.shape == "document")).read
    (said,) = [one.mode for one in read(settings, ("p", "s")).statements if one.mode]
    assert (said if entry.actions and said in entry.actions.modes else "unknown") == mode


def test_a_call_that_another_file_tells_of_ran_in_the_mode_of_its_time() -> None:
    entry = load_client(CATALOG / "claude-code.toml")
    read = TranscriptReader(next(one for one in entry.transcript if one.rule)).read
    modes = {"08:00": "default", "09:00": "bypassPermissions"}
    lines = [
        ("main", {"type": "user", "timestamp": f"2026-11-28T{at}:00Z", "permissionMode": mode})
        for at, mode in modes.items()
    ]
    early = {**claude_mcp("mcp__a__b__find"), "timestamp": "2026-11-28T08:30:00Z"}
    late = claude("assistant", {"type": "tool_use", "id": "c2", "name": "Bash", "input": {}})
    calls = Calls()
    for source, line in (*lines, ("agent", early), ("main", late)):
        for said in read(line, ()).statements:
            calls.add(said, "s", "", source, 0)
    assert {call.id: call.mode for call in calls.open.values()} == {"c1": "default", "c2": "bypassPermissions"}
