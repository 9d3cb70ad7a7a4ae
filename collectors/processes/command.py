"""What a process runs, told from its executable and script; its own words count only as far as these agree."""

from __future__ import annotations

import ntpath
import os
import posixpath
import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from collectors.launch.program_name import SHELLS, base_name
from collectors.sources.filesystem.access import account_of
from collectors.sources.filesystem.file_tree import FileTree
from collectors.sources.process.row import ProcessRow

_INTERPRETER = re.compile(r"(?:node|nodejs|bun|deno|pyw?|(?:python|pypy)w?[\d.]*t?|ruby|perl|tsx|ts-node)[\d.]*")
_NO_SCRIPT = frozenset({"-c", "-e", "--eval", "-p", "--print"})
_TAKES_VALUE = frozenset({"-r", "--require", "--import", "--loader", "-W", "-X", "--conditions", "-C"})
_SUBCOMMANDS = frozenset({"run", "x", "serve"})
"""Words of bun and deno that stand before the script."""
_TITLED = frozenset({"npm", "npx", "pnpm", "pnpx", "yarn"})
"""Launchers that run in an interpreter and write what they run over their arguments: `npm exec @scope/name`."""
_ALIASES = {"bun": "bunx", "uv": "uvx", "pnpm": "pnpx"}
"""Programs that look at argv[0] to know what they are."""
_STEM = re.compile(r"(?:-cli)?\.(?:[cm]?js|py|cmd|ps1)$")
_VERSION = re.compile(r"[\d._-]*")


class Start(NamedTuple):
    """What an interpreter was told to run, and the arguments for that."""

    kind: Literal["script", "module"]
    name: str
    args: tuple[str, ...]


def program_of(row: ProcessRow) -> str:
    """The executable by what the kernel says; by argv[0], which may lie, only where that may not be read."""
    return row.exe or (row.argv[0] if row.argv else row.name)


def is_interpreter(name: str) -> bool:
    """Whether programs of this base name run scripts; shells count too."""
    return name.lower() in SHELLS or bool(_INTERPRETER.fullmatch(name.lower()))


def is_title(argv: Sequence[str]) -> bool:
    """Whether a program may have written a text of its own over its arguments: nothing follows the first one."""
    return bool(argv) and not any(argv[1:])


def start_of(row: ProcessRow) -> Start | None:
    """The script or module of an interpreter; None for other programs, for `-c` and for a rewritten title."""
    name = base_name(program_of(row)).lower()
    if name in SHELLS or not _INTERPRETER.fullmatch(name):
        return None
    arguments = iter(row.argv[1:])
    for argument in arguments:
        if argument in _NO_SCRIPT:
            return None
        if argument == "-m" and name.startswith("py"):
            module = next(arguments, None)
            return Start("module", module, tuple(arguments)) if module else None
        if argument in _TAKES_VALUE:
            next(arguments, None)
        elif argument and not argument.startswith("-") and not (name in ("bun", "deno") and argument in _SUBCOMMANDS):
            return Start("script", argument, tuple(arguments))
    return None


def script_of(row: ProcessRow) -> str | None:
    """Absolute path, with forward slashes, of the script an interpreter was started with."""
    start = start_of(row)
    return absolute(start.name, row.cwd) if start and start.kind == "script" else None


def absolute(path: str, cwd: str | None) -> str:
    """The path below a working directory, on whatever system it is one."""
    if re.match(r"[A-Za-z]:[\\/]|\\\\", cwd or path):
        return ntpath.normpath(ntpath.join(cwd or "/", path)).replace("\\", "/")
    return posixpath.normpath(posixpath.join(cwd or "/", path))


def command_of(row: ProcessRow) -> list[str]:
    """The command line as its program, not argv[0], gives it: a launcher's script stands for the launcher."""
    if not row.argv:
        return []
    said, start = base_name(row.argv[0]), start_of(row)
    if row.exe is None:
        return row.argv[0].split() if is_title(row.argv) else list(row.argv)
    program = base_name(row.exe)
    if start and start.kind == "script" and program.lower() not in ("bun", "deno"):  # launchers themselves
        return [_STEM.sub("", base_name(start.name)), *start.args]
    if is_title(row.argv):
        words = row.argv[0].split()
        return words if words and words[0] in _TITLED and is_interpreter(program) else [program]
    if program.lower() == "uv" and row.argv[1:3] == ("tool", "uvx"):  # what uvx becomes
        return ["uvx", *row.argv[3:]]
    return [said if _ALIASES.get(program.lower()) == said else program, *row.argv[1:]]


def is_honest(row: ProcessRow, files: FileTree) -> bool:
    """Whether argv[0] names the program or the script that runs, as far as that can be told."""
    if not row.exe or not row.argv or not row.argv[0]:
        return True
    word = row.argv[0].split(" ")[0]
    said, real, start = base_name(word).removeprefix("-"), base_name(row.exe), start_of(row)
    if said == real or (start and said == _STEM.sub("", base_name(start.name))):
        return True
    if is_interpreter(said) and is_interpreter(real):
        return True
    longer, shorter = sorted((said, real), key=len, reverse=True)
    if longer.startswith(shorter) and _VERSION.fullmatch(longer[len(shorter) :]):
        return True
    home = account_of(row.uid) if row.uid is not None else None
    return os.path.isabs(word) and files.real(word, home) == row.exe
