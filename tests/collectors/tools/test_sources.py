"""Every source of tools in the catalog, on small files of its shape: which server, which tools, how they are known."""

from __future__ import annotations

import json
import sqlite3
import zipfile
from pathlib import Path
from typing import Any

import pytest

from agent.records import Diagnostic, ToolList
from collectors.catalog.catalog import Catalog
from collectors.tools.collector import ToolCollector
from tests import made
from tests.collectors.world import World

CLIENTS = Catalog.load().clients
READ = {"name": "read_note", "description": "Reads one note.", "inputSchema": {"type": "object"}}


def told(world: World) -> dict[str, tuple[str, list[str], bool]]:
    """By server: how it is known, the tools, and whether these are all."""
    found = (record for one in ToolCollector().collect(world.context) for record in one.records)
    lists = [record for record in found if isinstance(record, ToolList)]
    return {one.server: (one.known_from, [tool.name for tool in one.tools], one.complete) for one in lists}


def world_of(tmp_path: Path, client: str, *servers: str, **more: Any) -> World:
    world = World(tmp_path, CLIENTS[client], **more)
    world.known = [made.server(name, agent=client) for name in servers]
    return world


def test_cursor_keeps_a_file_for_each_tool_and_the_name_beside(tmp_path: Path) -> None:
    world = world_of(tmp_path, "cursor")
    folder = "~/.cursor/projects/home-dev-app/mcps/user-notes"
    world.write(f"{folder}/SERVER_METADATA.json", {"serverIdentifier": "user-notes", "serverName": "notes"})
    for name in ("read_note", "drop_note"):
        world.write(f"{folder}/tools/{name}.json", {"name": name, "arguments": {"type": "object", "properties": {}}})
    world.write("~/.cursor/projects/home-dev-app/mcps/user-nameless/tools/x.json", {"name": "x"})
    known_from, tools, complete = told(world)["notes"]
    assert (known_from, sorted(tools), complete) == ("cache", ["drop_note", "read_note"], True)
    assert list(told(world)) == ["notes"]


def state(path: Path, items: dict[str, object]) -> None:
    """A database as VS Code keeps its state in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE ItemTable (key TEXT UNIQUE ON CONFLICT REPLACE, value BLOB)")
    database.executemany("INSERT INTO ItemTable VALUES (?, ?)", [(k, json.dumps(v)) for k, v in items.items()])
    database.commit()
    database.close()


def test_vs_code_keeps_them_by_collection_and_name_in_its_state(tmp_path: Path) -> None:
    world = world_of(tmp_path, "vscode")
    tool = {**READ, "name": "read_note_", "serverToolName": "read note", "_icons": []}
    servers = [
        ["mcp.config.usrlocal.my.notes", {"nonce": "1", "tools": [tool]}],
        ["workspace-dot-mcp.0.web", {"tools": [{**READ, "serverToolName": "fetch"}]}],
        ["ext.someone.ext/theirs", {"tools": [tool]}],
    ]
    filler = {f"chat.{n}": "x" * 90_000 for n in range(30)}
    items = {**filler, "mcpToolCache": {"extensionServers": [], "serverTools": servers}}
    state(world.here("~/.config/Code/User/globalStorage/state.vscdb"), items)
    assert told(world) == {"my.notes": ("cache", ["read note"], True), "web": ("cache", ["fetch"], True)}


def test_claude_desktop_tells_them_in_manifests_and_logs(tmp_path: Path) -> None:
    world = world_of(tmp_path, "claude-desktop", os="macos")
    support = "~/Library/Application Support/Claude/Claude Extensions/someone.notes"
    world.write(
        f"{support}/manifest.json", {"name": "notes", "tools": [{"name": "read_note", "description": "Reads."}]}
    )
    answer = {"jsonrpc": "2.0", "id": 1, "result": {"tools": [READ]}}
    cut = '{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"lost","descr...[117 chars truncated]..."}]}}'
    call = {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"note": '"tools":['}}
    log = [
        f"2026-11-20T10:00:00.000Z [web] [info] Message from server: {json.dumps(answer, separators=(',', ':'))} {{}}"
    ]
    log += [f"2026-11-20T10:00:01.000Z [web] [info] Message from server: {cut}"]
    log += [f"2026-11-20T10:00:02.000Z [web] [info] Message from client: {json.dumps(call)}", ""]
    world.write("~/Library/Logs/Claude/mcp-server-web.log", "\n".join(log))
    assert told(world) == {"notes": ("manifest", ["read_note"], False), "web": ("log", ["read_note"], True)}


def test_goose_names_them_in_its_permissions(tmp_path: Path) -> None:
    world = world_of(tmp_path, "goose", "notes")
    permission = (
        "user:\n  always_allow: [notes__read_note]\nsmart_approve:\n  ask_before: [notes__drop, developer__shell]\n"
    )
    world.write("~/.config/goose/permission.yaml", permission)
    assert told(world) == {"notes": ("permissions", ["read_note", "drop"], False)}


@pytest.mark.parametrize(
    ("client", "file", "entry", "names"),
    [
        ("cline", "~/.cline/data/settings/cline_mcp_settings.json", {"autoApprove": ["read_note", "*"]}, ["read_note"]),
        ("roo-code", "~/.config/Code/User/globalStorage/rooveterinaryinc.roo-cline/settings/mcp_settings.json",
         {"alwaysAllow": ["read_note"], "disabledTools": ["drop"]}, ["read_note", "drop"]),
        ("kilo-code", "~/.kilocode/cli/global/settings/mcp_settings.json", {"alwaysAllow": ["drop"]}, ["drop"]),
    ],
)  # fmt: skip
def test_clients_write_the_tools_that_somebody_allowed_or_switched_off_beside_the_server(
    tmp_path: Path, client: str, file: str, entry: dict[str, Any], names: list[str]
) -> None:
    world = world_of(tmp_path, client)
    world.write(file, {"mcpServers": {"notes": {"command": "notes", **entry}, "bare": {"command": "x"}}})
    assert told(world) == {"notes": ("permissions", names, False)}


def test_a_docker_catalogue_tells_what_its_servers_offer(tmp_path: Path) -> None:
    world = world_of(tmp_path, "docker-mcp")
    world.write(
        "~/.docker/mcp/catalogs/own.yaml", "registry:\n  notes:\n    image: x\n    tools:\n      - name: read_note\n"
    )
    assert told(world) == {"notes": ("catalogue", ["read_note"], False)}


def test_codex_keeps_tools_of_apps_and_those_of_threads(tmp_path: Path) -> None:
    world = world_of(tmp_path, "codex")
    app = {"server_name": "codex_apps", "tool_name": "mail_search", "tool_namespace": "mail", "tool": READ}
    world.write("~/.codex/cache/codex_apps_tools/0a1b.json", {"schema_version": 4, "tools": [app]})
    database = sqlite3.connect(world.here("~/.codex/state_5.sqlite"))
    database.execute(
        "CREATE TABLE thread_dynamic_tools (thread_id TEXT NOT NULL, position INTEGER NOT NULL, name TEXT NOT NULL,"
        " description TEXT NOT NULL, input_schema TEXT NOT NULL, defer_loading INTEGER NOT NULL DEFAULT 0,"
        " namespace TEXT, PRIMARY KEY(thread_id, position))"
    )
    row = ("t", 0, "open_ticket", "Opens one.", '{"type":"object","properties":{"title":{}}}', 0, "desk")
    database.execute("INSERT INTO thread_dynamic_tools VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    database.commit()
    database.close()
    assert told(world) == {
        "codex_apps": ("cache", ["read_note"], True), "desk": ("registration", ["open_ticket"], False),
    }  # fmt: skip


def test_claude_code_notes_what_a_session_starts_with(tmp_path: Path) -> None:
    world = world_of(tmp_path, "claude-code", "team_kb")
    at = {"timestamp": "2026-11-20T10:00:00.000Z", "version": "2.1.332", "type": "attachment"}
    names = ["WebFetch", "mcp__team_kb__find_page", "mcp__probe-stdio__echo"]
    entry = {"name": "mcp__team_kb__put_page", "description": "Stores.", "input_schema": {"type": "object"}}
    lines = [
        {**at, "attachment": {"type": "deferred_tools_delta", "addedNames": names}},
        {**at, "attachment": {"type": "deferred_tools_record", "entries": [entry]}},
        {"type": "user", "message": {"content": "deferred_tools_delta mcp__team_kb__not_a_tool"}},
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    world.write("~/.claude/projects/-home-dev-app/1.jsonl", text)
    found = told(world)
    assert found["probe-stdio"] == ("transcript", ["echo"], False)
    assert found["team_kb"][0::2] == ("transcript", False)


def test_an_archive_tells_of_a_server_that_is_defined_and_a_bomb_is_a_diagnostic(tmp_path: Path) -> None:
    world = world_of(tmp_path, "claude-desktop", "notes")
    downloads = world.here("~/Downloads")
    downloads.mkdir(parents=True)
    manifest = {"manifest_version": "0.3", "name": "notes", "tools": [{"name": "read_note"}], "tools_generated": True}
    for name, content in (("notes.mcpb", json.dumps(manifest)), ("bomb.mcpb", "0" * 9_000_000)):
        with zipfile.ZipFile(downloads / name, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("manifest.json", content)
    assert told(world) == {"notes": ("catalogue", ["read_note"], False)}
    found = [record for one in ToolCollector().collect(world.context) for record in one.records]
    assert [record.code for record in found if isinstance(record, Diagnostic)] == ["tools.parse.too_large"]


def test_a_large_value_in_the_state_of_vs_code_is_read_whole_and_a_larger_one_is_a_diagnostic(tmp_path: Path) -> None:
    many = [{**READ, "serverToolName": f"read_{number}", "description": "x" * 1_000} for number in range(300)]
    for name, count, expected in (("app", 5, 300), ("web", 40, None)):
        world = world_of(tmp_path / name, "vscode")
        servers = [[f"mcp.config.usrlocal.{number}", {"tools": many[:300]}] for number in range(count)]
        path = world.here("~/.config/Code/User/globalStorage/state.vscdb")
        state(path, {"other": 1, "mcpToolCache": {"extensionServers": [], "serverTools": servers}})
        size = path.stat().st_size
        found = [record for one in ToolCollector().collect(world.context) for record in one.records]
        lists = [len(record.tools) for record in found if isinstance(record, ToolList)]
        codes = [record.code for record in found if isinstance(record, Diagnostic)]
        assert size > 1_500_000
        assert (lists, codes) == (([300] * 5, []) if expected else ([], ["tools.parse.too_large"]))
