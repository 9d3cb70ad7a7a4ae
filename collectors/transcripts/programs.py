"""Which known programs a shell command starts; nothing else of the command is told."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

_MOST_TEXT = 8_000
_MOST_PROGRAMS = 12
_MOST_WORDS = 3
"""Words behind a program that may say what it does."""
_NUMBER = re.compile(r"[0-9.]+[smhd]?")
_DEEPEST = 3
"""Commands within commands."""
_SPECIAL = re.compile(r"""["'\\#]""")
_WORD = re.compile(r"[();<>|&]+|[^ \t\r\n();<>|&]+")
_SEPARATOR = re.compile(r"[();|&]+")
_ENDS = frozenset("();|&")
_INNER = re.compile(r"\$\(([^()]*)\)")


class _Known(NamedTuple):
    """What `programs.toml` says."""

    risks: dict[str, str]
    """Names of programs, some with words behind them, with the class of risk where they have one."""
    words: dict[str, list[list[str]]]
    """Of programs that are risky with some words behind them: these."""
    wrappers: dict[str, str]
    """Programs that start another one: the letters of their options that take a value."""
    behind: dict[str, frozenset[str]]
    """Programs that start another one where one of these words is: it stands behind that."""
    shells: frozenset[str]
    """Programs that run the text behind an option with a `c`, or behind nothing."""
    passed: frozenset[str]
    """Words before a command."""
    none: frozenset[str]
    """Words that stand where a program would and are none."""


def programs_of(commands: Iterable[str]) -> tuple[str, ...]:
    """Known programs in the order in which they stand, `other` for all that are not known, each once."""
    found: dict[str, None] = {}
    for command in commands:
        for name in _started(command[:_MOST_TEXT], 0):
            found.setdefault(name)
            if len(found) >= _MOST_PROGRAMS:
                return tuple(found)
    return tuple(found)


def risks() -> dict[str, str]:
    """Classes of risk by the names of programs that have one."""
    return {name: risk for name, risk in _known().risks.items() if risk}


def _started(text: str, depth: int) -> Iterator[str]:
    """What the simple commands of a text start. What follows a here-document is text."""
    command: list[str] = []
    try:
        for word in _words(text.replace("\\\n", " ").replace("`", " ; ").partition("<<")[0]):
            if word[:1] in _ENDS and _SEPARATOR.fullmatch(word):
                yield from _of_command(command, depth)
                command = []
            elif command or not _passed_over(word):
                command.append(word)
    except ValueError:  # a quotation without its end
        pass
    yield from _of_command(command, depth)


def _of_command(words: list[str], depth: int) -> Iterator[str]:
    """What one simple command starts: its program, and what that is told to start."""
    known = _known()
    if not words or words[0] in known.none or depth > _DEEPEST:
        return
    name, rest = _base(words[0]), words[1:]
    if name not in known.passed:
        yield name if name in known.risks else "other"
    for word in words:
        if "$(" in word:
            for inner in _INNER.findall(word):
                yield from _started(inner, depth + 1)
    if name in known.shells:
        yield from _started(_script(name, rest), depth + 1)
        return
    if name in known.words:
        plain = [word for word in rest if not word.startswith("-")][:_MOST_WORDS]
        yield from (f"{name} {' '.join(ends)}" for ends in known.words[name] if _in_order(ends, plain))
    if name in known.wrappers:
        yield from _of_command(_past_options(rest, known.wrappers[name]), depth + 1)
    if name in known.behind:
        at = next((at for at, word in enumerate(rest) if word in known.behind[name]), len(rest))
        inner = _past_options(rest[at + 1 :], "")
        yield from (found for found in _of_command(inner, depth + 1) if found != "other")


def _script(name: str, words: list[str]) -> str:
    """The text that a shell is given to run."""
    if name == "eval":
        return " ".join(words)
    options = (at for at, word in enumerate(words) if word.startswith(("-", "/")) and "c" in word.lower())
    at = next(options, len(words))
    return " ".join(words[at + 1 :] if name == "cmd" else words[at + 1 : at + 2])


def _past_options(words: list[str], with_value: str) -> list[str]:
    """From the program on: past options, their values, assignments and numbers."""
    at = 0
    while at < len(words) and _passed_over(words[at]):
        option = words[at]
        at += 2 if len(option) > 1 and option[0] == "-" != option[1] and option[-1] in with_value else 1
    return words[at:]


def _in_order(wanted: list[str], words: list[str]) -> bool:
    """Whether the words stand there in this order."""
    rest = iter(words)
    return all(word in rest for word in wanted)


def _base(word: str) -> str:
    """The name of a program, without its folder, its ending and its version."""
    if word in _known().risks:
        return word
    name = word.replace("\\", "/").rpartition("/")[2].lower().removesuffix(".exe")
    return name.partition("@")[0] or name


def _words(text: str) -> Iterable[str]:
    """The words of a command as a shell takes them apart; most have no quotes, and a pattern does that in no time."""
    if not _SPECIAL.search(text):
        return _WORD.findall(text)
    words = shlex.shlex(text, posix=True, punctuation_chars=True)
    words.whitespace_split = True
    return words


def _passed_over(word: str) -> bool:
    """An assignment, an option, a number or a word of the shell before the program."""
    return word[:1] == "-" or "=" in word or word in _known().passed or bool(_NUMBER.fullmatch(word))


@cache
def _known() -> _Known:
    data = tomllib.loads(Path(__file__).with_name("programs.toml").read_text(encoding="utf-8"))
    found = dict.fromkeys(data["ordinary"], "")
    words: dict[str, list[list[str]]] = {}
    for risk, programs in data["risk"].items():
        found.update(dict.fromkeys(programs, risk))
        for name, *rest in (program.split() for program in programs):
            if rest:
                words.setdefault(name, []).append(rest)
    behind = {name: frozenset(options) for name, options in data["behind"].items()}
    sets = (frozenset(data[name]) for name in ("shells", "passed", "none"))
    return _Known(found, words, data["wrapper"], behind, *sets)
