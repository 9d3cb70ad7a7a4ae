"""Which known programs a shell command starts; nothing else of the command is told."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

_MOST_TEXT = 8_000
_MOST_PROGRAMS = 12
_SPECIAL = re.compile(r"""["'\\#]""")
_WORD = re.compile(r"[();<>|&]+|[^ \t\r\n();<>|&]+")
_BETWEEN = frozenset({"&&", "||", ";", "|", "&", "(", ")", ";;", "|&"})
_BEFORE = frozenset({"sudo", "doas", "env", "nohup", "time", "nice", "exec", "command", "xargs", "timeout", "stdbuf"})
_NONE = frozenset(
    [
        "cd",
        "export",
        "set",
        "unset",
        "true",
        "false",
        "if",
        "then",
        "else",
        "fi",
        "for",
        "do",
        "done",
        "while",
        "case",
        "esac",
        "in",
        "{",
        "}",
        "!",
        "[",
        "[[",
        "source",
        ".",
        "return",
        "exit",
    ]
)
"""What stands where a program would and is none."""


def programs_of(commands: Iterable[str]) -> tuple[str, ...]:
    """Known programs in the order in which they stand, `other` for all that are not known, each once."""
    found: dict[str, None] = {}
    for command in commands:
        for word in _first_words(command):
            name = word.replace("\\", "/").rpartition("/")[2].lower().removesuffix(".exe")
            found.setdefault(name if name in _known() else "other")
            if len(found) >= _MOST_PROGRAMS:
                return tuple(found)
    return tuple(found)


def risks() -> dict[str, str]:
    """Classes of risk by the names of programs that have one."""
    return {name: risk for name, risk in _known().items() if risk}


def _first_words(command: str) -> Iterator[str]:
    """The first word of each simple command, past assignments and wrappers. What follows a here-document is text."""
    expected = True
    try:
        for word in _words(command[:_MOST_TEXT].partition("<<")[0]):
            if word in _BETWEEN:
                expected = True
            elif expected and not _passed_over(word):
                expected = word in _BEFORE
                if word not in _NONE:
                    yield word
    except ValueError:  # a quotation without its end
        return


def _words(text: str) -> Iterable[str]:
    """The words of a command as a shell takes them apart; most have no quotes, and a pattern does that in no time."""
    if not _SPECIAL.search(text):
        return _WORD.findall(text)
    words = shlex.shlex(text, posix=True, punctuation_chars=True)
    words.whitespace_split = True
    return words


def _passed_over(word: str) -> bool:
    """An assignment, an option or a number before the program."""
    return "=" in word or word.startswith("-") or word.isdigit()


@cache
def _known() -> dict[str, str]:
    """Names of programs, with the class of risk where they have one."""
    data = tomllib.loads(Path(__file__).with_name("programs.toml").read_text(encoding="utf-8"))
    names = dict.fromkeys(data["ordinary"], "")
    for risk, programs in data["risk"].items():
        names.update(dict.fromkeys(programs, risk))
    return names
