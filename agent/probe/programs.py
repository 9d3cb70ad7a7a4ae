"""What of a home a program needs to be read, so that nothing else of it has to be shown."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
from collections.abc import Iterable, Iterator
from glob import glob
from typing import Final

from collectors.launch.launchers import LAUNCHERS
from collectors.launch.packages import package_name
from collectors.launch.program_name import base_name

_SYSTEM: Final = ("/usr/", "/bin/", "/sbin/", "/lib/", "/lib64/", "/opt/", "/nix/")
_STORES: Final = (
    ".nvm/versions", ".npm/_npx", ".npm-global", ".cache/uv/archive-v0", ".local/share/uv", ".local/share/pipx",
    ".local/pipx", ".pyenv/versions", ".volta", ".bun", ".deno", ".cargo/bin", ".asdf/installs", ".rye/py",
    ".local/lib", ".local/share/mise/installs", ".local/share/fnm", ".local/share/pnpm", "go/bin",
)  # fmt: skip
"""Folders of a home in which managers of packages keep programs."""
_ROOTS: Final = ("package.json", "pyproject.toml", "pyvenv.cfg", "Cargo.toml", "go.mod")
_BINARIES: Final = (".local/bin", ".volta/bin", ".bun/bin", ".cargo/bin", "go/bin", ".npm-global/bin")
DEFAULT_PATH: Final = "/usr/local/bin:/usr/bin:/bin"
_HEAD: Final = 256
_SCRIPT: Final = re.compile(r"(?i).+\.(?:py|js|mjs|cjs|ts|sh|rb|pl|php|jar)")
"""What an argument names is data otherwise, and not for strangers to read."""


def search_path(home: str | None, given: str | None) -> str:
    """Where programs are looked for: the caller's own path where that is given, else that of an ordinary login."""
    own = [f"{home}/{folder}" for folder in _BINARIES] if home else []
    nodes = sorted(glob(f"{glob_safe(home)}/.nvm/versions/node/*/bin"), reverse=True)[:1] if home else []
    return os.pathsep.join(filter(None, (given, *own, *nodes, DEFAULT_PATH)))


def on_disk(argv: list[str], package: str | None, home: str | None, project: str | None) -> list[str] | None:
    """What a launcher would run if the package is on this machine already; None where it would have to fetch it. What
    is no launcher runs as it is."""
    launcher = base_name(argv[0]).lower()
    if launcher not in ("npx", "bunx", "pnpx", "uvx", "uv", "pipx", "npm", "pnpm", "yarn"):
        return argv
    if not package:
        return None
    kind, _, name = package_name(package).partition(":")
    version = package.partition("?")[0].rpartition("@")[2] if "@" in package.partition("?")[0] else None
    rest = list(LAUNCHERS[launcher](argv[1:]).rest)
    found = _npm(name, version, home, project) if kind == "npm" else _python(name, home) if kind == "pypi" else None
    return [*found, *rest] if found else None


def _npm(name: str, version: str | None, home: str | None, project: str | None) -> list[str] | None:
    """The program of a package in a cache of npx, in a project, or installed for all."""
    places = [f"{glob_safe(project)}/node_modules"] if project else []
    if home:
        at = glob_safe(home)
        places += [f"{at}/.npm/_npx/*/node_modules", f"{at}/.npm-global/lib/node_modules",
                   f"{at}/.nvm/versions/node/*/lib/node_modules"]  # fmt: skip
    places += ["/usr/lib/node_modules", "/usr/local/lib/node_modules"]
    for place in places:
        for folder in sorted(glob(f"{place}/{glob_safe(name)}"), key=_changed, reverse=True):
            try:
                told = json.loads(_head(f"{folder}/package.json", 1 << 20))
                programs = told.get("bin") or {}
                programs = {name.rpartition("/")[2]: programs} if isinstance(programs, str) else programs
                program = programs.get(name.rpartition("/")[2]) or next(iter(programs.values()))
                if version in (None, told.get("version")):
                    return ["node", os.path.normpath(f"{folder}/{program}")]
            except (ValueError, AttributeError, StopIteration, RecursionError):
                continue
    return None


def _python(name: str, home: str | None) -> list[str] | None:
    """The program of a package that uv or pipx keeps."""
    if not home:
        return None
    at, name = glob_safe(home), glob_safe(name)
    kept = (".local/share/uv/tools/*", ".cache/uv/archive-v0/*", ".local/share/pipx/venvs/*", ".local/pipx/venvs/*")
    found = [path for folder in kept for path in glob(f"{at}/{folder}/bin/{name}")]
    return [max(found, key=_changed)] if found else None


def _changed(path: str) -> float:
    try:
        return os.stat(path).st_mtime
    except OSError:
        return 0.0


def glob_safe(path: str | None) -> str:
    """A path in which no character stands for others."""
    return re.sub(r"([*?[])", r"[\1]", path or "")


def visible(argv: Iterable[str], home: str | None, path: str) -> tuple[tuple[str, ...], str]:
    """Files and folders that a program needs besides those of the system, and where its own programs lie."""
    words = list(argv)
    program = shutil.which(words[0], path=path)
    files = [program] if program else []
    files += [word for word in words[1:] if word.startswith("/") and _SCRIPT.fullmatch(word) and os.path.isfile(word)]
    shown: dict[str, None] = {}
    folders: dict[str, None] = {}
    for file in files:
        for each in _chain(file, path):
            if not each.startswith(_SYSTEM):
                shown[_root(each, home)] = None
                folders[os.path.dirname(each)] = None
    return tuple(shown), os.pathsep.join((*folders, DEFAULT_PATH))


def _chain(file: str, path: str, depth: int = 4) -> Iterator[str]:
    """A file, what its links lead to, what interprets it, and what made the environment it lies in."""
    yield file
    real = os.path.realpath(file)
    if real != file:
        yield real
    environment = f"{os.path.dirname(os.path.dirname(file))}/pyvenv.cfg"
    first = _head(real, _HEAD).partition(b"\n")[0].decode("utf-8", "replace")
    made = re.search(r"(?m)^home\s*=\s*(\S.*)$", _head(environment, _HEAD * 4).decode("utf-8", "replace"))
    if made and depth:
        yield os.path.realpath(made[1].strip()) + "/python"
    if first.startswith("#!") and depth:
        words = first[2:].split()
        named = words[-1] if words and base_name(words[0]) == "env" else words[0] if words else ""
        if interpreter := shutil.which(named, path=path):
            yield from _chain(interpreter, path, depth - 1)


def _head(path: str, most: int) -> bytes:
    """The beginning of an ordinary file; nothing of what cannot be read. A pipe that somebody put there is not waited
    for, and a device that a link leads to is not opened."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return b""
        with os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as file:
            return file.read(most) if stat.S_ISREG(os.fstat(file.fileno()).st_mode) else b""
    except OSError:
        return b""


def _root(file: str, home: str | None) -> str:
    """The folder of the package that a file belongs to; the file alone where that is not known."""
    if home:
        for store in _STORES:
            if file.startswith(f"{home}/{store}/"):
                return f"{home}/{store}"
    if "/node_modules/" in file:
        return file[: file.index("/node_modules/")] + "/node_modules"
    folder = os.path.dirname(file)
    for _ in range(6):
        if folder in ("/", "/home", "/root", "/Users", "/tmp", home) or folder.count("/") < 2:  # noqa: S108 - a name
            break
        if any(os.path.exists(f"{folder}/{name}") for name in _ROOTS):
            return folder
        folder = os.path.dirname(folder)
    return file
