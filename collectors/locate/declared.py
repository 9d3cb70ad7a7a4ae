"""Folders that a login is told to use in place of the usual ones: variables in shell profiles, services and the like.

At rest nothing runs that could be asked for its environment. Only variables that name folders of clients are looked at;
their values are used to find files and are told to nobody.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from itertools import islice

from collectors.contract import Context
from collectors.locate.ecosystems import expand
from collectors.sources.account import Home
from collectors.sources.filesystem.file_tree import UnreadableError

_OF_A_HOME = (
    "~/.profile", "~/.bash_profile", "~/.bash_login", "~/.bashrc", "~/.zshenv", "~/.zprofile", "~/.zshrc",
    "~/.config/zsh/.zshenv", "~/.config/zsh/.zshrc", "~/.config/fish/config.fish", "~/.config/fish/conf.d/*.fish",
    "~/.config/environment.d/*.conf", "~/.pam_environment", "~/.xprofile", "~/.config/systemd/user/*.service",
    "~/.local/share/applications/*.desktop", "~/.config/autostart/*.desktop", "~/Library/LaunchAgents/*.plist",
    "~/bin/*", "~/.local/bin/*",
)  # fmt: skip
_OF_THE_MACHINE = ("/etc/environment", "/etc/profile", "/etc/profile.d/*.sh", "/etc/zshenv", "/etc/zsh/zshenv")
_MOST_FILES = 300
_MOST_BYTES = 64 * 1024
_MOST_VALUES = 20
_HOME = re.compile(r"^(?:~|\$HOME|\$\{HOME\}|%h)(?=/|$)")


def declared(context: Context, home: Home, names: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Variables of these names with the folders they are set to, each once, as this account's logins would have it."""
    said: dict[tuple[str, str], None] = {}
    assignment = re.compile(
        rf"(?<![\w$])({'|'.join(sorted(map(re.escape, names)))})(?:=|[ \t]+)(\"[^\"\n]*+\"|'[^'\n]*+'|[^\s\"';&|<>]++)"
    )
    for text in _texts(context, home):
        for line in text.splitlines():
            if any(name in line for name in names) and not line.lstrip().startswith("#"):
                found = (match for match in assignment.finditer(line))
                said |= {(match[1], folder): None for match in found if (folder := _folder(match[2], home))}
    yield from islice(said, _MOST_VALUES)


def _texts(context: Context, home: Home) -> Iterator[str]:
    for account, templates in ((home, _OF_A_HOME), (None, _OF_THE_MACHINE)):
        for path in islice(expand(context, templates, account), _MOST_FILES):
            status = context.files.status(path, account)
            if status is None or not stat.S_ISREG(status.st_mode) or status.st_size > _MOST_BYTES:
                continue
            try:
                data = context.files.read(path, account)
            except (FileNotFoundError, UnreadableError):
                continue  # what a login reads there is not known; nor is it a client's file
            if b"\0" not in data:
                yield data.decode("utf-8", "replace")


def _folder(value: str, home: Home) -> str | None:
    """An absolute folder without variables; None for anything else."""
    text = _HOME.sub(lambda _: home.path, value.strip("\"'")).rstrip("/")
    return text if text.startswith("/") and "$" not in text and "\0" not in text and len(text) < 4096 else None
