"""What a process really runs: its program, the script an interpreter was given, and the package that belongs to."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from urllib.parse import parse_qs

from collectors.launch import identify
from collectors.sources.files import FileTree, Unreadable
from collectors.sources.processes import ProcessRow

_INTERPRETER = re.compile(r"node|nodejs|bun|deno|(python|pypy)[\d.]*|ruby|perl|tsx|ts-node")
_SHELLS = frozenset({"sh", "bash", "dash", "zsh", "fish", "ash", "ksh"})
_NO_SCRIPT = frozenset({"-m", "-c", "-e", "--eval", "-p", "--print"})
_TAKES_VALUE = frozenset({"-r", "--require", "--import", "--loader", "-W", "-X", "--conditions", "-C"})
_NODE_PACKAGE = re.compile(r".*/node_modules/((?:@[^/]+/)?[^/]+)/")
_PYTHON_TOOL = re.compile(r".*/(?:uv/tools|pipx/venvs)/([^/]+)/")
_PYTHON_PACKAGE = re.compile(r".*/(?:site|dist)-packages/([^/]+)(?:/|$)")
_CACHED_PATHS = 4096


def base_name(path: str) -> str:
    """The last component, without `.exe`."""
    name = path.replace("\\", "/").rpartition("/")[2]
    return name[:-4] if name.lower().endswith(".exe") else name


def program_of(row: ProcessRow) -> str:
    """The executable by what the kernel says; by argv[0], which may lie, only where that may not be read."""
    return row.exe or (row.argv[0] if row.argv else row.name)


def script_of(row: ProcessRow) -> str | None:
    """Absolute path of the script an interpreter was started with; None for other programs and for `-c`, `-m`."""
    if not _INTERPRETER.fullmatch(base_name(program_of(row)).lower()):
        return None
    arguments = iter(row.argv[1:])
    for argument in arguments:
        if argument in _NO_SCRIPT:
            return None
        if argument in _TAKES_VALUE:
            next(arguments, None)
        elif not argument.startswith("-"):
            return os.path.normpath(os.path.join(row.cwd or "/", argument))
    return None


def module_of(row: ProcessRow) -> str | None:
    """The distribution that `python -m module` most likely belongs to, as `pypi:name`."""
    argv = list(row.argv)
    if base_name(program_of(row)).startswith("python") and "-m" in argv[:-1]:
        module = argv[argv.index("-m") + 1].partition(".")[0]
        return f"pypi:{module.replace('_', '-').lower()}"
    return None


def launched_package(argv: Sequence[str]) -> str | None:
    """`type:name` of the package that a launcher such as npx, uvx or docker was told to run."""
    # npm and npx rewrite their title into one string: `npm exec @scope/name`.
    words = argv[0].split() if len(argv) == 1 else list(argv)
    if not words or base_name(words[0]) in _SHELLS:
        return None
    purl = identify(words[0], words[1:]).package
    return package_name(purl) if purl else None


def package_name(purl: str) -> str:
    """`npm:@scope/name` from a package URL: the identity without the version; an image by its repository."""
    kind, _, rest = purl.removeprefix("pkg:").partition("/")
    rest, _, qualifiers = rest.partition("#")[0].partition("?")
    if kind == "oci":
        image = parse_qs(qualifiers).get("repository_url")
        return f"oci:{image[0] if image else rest.partition('@')[0]}"
    name = rest[: rest.rindex("@")] if "@" in rest else rest
    return f"{kind}:{name.replace('%40', '@')}"


class Programs:
    """Finds the package of a running process; remembers what a path led to."""

    def __init__(self, files: FileTree) -> None:
        self._files = files
        self._packages: dict[str, str | None] = {}

    def package(self, row: ProcessRow) -> str | None:
        """`npm:name` or `pypi:name` of the running code: from where it lies, else from how it was launched."""
        for path in (script_of(row), row.exe):
            package = self._at(path) if path else None
            if package:
                return package
        return module_of(row) or launched_package(row.argv)

    def _at(self, path: str) -> str | None:
        if path not in self._packages:
            if len(self._packages) >= _CACHED_PATHS:
                self._packages.clear()
            self._packages[path] = self._find(path)
        return self._packages[path]

    def _find(self, path: str) -> str | None:
        for candidate in (path, os.path.realpath(path)):
            for pattern, kind in ((_NODE_PACKAGE, "npm"), (_PYTHON_TOOL, "pypi"), (_PYTHON_PACKAGE, "pypi")):
                match = pattern.match(candidate)
                if match and match[1] != ".bin":
                    name = match[1] if kind == "npm" else match[1].removesuffix(".py").replace("_", "-").lower()
                    return f"{kind}:{name}"
        return self._console_script(path)

    def _console_script(self, path: str) -> str | None:
        """The distribution whose entry points, in the same virtual environment, name this script."""
        folder, name = os.path.split(path)
        environment = os.path.dirname(folder)
        if os.path.basename(folder) != "bin" or not self._files.exists(f"{environment}/pyvenv.cfg", None):
            return None
        pattern = re.compile(rf"^{re.escape(name)}\s*=", re.MULTILINE)
        for entry in self._files.glob(f"{environment}/lib/*/site-packages/*.dist-info/entry_points.txt", None):
            try:
                text = self._files.read(entry, None)[:65_536].decode("utf-8", "replace")
            except (OSError, Unreadable):
                continue
            if pattern.search(text):
                distribution = entry.split("/")[-2].partition("-")[0]
                return f"pypi:{distribution.replace('_', '-').lower()}"
        return None
