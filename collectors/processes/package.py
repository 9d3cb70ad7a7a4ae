"""The package that a running process belongs to: from where its code lies, else from how it was launched."""

from __future__ import annotations

import json
import os
import re

from agent.redaction import redact
from collectors.launch.identify import identify
from collectors.launch.packages import comparable, package_name
from collectors.launch.program_name import SHELLS, base_name
from collectors.processes.command import command_of, script_of, start_of
from collectors.sources.account import Home
from collectors.sources.filesystem.access import account_of
from collectors.sources.filesystem.file_tree import FileTree, UnreadableError
from collectors.sources.process.row import ProcessRow

__all__ = ["Programs", "base_name", "launched_package", "package_name"]

_BETWEEN_COMMANDS = re.compile(r"&&|\|\||[;&|\n]")
_SET_UP = re.compile(r"\s*(?:(?:cd|source|\.|export|set|ulimit|umask)\s.*)?", re.DOTALL)
_NODE_PACKAGE = re.compile(r".*/node_modules/((?:@[^/]+/)?[^/]+)/")
_PYTHON_TOOL = re.compile(r".*/(?:uv/tools|pipx/venvs)/([^/]+)/")
_PYTHON_PACKAGE = re.compile(r".*/(?:site|dist)-packages/([^/]+)(?:/|$)")
_LAUNCHERS = frozenset({"npm:npm", "npm:pnpm", "npm:yarn", "npm:corepack", "pypi:uv", "pypi:pipx"})
_NPM_NAME = re.compile(r"(?:@[a-z0-9~-][a-z0-9._~-]*/)?[a-z0-9~-][a-z0-9._~-]*")
_FOLDERS_ABOVE = 4
"""How far above a script the `package.json` that names it is looked for."""
_CACHED_PATHS = 4096


def launched_package(row: ProcessRow) -> str | None:
    """`type:name` of the package that a launcher such as npx, uvx or docker was told to run."""
    words = command_of(row)
    if not words or (words[0] in SHELLS and not _runs_one_command(words[1:])):
        return None
    redacted = redact.argv(words).args
    purl = identify(redacted[0], redacted[1:]).package
    return package_name(purl) if purl else None


def _runs_one_command(args: list[str]) -> bool:
    """Whether a shell was given one command (after a change of folder and the like): then it is that command."""
    script = next((args[i + 1] for i, arg in enumerate(args[:-1]) if re.fullmatch(r"-[a-z]*c", arg)), "")
    return sum(not _SET_UP.fullmatch(part) for part in _BETWEEN_COMMANDS.split(script)) == 1


class Programs:
    """Finds the package of a running process; remembers what a path led to."""

    def __init__(self, files: FileTree) -> None:
        self._files = files
        self._packages: dict[tuple[int | None, str], str | None] = {}

    def package(self, row: ProcessRow) -> str | None:
        """`npm:name` or `pypi:name` of the running code: from where it lies, else from how it was launched.

        It is looked for with the rights of whoever runs it: the arguments may name any place.
        """
        home = account_of(row.uid) if row.uid is not None else None
        for path in (script_of(row), row.exe):
            package = self._at(path.replace("\\", "/") if path[1:2] == ":" else path, home) if path else None
            if package in _LAUNCHERS:
                break
            if package:
                return package
        return _module(row) or launched_package(row)

    def _at(self, path: str, home: Home | None) -> str | None:
        key = home.uid if home else None, path
        if key not in self._packages:
            if len(self._packages) >= _CACHED_PATHS:
                self._packages.clear()
            self._packages[key] = self._find(path, home)
        return self._packages[key]

    def _find(self, path: str, home: Home | None) -> str | None:
        for candidate in (path, self._files.real(path, home)):
            for pattern, kind in ((_NODE_PACKAGE, "npm"), (_PYTHON_TOOL, "pypi"), (_PYTHON_PACKAGE, "pypi")):
                match = pattern.match(candidate)
                if match and match[1] != ".bin":
                    name = match[1] if kind == "npm" else match[1].removesuffix(".py")
                    return comparable(f"{kind}:{name}")
        return self._console_script(path, home) or self._own_package(path, home)

    def _own_package(self, path: str, home: Home | None) -> str | None:
        """The package whose `package.json`, in a folder above, says that this file is what it runs."""
        if not path.endswith((".js", ".mjs", ".cjs", ".ts")):
            return None
        folder = os.path.dirname(path)
        for _ in range(_FOLDERS_ABOVE):
            try:
                manifest = json.loads(self._files.read(f"{folder}/package.json", home)[:65_536])
            except FileNotFoundError:
                folder = os.path.dirname(folder)
                continue
            except (OSError, UnreadableError, ValueError, RecursionError):
                return None
            return _named_by(manifest, os.path.relpath(path, folder))
        return None

    def _console_script(self, path: str, home: Home | None) -> str | None:
        """The distribution whose entry points, in the same virtual environment, name this script."""
        folder, name = os.path.split(path)
        environment = os.path.dirname(folder)
        lib = {"bin": "lib/*", "Scripts": "Lib"}.get(os.path.basename(folder))
        if lib is None or not self._files.exists(f"{environment}/pyvenv.cfg", home):
            return None
        pattern = re.compile(rf"^{re.escape(base_name(name))}\s*=", re.MULTILINE)
        for entry in self._files.glob(f"{environment}/{lib}/site-packages/*.dist-info/entry_points.txt", home):
            try:
                text = self._files.read(entry, home)[:65_536].decode("utf-8", "replace")
            except (OSError, UnreadableError):
                continue
            if pattern.search(text):
                distribution = entry.split("/")[-2].partition("-")[0]
                return f"pypi:{distribution.replace('_', '-').lower()}"
        return None


def _module(row: ProcessRow) -> str | None:
    """The distribution that `python -m module` most likely belongs to, as `pypi:name`."""
    start = start_of(row)
    if start is None or start.kind != "module":
        return None
    return f"pypi:{start.name.partition('.')[0].replace('_', '-').lower()}"


def _named_by(manifest: object, file: str) -> str | None:
    """`npm:name` where the manifest gives this file as its main file or as one of its commands."""
    if not isinstance(manifest, dict):
        return None
    name, commands = manifest.get("name"), manifest.get("bin")
    files = [manifest.get("main"), *(commands.values() if isinstance(commands, dict) else [commands])]
    runs = {os.path.normpath(text) for text in files if isinstance(text, str) and "\0" not in text}
    if isinstance(name, str) and len(name) <= 214 and _NPM_NAME.fullmatch(name) and file in runs:
        return f"npm:{name}"
    return None
