"""What a stdio launch really starts: wrappers taken off, then the package that the launcher was told to run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from agent.redaction import redact
from agent.redaction.patterns import word_set
from collectors.launch import packages
from collectors.launch.launchers import LAUNCHERS, Launched
from collectors.launch.packages import Pin
from collectors.launch.program_name import POWERSHELLS, SHELLS, base_name

_MAX_UNWRAPPED = 8
_MAX_CHARS = 16_384
_MAX_LINE = 8_192
"""Characters of a command line that are taken apart: shlex' time grows with the square of a word."""
_SUDO = word_set("-u --user -g --group -h --host -p --prompt -C -D --chdir -R --chroot -T -U -r -t")
_ENV = word_set("-u --unset -C --chdir")
_PREFIXES = {
    **dict.fromkeys(("sudo", "doas"), _SUDO),
    "env": _ENV,
    "nice": frozenset({"-n", "--adjustment"}),
    "ionice": frozenset({"-c", "-n"}),
    "stdbuf": frozenset({"-i", "-o", "-e"}),
    "arch": frozenset({"-d"}),
    "wsl": frozenset({"-d", "--distribution", "-u", "--user", "--cd"}),
    **dict.fromkeys(
        ("nohup", "time", "setsid", "caffeinate", "command", "exec", "corepack", "xvfb-run"), frozenset[str]()
    ),
}
"""Commands that run the command after them, with their options that take a value."""
_AFTER_DASHES = word_set("op doppler infisical aws-vault chamber dotenv dotenvx mise rtx varlock teller direnv fnm nix")
"""Commands that run what follows `--`."""
_SCRIPT_OPTION = re.compile(r"-[a-z]*c")
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=")
_SET_UP = word_set("cd source . export set unset echo sleep ulimit umask eval true test [ if then mkdir")
_BRIDGES = re.compile(r"pkg:npm/(?:%40[\w.-]+/)?(?:mcp-remote|supergateway)|pkg:pypi/mcp-proxy")
_URL = re.compile(r"https?://\S+")
_PLACEHOLDER = re.compile(r"\$\{[^{}]*\}|\$\([\w./ -]*\)|`[\w./ -]*`")
_ASKED_FOR = re.compile(r"(?:\$\{cmd:|\$\(|`) *(?:[\w./-]+ +)*(?:which|command -v) +([\w./-]+) *[})`]")
"""A program that the shell, or mcphub's `${cmd: …}`, is to find."""


class Launch(NamedTuple):
    """The identity of a launch."""

    package: str | None
    """Package URL; with a version only where an exact one is named."""
    pin: Pin | None
    """How firmly the version is named; None where no package is known."""
    remote_url: str | None
    """Where a bridge such as mcp-remote connects to, redacted."""
    arg_env_names: tuple[str, ...]
    """Environment variables set by the arguments: `env A=b`, `docker run -e A`, `A=b` in a shell command."""
    argv: tuple[str, ...]
    """The command without its wrappers, not redacted."""

    @property
    def pinned(self) -> bool | None:
        return None if self.pin is None else self.pin == "exact"


def identify(command: str, args: Sequence[str] = ()) -> Launch:
    """The launch that this command and its arguments make. Reads no file and never raises."""
    names: list[str] = []
    argv = _unwrapped(split_command(command[:_MAX_CHARS], [arg[:_MAX_CHARS] for arg in args[:1_000]]), names)
    launched = _launched(argv)
    if launched.script:
        argv = _unwrapped(_main_command(launched.script, names), names)
        launched = _launched(argv)
    names += launched.env_names
    package = launched.package
    remote = next(filter(None, map(_URL.match, launched.rest)), None)
    bridged = remote and package and _BRIDGES.match(package.purl)
    return Launch(
        package.purl if package else None,
        package.pin if package else None,
        redact.url(remote[0]).url if remote and bridged else None,
        tuple(sorted(set(names))),
        tuple(argv),
    )


def shown_argv(command: str | None, args: Sequence[str] = ()) -> tuple[str, ...]:
    """The command without its wrappers, of a line that holds no secrets: it is kept for a while, as several questions
    are asked about one server in a row."""
    return _shown_argv(command or "", tuple(args))


@lru_cache(maxsize=64)
def _shown_argv(command: str, args: tuple[str, ...]) -> tuple[str, ...]:
    return identify(command, args).argv


def _known_as(program: str) -> str:
    """The name that launchers are known by: in lower case, and without the ending of a script on Windows."""
    asked = _ASKED_FOR.fullmatch(program)
    name = base_name(asked[1] if asked else program).lower()
    stem, _, suffix = name.rpartition(".")
    return stem if stem and suffix in ("cmd", "bat", "ps1") else name


def split_command(command: str, args: Sequence[str] = ()) -> list[str]:
    """Command and arguments, where `command` may hold a whole command line. A path with spaces stays one word."""
    command = command.strip()
    if not re.search(r"\s", command):
        return [command, *args] if command else list(args)
    words = split_words(command)
    if len(words) == 1 and _PLACEHOLDER.match(command):
        return [command, *args]
    first = _known_as(words[0]) if words else ""
    known = first in LAUNCHERS or first in SHELLS or first in _PREFIXES or first in ("cmd", *POWERSHELLS)
    looks_like_path = re.match(r"(?:~|\.{1,2})?[/\\]|[A-Za-z]:[/\\]", command)
    if known or not looks_like_path or any(re.match(r"--?\w", word) for word in words[1:]):
        return [*words, *args]
    return [command, *args]


def split_words(line: str) -> list[str]:
    """The words of a command line; a backslash before a letter is a Windows path, not an escape, and a placeholder
    is one word whatever it holds."""
    kept = "\ue000"
    if len(line) > _MAX_LINE:  # no half word, which might hide what it is
        line = (line[:_MAX_LINE].rpartition(" ")[0] or line[:_MAX_LINE]) + " …"
    line = _PLACEHOLDER.sub(lambda match: match[0].replace(" ", kept), line)
    lexer = shlex.shlex(line, posix=True, punctuation_chars=False)
    lexer.whitespace_split, lexer.commenters = True, ""
    if re.search(r"\\[\w.]", line):
        lexer.escape = ""
    try:
        words = list(lexer)
    except ValueError:
        words = line.split()
    return [word.replace(kept, " ") for word in words]


def _launched(argv: Sequence[str]) -> Launched:
    if not argv:
        return Launched(None)
    name = _known_as(argv[0])
    launcher = LAUNCHERS.get(name) or LAUNCHERS.get(re.sub(r"(?<=python)[23]?(?:\.\d+)?$", "", name))
    if launcher:
        launched = launcher(argv[1:])
        if launched.package or launched.script:
            return launched
    return Launched(packages.installed(argv[0]), tuple(argv[1:]))


def _unwrapped(argv: list[str], names: list[str]) -> list[str]:
    for _ in range(_MAX_UNWRAPPED):
        inner = _inner(argv, names)
        if inner is None:
            return argv
        argv = inner
    return argv


def _inner(argv: list[str], names: list[str]) -> list[str] | None:
    """The command that a wrapper runs; None when this is no wrapper."""
    if not argv:
        return None
    name, rest = _known_as(argv[0]), argv[1:]
    if name in SHELLS:
        return _shell(rest, names)
    if name == "cmd":
        return _after_switches(rest, "/")
    if name in POWERSHELLS:
        at = next((i for i, arg in enumerate(rest) if arg.lower() in ("-c", "-command", "/c", "/command")), None)
        return None if at is None else _as_line(rest[at + 1 :])
    if name in _PREFIXES:
        return _prefixed(rest, _PREFIXES[name], names)
    if name == "timeout":
        return _prefixed(rest, frozenset({"-s", "--signal", "-k", "--kill-after"}), names)[1:]
    if name in _AFTER_DASHES and "--" in rest:
        return rest[rest.index("--") + 1 :]
    if _ASSIGNMENT.match(argv[0]):
        return _assigned(argv, names)
    return None


def _prefixed(rest: Sequence[str], valued: frozenset[str], names: list[str]) -> list[str]:
    index = 0
    while index < len(rest) and rest[index].startswith("-"):
        option = rest[index]
        index += 2 if option in valued else 1
        if option in ("-S", "--split-string"):
            return _assigned([*split_words(" ".join(rest[index : index + 1])), *rest[index + 1 :]], names)
        if option == "--":
            break
    return _assigned(rest[index:], names)


def _assigned(words: Sequence[str], names: list[str]) -> list[str]:
    """What follows the leading `NAME=value` words."""
    for index, word in enumerate(words):
        match = _ASSIGNMENT.match(word)
        if not match:
            return list(words[index:])
        names.append(match[1])
    return []


def _after_switches(rest: list[str], sign: str) -> list[str]:
    index = next((i for i, arg in enumerate(rest) if not arg.startswith(sign)), len(rest))
    return _as_line(rest[index:])


def _as_line(words: list[str]) -> list[str]:
    return split_command(words[0], words[1:]) if words else []


def _shell(rest: list[str], names: list[str]) -> list[str] | None:
    for index, arg in enumerate(rest):
        if _SCRIPT_OPTION.fullmatch(arg):
            return _main_command(rest[index + 1], names) if index + 1 < len(rest) else None
        if not arg.startswith(("-", "+")):
            return None
    return None


def _main_command(script: str, names: list[str]) -> list[str]:
    """The simple command of a shell script that runs a package, else the last one that is no set-up."""
    main: list[str] = []
    for words in _commands(script[:_MAX_CHARS]):
        found: list[str] = []
        command = _assigned(words[1:] if words[:1] == ["exec"] else words, found)
        if words[:1] == ["export"]:
            found = [word.partition("=")[0] for word in words[1:] if "=" in word]
        names += found
        if command and command[0] not in _SET_UP:
            main = command
            if _launched(_unwrapped(command, [])).package:
                break
    return main


def _commands(script: str) -> Iterator[list[str]]:
    lexer = shlex.shlex(script, posix=True, punctuation_chars=";&|\n()")
    lexer.whitespace_split, lexer.commenters, lexer.whitespace = True, "", " \t\r"
    words: list[str] = []
    try:
        for token in lexer:
            if token.strip(";&|\n()"):
                words.append(token)
            elif words:
                yield words
                words = []
    except ValueError:
        words = script.split()
    if words:
        yield words
