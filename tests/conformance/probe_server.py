"""An MCP server that notes, in the home it runs for, that it was started and that its tool was called."""

import json
import sys
from pathlib import Path

NAME = sys.argv[1]


def note(what: str) -> None:
    (Path.home() / f"{what}-{NAME}").touch()


TOOL = {
    "name": "note_call",
    "description": "Notes that it was called.",
    "inputSchema": {"type": "object", "properties": {}},
}

note("started")
for line in sys.stdin:
    message = json.loads(line)
    method = message.get("method")
    if method == "initialize":
        version = message["params"]["protocolVersion"]
        info = {"name": NAME, "version": "1"}
        result = {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": info}
    elif method == "tools/list":
        result = {"tools": [TOOL]}
    elif method == "tools/call":
        note("called")
        result = {"content": [{"type": "text", "text": "noted"}]}
    else:
        result = {}
    if "id" in message:
        print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}), flush=True)
