"""Whether a script is an MCP server by what it imports, whatever it is called and whoever defines it."""

from __future__ import annotations

import re
import stat

from collectors.processes.command import absolute, script_of, start_of
from collectors.sources.account import Home
from collectors.sources.filesystem.access import account_of
from collectors.sources.filesystem.file_tree import FileTree, UnreadableError
from collectors.sources.process.row import ProcessRow

_PYTHON = re.compile(
    rb"(?m)^\s*(?:from\s+mcp\.server\b|import\s+mcp\.server\b|from\s+fastmcp(?:\.server\b\S*)?\s+import\s[^\n]*\bFastMCP\b|"
    rb"from\s+fastapi_mcp\s+import\b)"
)
_NODE = re.compile(
    rb"""(?:\bfrom\s*|\brequire\(\s*|\bimport\(?\s*)["'](?:@modelcontextprotocol/sdk/server(?:/[\w./-]*)?|"""
    rb"""@modelcontextprotocol/server|fastmcp|mcp-framework)["']"""
)
_ENDINGS = {".py": _PYTHON, ".js": _NODE, ".mjs": _NODE, ".cjs": _NODE, ".ts": _NODE, ".mts": _NODE}
_HOSTS = frozenset({"uvicorn", "gunicorn", "hypercorn", "granian"})
"""Programs that serve what a module of the working directory defines: `uvicorn app:server`."""
_APPLICATION = re.compile(r"([A-Za-z_][\w.]*):[A-Za-z_][\w.]*(?:\(\))?")
_MOST_BYTES = 256_000
_CACHED = 4096


class ServerScripts:
    """Looks into scripts with the rights of whoever runs them; remembers what a path held."""

    def __init__(self, files: FileTree) -> None:
        self._files = files
        self._known: dict[tuple[int | None, str], bool] = {}

    def serves(self, row: ProcessRow) -> bool:
        """Whether the script of this process imports what only a server needs."""
        path = _script(row)
        pattern = _ENDINGS.get(path[path.rfind(".") :]) if path else None
        if path is None or pattern is None:
            return False
        key = row.uid, path
        if key not in self._known:
            if len(self._known) >= _CACHED:
                self._known.clear()
            home = account_of(row.uid) if row.uid is not None else None
            self._known[key] = pattern.search(self._text(path, home)) is not None
        return self._known[key]

    def _text(self, path: str, home: Home | None) -> bytes:
        status = self._files.status(path, home)
        if status is None or not stat.S_ISREG(status.st_mode) or status.st_size > _MOST_BYTES:
            return b""
        try:
            return self._files.read(path, home)
        except (OSError, UnreadableError):
            return b""


def _script(row: ProcessRow) -> str | None:
    """The script, or the module that a web server was told to serve."""
    start = start_of(row)
    if start is None:
        return None
    host = start.name.rpartition("/")[2]
    if host in _HOSTS:
        named = (match for word in start.args if (match := _APPLICATION.fullmatch(word)))
        module = next((match[1] for match in named), None)
        return absolute(f"{module.replace('.', '/')}.py", row.cwd) if module else None
    return script_of(row)
