"""One home, 22 client files, 36 servers: every format and shape, former names, projects, a folder of another system."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Outcome, Rollcall

Place = Callable[[Path, Mapping[str, object]], Path]
SECRET = "Zq8planted4w"
STORE = "AppData/Local/Packages/Claude_pzs8sxrjxfjjc/LocalCache/Roaming/Claude/claude_desktop_config.json"

HOME: dict[str, object] = {
    ".claude.json": {
        "numStartups": 7,
        "mcpServers": {
            "claude-user": {"type": "stdio", "command": "npx", "args": ["-y", "notes-mcp@1.4.2"]},
            "claude-sse": {"type": "sse", "url": f"https://team:{SECRET}@sse.example.com/sse?key={SECRET}"},
        },
        "projects": {
            "/home/dev/code/shop": {"mcpServers": {"claude-local": {"command": "uvx", "args": ["ledger-mcp"]}}}
        },
    },
    "code/shop/.mcp.json": {
        "mcpServers": {
            "shop-db": {"command": "mysql-mcp", "args": ["-h", "db", "-ushop", f"-p{SECRET}"]},
            "shop-bash": {"command": "bash", "args": ["-c", "cd . && exec npx -y shop-tools-mcp@0.3.0 --stdio"]},
            "shop-image": {"command": "docker", "args": ["run", "-i", "-e", "STAGE", "ghcr.io/acme/shop-mcp:2.1.0"]},
        }
    },
    ".cursor/mcp.json": f"""\ufeff{{
      // what the team agreed on
      "mcpServers": {{
        "cursor-path": {{ "command": "/opt/acme/bin/acme-mcp", "args": ["--token", "{SECRET}"], }},
        /* "cursor-off": {{ "command": "no" }}, */
        "cursor-line": {{ "command": "npx -y @acme/search-mcp@latest" }},
        "cursor-http": {{ "url": "https://mcp.example.com/mcp", "headers": {{ "Authorization": "Bearer {SECRET}" }} }},
      }},
    }}""",
    ".codex/config.toml": """
model = "a-model"
[mcp_servers.codex-table]
command = "npx"
args = ["-y", "@acme/docs-mcp@3.0.1"]
env = { DOCS_ROOT = "/srv/docs" }
[mcp_servers."codex.quoted"]
url = "https://codex.example.com/mcp"
bearer_token_env_var = "CODEX_DOCS"
""",
    ".config/opencode/opencode.jsonc": """{
      "$schema": "https://opencode.ai/config.json",
      "lsp": { "acme": { "command": ["acme-lsp"] } }, // no MCP server
      "mcp": {
        "open-list": { "type": "local", "command": ["bunx", "lint-mcp@2.0.0"], "environment": { "LINT": "all" } },
        "open-off": { "type": "remote", "url": "https://open.example.com/mcp", "enabled": false },
      }
    }""",
    ".config/goose/config.yaml": """
GOOSE_MODEL: a-model
extensions:
  developer: {bundled: true, enabled: true, type: builtin, name: developer}
  goose-cmd:
    {type: stdio, name: goose-cmd, enabled: true, cmd: uvx, args: ["wiki-mcp==0.9"], env_keys: [WIKI_KEY], timeout: 300}
  goose-uri:
    type: streamable_http
    name: goose-uri
    enabled: false
    uri: https://goose.example.com/mcp
""",
    ".continue/config.yaml": """
name: Mine
mcpServers:
  - name: continue-npx
    command: npx
    args: ["-y", "files-mcp"]
  - {name: continue-http, type: streamable-http, url: "https://continue.example.com/mcp"}
""",
    ".continue/mcpServers/tickets.yaml": "mcpServers: [{name: continue-file, command: tickets-mcp, env: {A: b}}]",
    ".config/zed/settings.json": """// Zed settings
    {"theme": "One", "context_servers": {
      "zed-flat": {"source": "custom", "command": "node", "args": ["/opt/zed/server.js"]},
      "zed-nested": {"command": {"path": "npx", "args": ["-y", "mcp-remote", "https://zed.example.com/sse"]}},
    }}""",
    ".config/Code/User/mcp.json": """{ "servers": {
      "code-stdio": { "type": "stdio", "command": "uvx", "args": ["--from", "git+https://github.com/acme/mcp@v1.0.0"] },
      "code-http": { "type": "http", "url": "https://code.example.com/mcp" } }, "inputs": [] }""",
    ".config/Code/User/settings.json": '{"mcp.servers": {"code-setting": {"command": "deno", "args": ["npm:old"]}}}',
    "code/shop/.vscode/mcp.json": {"servers": {"shop-code": {"command": "dnx", "args": ["Acme.Mcp@1.2.3"]}}},
    "code/shop/.devcontainer/devcontainer.json": {
        "image": "debian",
        "customizations": {"vscode": {"mcp": {"servers": {"shop-container": {"command": "container-mcp"}}}}},
    },
    ".codeium/windsurf/mcp_config.json": {
        "mcpServers": {"windsurf-old": {"serverUrl": "https://surf.example.com/mcp"}}
    },
    ".config/devin/mcp_config.json": {"mcpServers": {"windsurf-new": {"command": "surf-mcp"}}},
    ".gemini/settings.json": {
        "mcpServers": {
            "gemini-http": {"httpUrl": "https://gemini.example.com/mcp"},
            "gemini-cmd": {"command": "cmd", "args": ["/c", "npx", "-y", "gem-mcp@5.0.0"]},
        }
    },
    ".cline/data/settings/cline_mcp_settings.json": {
        "mcpServers": {"cline-moved": {"transport": {"type": "sse", "url": "https://cline.example.com/sse"}}}
    },
    ".config/kilo/kilo.jsonc": '{"mcp": {"kilo-renamed": {"type": "local", "command": ["kilo-mcp", "serve"],},},}',
    STORE: {
        "mcpServers": {
            "store-npx": {"command": "C:\\Program Files\\nodejs\\npx.cmd", "args": ["-y", "desk-mcp@7.0.0"]},
            "store-exe": {"command": "C:\\Tools\\desk.exe", "args": ["--api-key=" + SECRET]},
        }
    },
    ".aws/amazonq/mcp.json": {"mcpServers": {"q-off": {"command": "uvx", "args": ["q-mcp@latest"], "disabled": True}}},
    ".config/amp/settings.json": {"amp.mcpServers": {"amp-dotted": {"url": "https://amp.example.com/mcp"}}},
    ".config/crush/crush.json": {"mcp": {"crush-map": {"type": "stdio", "command": "npx", "args": ["crush-mcp"]}}},
}

# agent, scope, transport, and the package, the host or else the command
EXPECTED = {
    "claude-user": "claude-code user stdio pkg:npm/notes-mcp@1.4.2",
    "claude-sse": "claude-code user sse https://sse.example.com/sse",
    "claude-local": "claude-code local stdio pkg:pypi/ledger-mcp",
    "shop-db": "claude-code project stdio mysql-mcp",
    "shop-bash": "claude-code project stdio pkg:npm/shop-tools-mcp@0.3.0",
    "shop-image": "claude-code project stdio pkg:oci/shop-mcp?repository_url=ghcr.io/acme/shop-mcp&tag=2.1.0",
    "cursor-path": "cursor user stdio /opt/acme/bin/acme-mcp",
    "cursor-line": "cursor user stdio pkg:npm/%40acme/search-mcp",
    "cursor-http": "cursor user http https://mcp.example.com/mcp",
    "codex-table": "codex user stdio pkg:npm/%40acme/docs-mcp@3.0.1",
    "codex.quoted": "codex user http https://codex.example.com/mcp",
    "open-list": "opencode user stdio pkg:npm/lint-mcp@2.0.0",
    "open-off": "opencode user http https://open.example.com/mcp",
    "goose-cmd": "goose user stdio pkg:pypi/wiki-mcp@0.9",
    "goose-uri": "goose user http https://goose.example.com/mcp",
    "continue-npx": "continue user stdio pkg:npm/files-mcp",
    "continue-http": "continue user http https://continue.example.com/mcp",
    "continue-file": "continue user stdio tickets-mcp",
    "zed-flat": "zed user stdio node",
    "zed-nested": "zed user stdio pkg:npm/mcp-remote",
    "code-stdio": "vscode user stdio pkg:github/acme/mcp@v1.0.0",
    "code-http": "vscode user http https://code.example.com/mcp",
    "code-setting": "vscode user stdio pkg:npm/old",
    "shop-code": "vscode project stdio pkg:nuget/Acme.Mcp@1.2.3",
    "shop-container": "vscode project stdio container-mcp",
    "windsurf-old": "windsurf user http https://surf.example.com/mcp",
    "windsurf-new": "windsurf user stdio surf-mcp",
    "gemini-http": "gemini-cli user http https://gemini.example.com/mcp",
    "gemini-cmd": "gemini-cli user stdio pkg:npm/gem-mcp@5.0.0",
    "cline-moved": "cline user sse https://cline.example.com/sse",
    "kilo-renamed": "kilo-code user stdio kilo-mcp",
    "store-npx": "claude-desktop user stdio pkg:npm/desk-mcp@7.0.0",
    "store-exe": "claude-desktop user stdio C:\\Tools\\desk.exe",
    "q-off": "amazon-q user stdio pkg:pypi/q-mcp",
    "amp-dotted": "amp user http https://amp.example.com/mcp",
    "crush-map": "crush user stdio pkg:npm/crush-mcp",
}
LEAKY = {"claude-sse", "shop-db", "cursor-path", "cursor-http", "store-exe"}
OFF = {"open-off", "goose-uri", "q-off"}


@pytest.fixture
def seen(rollcall: Rollcall, place: Place, tmp_path: Path) -> Outcome:
    return rollcall.once(place(tmp_path / "root", {f"home/dev/{path}": content for path, content in HOME.items()}))


def test_all_36_servers_of_22_files_are_found_and_none_that_is_not_there(seen: Outcome) -> None:
    assert (len(HOME), len(EXPECTED)) == (22, 36)
    found = {}
    for server in seen.of("mcp_server"):
        target = server["package"] or server["url"] or server["command"]
        found[server["agent"], server["name"]] = f"{server['agent']} {server['scope']} {server['transport']} {target}"
    expected = {(line.split()[0], name): line for name, line in EXPECTED.items()}
    assert found.items() >= expected.items()
    # A project's file may count for several clients that are here; it is the same servers all the same.
    assert {name for _, name in found} == set(EXPECTED)
    assert seen.of("diagnostic") == []


def test_what_is_switched_off_and_what_holds_a_secret_is_said_and_no_secret_is_shown(seen: Outcome) -> None:
    servers = seen.of("mcp_server")
    assert {server["name"] for server in servers if not server["enabled"]} == OFF
    assert {server["name"] for server in servers if server["inline_secret"]} == LEAKY
    assert SECRET not in seen.stdout.decode()


def test_every_file_can_be_explained_as_that_of_its_client(rollcall: Rollcall, place: Place, tmp_path: Path) -> None:
    root = place(tmp_path / "root", {f"home/dev/{path}": content for path, content in HOME.items()})
    shown = rollcall("explain", "--format", "ndjson", *(root / "home/dev" / path for path in HOME))
    records = [json.loads(line) for line in shown.stdout.splitlines()]
    assert {record["name"] for record in records if record["kind"] == "mcp_server"} == set(EXPECTED)
