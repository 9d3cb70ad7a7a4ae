"""A home with 60 configured servers in 15 files of different clients and formats, and many more folders."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

PER_FILE = 4
Entries = Mapping[str, Mapping[str, Any]]


def servers(prefix: str, revision: int = 0) -> dict[str, dict[str, Any]]:
    """Four definitions, as most clients spell them; `revision` changes one argument of the first."""
    return {
        f"{prefix}-files": {
            "command": "npx",
            "args": ["-y", "@modelcontextprotocol/server-filesystem@1.2.3", f"--revision={revision}"],
            "env": {"LOG_LEVEL": "info", "CACHE_DIR": "cache"},
        },
        f"{prefix}-git": {"command": "uvx", "args": ["mcp-server-git==0.6.2", "--repository", "."]},
        f"{prefix}-web": {"url": f"https://{prefix}.example.com/mcp", "headers": {"X-Team": "core"}},
        f"{prefix}-db": {"command": "docker", "args": ["run", "-i", "--rm", "-e", "PGHOST", f"example/{prefix}:2"]},
    }


def _json(key: str) -> Callable[[Entries], str]:
    return lambda entries: json.dumps({"theme": "dark", key: entries}, indent=2)


def _jsonc(key: str) -> Callable[[Entries], str]:
    return lambda entries: (
        f'// servers\n{{\n  "theme": "dark", /* mine */\n  "{key}": {json.dumps(entries, indent=2)},\n}}\n'
    )


def _toml(entries: Entries) -> str:
    text = 'model = "x"\n'
    for name, entry in entries.items():
        tables = {k: v for k, v in entry.items() if isinstance(v, Mapping)}
        plain = {k: v for k, v in entry.items() if k not in tables}
        text += f"\n[mcp_servers.{name}]\n" + "".join(f"{k} = {json.dumps(v)}\n" for k, v in plain.items())
        for key, table in tables.items():
            inner = ", ".join(f"{json.dumps(k)} = {json.dumps(v)}" for k, v in table.items())
            text += f"{'http_headers' if key == 'headers' else key} = {{ {inner} }}\n"
    return text


def _goose(entries: Entries) -> str:
    names = {"command": "cmd", "env": "envs", "url": "uri"}
    extensions = {
        name: {
            "enabled": True,
            "type": "streamable_http" if "url" in entry else "stdio",
            **{names.get(k, k): v for k, v in entry.items()},
        }
        for name, entry in entries.items()
    }
    return yaml.safe_dump({"GOOSE_MODEL": "x", "extensions": extensions})


def _continue(entries: Entries) -> str:
    listed = [{"name": name, **entry} for name, entry in entries.items()]
    return yaml.safe_dump({"name": "mine", "version": "1.0.0", "schema": "v1", "mcpServers": listed})


def _opencode(entries: Entries) -> str:
    return _jsonc("mcp")({
        name: {"type": "remote", **entry}
        if "url" in entry
        else {"type": "local", "command": [entry["command"], *entry["args"]], "environment": entry.get("env", {})}
        for name, entry in entries.items()
    })  # fmt: skip


class File(NamedTuple):
    """One configuration file below the home."""

    prefix: str
    path: str
    write: Callable[[Entries], str]

    def text(self, revision: int = 0) -> str:
        return self.write(servers(self.prefix, revision))


FILES = (
    File("claude", ".claude.json", _json("mcpServers")),
    File("cursor", ".cursor/mcp.json", _json("mcpServers")),
    File("windsurf", ".codeium/windsurf/mcp_config.json", _json("mcpServers")),
    File("gemini", ".gemini/settings.json", _json("mcpServers")),
    File("copilot", ".copilot/mcp-config.json", _json("mcpServers")),
    File("desktop", ".config/Claude/claude_desktop_config.json", _json("mcpServers")),
    File("code", ".config/Code/User/mcp.json", _jsonc("servers")),
    File("zed", ".config/zed/settings.json", _jsonc("context_servers")),
    File("opencode", ".config/opencode/opencode.jsonc", _opencode),
    File("codex", ".codex/config.toml", _toml),
    File("shop-codex", "src/shop/.codex/config.toml", _toml),
    File("goose", ".config/goose/config.yaml", _goose),
    File("continue", ".continue/config.yaml", _continue),
    File("shop-claude", "src/shop/.mcp.json", _json("mcpServers")),
    File("shop-code", "src/shop/.vscode/mcp.json", _jsonc("servers")),
)
OF_PROJECTS = tuple(
    file
    for number in range(14)
    for file in (
        File(f"app{number}-codex", f"src/app{number}/.codex/config.toml", _toml),
        File(f"app{number}-claude", f"src/app{number}/.mcp.json", _json("mcpServers")),
    )
)
"""More files, for those who change many: what changes a single one more than a dozen times at once has to wait."""
NAMES = frozenset(name for file in FILES for name in servers(file.prefix))


def make(home: Path, uid: int, projects: int = 0, files: Iterable[File] = FILES) -> None:
    """The files, and so many further projects whose configuration folders hold no server."""
    for file in files:
        (home / file.path).parent.mkdir(parents=True, exist_ok=True)
        (home / file.path).write_text(file.text())
    for number in range(projects):
        (home / f"src/p{number}/.git").mkdir(parents=True, exist_ok=True)
        (home / f"src/p{number}/.vscode").mkdir(exist_ok=True)
        (home / f"src/p{number}/.vscode/mcp.json").write_text('{"servers": {}}')
    for folder, folders, files in os.walk(home):
        for name in (".", *folders, *files):
            os.chown(os.path.join(folder, name), uid, uid)
