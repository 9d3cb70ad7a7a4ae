"""What a login is told: variables and command lines of clients in shell profiles, services, shortcuts and wrappers.

At rest nothing runs that could be asked for its arguments and its environment. Only variables and programs of clients
are looked at.
"""

from __future__ import annotations

import posixpath
import re
import shlex
import stat
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from collectors.contract import Context
from collectors.launch.started import Started, started
from collectors.locate.ecosystems import expand
from collectors.sources.account import Home
from collectors.sources.filesystem.file_tree import UnreadableError

_OF_A_HOME = (
    "~/.envrc", "~/.profile", "~/.bash_profile", "~/.bash_login", "~/.bashrc", "~/.zshenv", "~/.zprofile", "~/.zshrc",
    "~/.config/zsh/.zshenv", "~/.config/zsh/.zshrc", "~/.config/fish/config.fish", "~/.config/fish/conf.d/*.fish",
    "~/.config/environment.d/*.conf", "~/.pam_environment", "~/.xprofile", "~/.config/systemd/user/*.service",
    "~/.local/share/applications/*.desktop", "~/.config/autostart/*.desktop", "~/Library/LaunchAgents/*.plist",
    "~/.aliases", "~/.bash_aliases", "~/.zsh_aliases", "~/.config/fish/functions/*.fish", "~/.config/zsh/*.zsh",
    "~/.oh-my-zsh/custom/*.zsh", "~/.bashrc.d/*", "~/.zshrc.d/*", "~/Documents/PowerShell/*profile.ps1",
    "~/Documents/WindowsPowerShell/*profile.ps1", "~/.config/powershell/*profile.ps1", "~/bin/*", "~/.local/bin/*",
)  # fmt: skip
_OF_THE_MACHINE = (
    "/etc/environment", "/etc/profile", "/etc/profile.d/*.sh", "/etc/zshenv", "/etc/zsh/zshenv", "/etc/bash.bashrc",
    "/etc/bashrc", "/etc/zshrc", "/etc/zsh/zshrc", "/etc/xdg/autostart/*.desktop", "/usr/local/bin/*",
    "/usr/local/share/applications/*.desktop",
)  # fmt: skip
_MOST_FILES = 300
_MOST_BYTES = 64 * 1024
_MOST_VALUES = 20
_MOST_STARTS = 200
_VALUE = r"""("(?:\\.|[^"\\\n])*+"|'[^'\n]*+'|\{[^\n]*\}|[^\s"';&|<>]++)"""
_EXECUTED = re.compile(r"(?m)^[ \t]*Exec(?:Start\w*)?[ \t]*=[ \t]*[-@:+!]*(.*)$")
_ARGUMENTS = re.compile(r"<key>\s*ProgramArguments\s*</key>\s*<array>(.*?)</array>", re.DOTALL)
_PLIST_TEXT = re.compile(r"<string>([^<]*)</string>")
_SHELL = re.compile(r"\b(?:ba|z|da|a|k|fi)?sh\b|nix-shell")
_PWD = re.compile(r"^\$(?:PWD\b|\{PWD\}|\(pwd\))")
_HOME = re.compile(r"^(?:~|\$HOME|\$\{HOME\}|%h)(?=/|$)")


class Assigned(NamedTuple):
    """A variable that a file sets."""

    name: str
    value: str
    """As it stands there, without its quotation marks."""
    path: str


class Invocation(NamedTuple):
    """A start of a program that a file holds."""

    started: Started
    path: str


def declared(context: Context, home: Home, names: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Variables of these names with the folders they are set to, each once, as this account's logins would have it."""
    found = ((said.name, folder) for said in assigned(context, home, names) if (folder := local(said.value, home)))
    yield from islice(dict.fromkeys(found), _MOST_VALUES)


def assigned(context: Context, home: Home, names: frozenset[str]) -> Iterator[Assigned]:
    """What variables of these names are set to, in the order of the files that a login may read."""
    for path, text in _texts(context, home):
        yield from (Assigned(name, value, path) for name, value in _assignments(text, names))


def in_projects(
    context: Context, home: Home, folders: Sequence[str], names: frozenset[str]
) -> Iterator[tuple[str, str]]:
    """Variables of these names with the folders that the `.envrc` of a project sets them to: direnv loads it there."""
    for folder in folders[:_MOST_FILES]:
        path = f"{folder}/.envrc"
        if (text := _text(context, path, home)) is not None:
            for name, value in islice(_assignments(text, names), _MOST_VALUES):
                here, rest = _PWD.match(value), _PWD.sub("", value)
                if found := local(folder + rest if here else value, home, folder):
                    yield name, found


def _assignments(text: str, names: frozenset[str]) -> Iterator[tuple[str, str]]:
    there = [name for name in sorted(names) if name in text]
    if not there:
        return
    assignment = re.compile(rf"(?<![\w$])({'|'.join(map(re.escape, there))})(?:=|[ \t]+){_VALUE}")
    for line in text.splitlines():
        if any(name in line for name in there) and not line.lstrip().startswith("#"):
            yield from ((found[1], _plain(found[2])) for found in assignment.finditer(line))


def _plain(value: str) -> str:
    """A value without its quotation marks."""
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value.strip("'")


def invocations(context: Context, home: Home, names: frozenset[str]) -> Iterator[Invocation]:
    """Where such a file starts one of these programs."""
    found = ((path, start) for path, text in _texts(context, home) for start in started(_script(path, text), names))
    yield from (Invocation(start, path) for path, start in islice(found, _MOST_STARTS))


def _script(path: str, text: str) -> str:
    """The lines of a file that a shell would run, or that are run as one would."""
    ending = path.rpartition(".")[2]
    if ending in ("desktop", "service"):
        return "\n".join(_EXECUTED.findall(text))
    if ending == "plist":
        # Its table of names weighs half a MB, and only a Mac has such files.
        from html import unescape

        words = (unescape(word) for word in _PLIST_TEXT.findall("".join(_ARGUMENTS.findall(text))))
        return shlex.join(words)
    first = text.partition("\n")[0]
    return text if not first.startswith("#!") or _SHELL.search(first) else ""


def _texts(context: Context, home: Home) -> Iterator[tuple[str, str]]:
    for account, templates in ((home, _OF_A_HOME), (None, _OF_THE_MACHINE)):
        for path in islice(expand(context, templates, account), _MOST_FILES):
            if (text := _text(context, path, account)) is not None:
                yield path, text


def _text(context: Context, path: str, account: Home | None) -> str | None:
    """What a small file of text holds; None for anything else."""
    status = context.files.status(path, account)
    if status is None or not stat.S_ISREG(status.st_mode) or status.st_size > _MOST_BYTES:
        return None
    try:
        data = context.files.read(path, account)
    except (FileNotFoundError, UnreadableError):
        return None  # what a login reads there is not known; nor is it a client's file
    return None if b"\0" in data else data.decode("utf-8", "replace")


def local(value: str, home: Home, folder: str | None = None) -> str | None:
    """An absolute path without variables, one that is relative to a known folder made so; None for anything else."""
    text = _HOME.sub(lambda _: home.path, value).rstrip("/")
    if folder and text and not text.startswith(("/", "$", "~", "%")):
        text = posixpath.normpath(f"{folder}/{text}")
    return text if text.startswith("/") and "$" not in text and "\0" not in text and len(text) < 4096 else None
