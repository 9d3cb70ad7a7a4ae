"""A model on loopback that asks for one probe after another, in the wire formats of Anthropic, OpenAI and Gemini.

It keeps no state: how many results a conversation holds says which probe is next. A probe whose tool is not offered is
passed over.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Json = dict[str, Any]

SHELLS = ("bash", "run_shell_command")
WRITERS = ("write", "write_file", "create")
SERVER_TOOL = "note_call"


@dataclass(frozen=True)
class Tool:
    """One tool as it was offered to the model."""

    name: str
    schema: Json

    def probe(self) -> str | None:
        """The probe that this tool is good for."""
        if self.name.endswith(SERVER_TOOL):
            return "server"
        short = self.name.lower()
        if short == "tool_search":
            return "search"
        return "command" if short in SHELLS else "edit" if short in WRITERS else None

    def arguments(self, values: Mapping[str, object]) -> Json:
        """The values that this tool takes, and something for everything else it requires."""
        properties: Json = self.schema.get("properties", {})
        filler = {"string": "probe", "boolean": False, "number": 1, "integer": 1, "array": [], "object": {}}
        given = {name: value for name, value in values.items() if name in properties}
        needed = {
            name: filler.get(properties.get(name, {}).get("type"), "probe") for name in self.schema.get("required", ())
        }
        return needed | given


PROBES: tuple[tuple[str, Json], ...] = (
    ("search", {"query": f"select:mcp__probe__{SERVER_TOOL}"}),
    ("command", {"command": "./note command", "is_background": False}),
    ("edit", dict.fromkeys(("file_path", "path"), "{project}/edited.txt") | {"content": "x", "file_text": "x"}),
    ("server", {}),
)
"""What is asked for, in this order; a search brings tools that a client offers late. The machine puts `note` there."""


def next_call(tools: list[Tool], done: int, project: str) -> tuple[Tool, Json] | None:
    """The call that comes after so many results; none when all probes were asked for."""
    offered = {probe: tool for tool in tools if (probe := tool.probe())}
    asked = [(offered[name], values) for name, values in PROBES if name in offered]
    if done >= len(asked):
        return None
    tool, values = asked[done]
    filled = {key: v.replace("{project}", project) if isinstance(v, str) else v for key, v in values.items()}
    return tool, tool.arguments(filled)


class Model(ThreadingHTTPServer):
    """Serves until it is closed; an address carries the project's folder to the answers."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def environment(self) -> dict[str, str]:
        """Where the model is for whoever works in the project whose folder is added, and how it is used as a proxy."""
        here = f"http://127.0.0.1:{self.server_address[1]}"
        return {"MODEL": f"{here}/at", "PROXY": here}


Answer = Iterator[tuple[str | None, Json]]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        return

    def do_GET(self) -> None:
        self._json({"object": "list", "data": [{"id": "fake-model", "object": "model"}]})

    def do_HEAD(self) -> None:
        self._json({})

    def do_CONNECT(self) -> None:
        """For a client that sends everything to its proxy: a tunnel to here, and to nowhere else."""
        here = f"127.0.0.1:{self.server.server_address[1]}"
        self.send_response(200 if self.path == here else 502)
        self.end_headers()
        self.close_connection = self.path != here

    def do_POST(self) -> None:
        body = json.loads(self._body() or b"{}")
        path = self.path.split("?")[0]
        for end, answer in _DIALECTS.items():
            if path.endswith(end):
                project = path[len("/at") :].split("/v1")[0]
                events = list(answer(body, project))
                streamed = body.get("stream") or "stream" in end
                return self._events(events) if streamed else self._json(_whole(end, events))
        return self._json({"input_tokens": 1, "totalTokens": 1})

    def _body(self) -> bytes:
        if self.headers.get("transfer-encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("content-length") or 0))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _json(self, value: Json) -> None:
        data = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _events(self, events: list[tuple[str | None, Json]]) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        self.close_connection = True
        for name, value in events:
            head = f"event: {name}\n" if name else ""
            self.wfile.write(f"{head}data: {json.dumps(value)}\n\n".encode())


def _anthropic(body: Json, project: str) -> Answer:
    tools = [Tool(t["name"], t.get("input_schema") or {}) for t in body.get("tools") or ()]
    parts = [p for m in body.get("messages", ()) if isinstance(m["content"], list) for p in m["content"]]
    done = sum(part.get("type") == "tool_result" for part in parts)
    call = next_call(tools, done, project)
    start = (
        {"type": "tool_use", "id": f"toolu_{done}", "name": call[0].name, "input": {}} if call else _TEXT | {"text": ""}
    )
    delta = (
        {"type": "input_json_delta", "partial_json": json.dumps(call[1])}
        if call
        else {"type": "text_delta", "text": "Done."}
    )
    message = {"id": f"msg_{done}", "type": "message", "role": "assistant", "model": body.get("model"), "content": []}
    usage = {"input_tokens": 1, "output_tokens": 1}
    yield "message_start", {"type": "message_start", "message": message | {"stop_reason": None, "usage": usage}}
    yield "content_block_start", {"type": "content_block_start", "index": 0, "content_block": start}
    yield "content_block_delta", {"type": "content_block_delta", "index": 0, "delta": delta}
    yield "content_block_stop", {"type": "content_block_stop", "index": 0}
    stop = {"stop_reason": "tool_use" if call else "end_turn", "stop_sequence": None}
    yield "message_delta", {"type": "message_delta", "delta": stop, "usage": {"output_tokens": 1}}
    yield "message_stop", {"type": "message_stop"}


_TEXT: Json = {"type": "text", "text": "Done."}


def _openai(body: Json, project: str) -> Answer:
    tools = [Tool(t["function"]["name"], t["function"].get("parameters") or {}) for t in body.get("tools") or ()]
    done = sum(message.get("role") == "tool" for message in body.get("messages", ()))
    call = next_call(tools, done, project)
    function = {"name": call[0].name, "arguments": json.dumps(call[1])} if call else None
    used = {"tool_calls": [{"index": 0, "id": f"call_{done}", "type": "function", "function": function}]}
    delta = {"role": "assistant", **(used | {"content": None} if function else {"content": "Done."})}
    base = {"id": f"chat_{done}", "object": "chat.completion.chunk", "created": 1, "model": body.get("model")}
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    yield None, base | {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
    end = {"index": 0, "delta": {}, "finish_reason": "tool_calls" if function else "stop"}
    yield None, base | {"choices": [end], "usage": usage}


def _gemini(body: Json, project: str) -> Answer:
    declared = [f for t in body.get("tools") or () for f in t.get("functionDeclarations", ())]
    tools = [Tool(f["name"], f.get("parametersJsonSchema") or f.get("parameters") or {}) for f in declared]
    parts = [part for content in body.get("contents", ()) for part in content.get("parts", ())]
    done = sum("functionResponse" in part for part in parts)
    call = next_call(tools, done, project)
    wanted = body.get("generationConfig", {}).get("responseMimeType") == "application/json"
    text = json.dumps({"reasoning": "x", "next_speaker": "user", "model_choice": "flash"}) if wanted else "Done."
    part: Json = {"functionCall": {"name": call[0].name, "args": call[1], "id": f"c{done}"}} if call else {"text": text}
    candidate = {"content": {"role": "model", "parts": [part]}, "finishReason": "STOP", "index": 0}
    usage = {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2}
    yield None, {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "fake", "responseId": f"r{done}"}


_DIALECTS: dict[str, Callable[[Json, str], Answer]] = {
    "/messages": _anthropic,
    "/chat/completions": _openai,
    ":streamGenerateContent": _gemini,
    ":generateContent": _gemini,
}


def _whole(end: str, events: list[tuple[str | None, Json]]) -> Json:
    """The answer for a client that does not stream: small questions without tools."""
    if end == "/messages":
        message: Json = events[0][1]["message"]
        return message | {"content": [_TEXT], "stop_reason": "end_turn"}
    if end == "/chat/completions":
        choice = {"index": 0, "message": {"role": "assistant", "content": "Done."}, "finish_reason": "stop"}
        return events[0][1] | {"object": "chat.completion", "choices": [choice], "usage": events[-1][1]["usage"]}
    return events[0][1]
