"""Whether a script is an MCP server by what it imports, whatever it is called and whoever defines it."""

from __future__ import annotations

import re
import stat

from collectors.processes.command import absolute, start_of
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
        return any(self._serves(path, row.uid) for path in scripts(row))

    def _serves(self, path: str, uid: int | None) -> bool:
        pattern = _ENDINGS.get(path[path.rfind(".") :])
        if pattern is None:
            return False
        key = uid, path
        if key not in self._known:
            if len(self._known) >= _CACHED:
                self._known.clear()
            home = account_of(uid) if uid is not None else None
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


def scripts(row: ProcessRow) -> tuple[str, ...]:
    """Absolute paths of the script, of what a module of the working directory is, or of what a web server serves."""
    start = start_of(row)
    if start is None:
        return ()
    if start.name.rpartition("/")[2] in _HOSTS:
        named = (match for word in start.args if (match := _APPLICATION.fullmatch(word)))
        module = next((match[1] for match in named), None)
        return (_module(module, row, ".py"),) if module else ()
    if start.kind == "module":
        return tuple(_module(start.name, row, ending) for ending in (".py", "/__main__.py", "/server.py"))
    return (absolute(start.name, row.cwd),)


def _module(name: str, row: ProcessRow, ending: str) -> str:
    return absolute(f"{name.replace('.', '/')}{ending}", row.cwd)
