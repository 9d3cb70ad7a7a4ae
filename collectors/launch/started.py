"""Programs that the lines of a script start, with their arguments: read as text only, without a shell.

What a line prints, what stands in a comment and what a here-document holds starts nothing.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice
from typing import NamedTuple

from agent.redaction.patterns import word_set
from collectors.launch.program_name import SHELLS, base_name

_MOST_LINE = 8_192
_MOST_WORDS = 400
_MOST_STARTS = 50
_MOST_DEPTH = 3
_BEFORE = word_set(
    "exec env command builtin sudo doas nohup time nice ionice setsid stdbuf timeout caffeinate then do else if while "
    "until ! { ( & start npx bunx pnpx pnpm npm yarn bun uvx pipx uv node mise asdf direnv firejail bwrap xvfb-run "
    "systemd-run systemd-inhibit dbus-run-session run x dlx exec-path flatpak snap proxychains proxychains4 op"
)
"""Words that run what comes after them, with the options of such words between."""
_LINES = SHELLS | word_set("alias abbr function tmux screen zellij byobu xterm kitty alacritty wezterm gnome-terminal")
_LINES_TOO = word_set("konsole ghostty eval watch script su runuser parallel xargs trap osascript ssh")
"""Programs and built-ins that take a line to run as a word."""
_ASSIGNED = re.compile(r"[A-Za-z_][\w.-]*\+?=")
_NAMED = re.compile(r"[\w.-]+")
_OPTION_VALUE = re.compile(r"[\d.]+[smhd]?")
_TAKES_WORD = frozenset({"-a", "-u", "-C", "-n", "--name", "-p", "--package", "--from", "--with", "-k", "-s", "--user"})
_SEPARATORS = frozenset({";", "&&", "||", "|", "&", "|&", ";;", "(", ")", "{", "}", "\n", "$("})
_HEREDOC = re.compile(r"<<-?\s*(?:\"([^\"]+)\"|'([^']+)'|\\?([\w-]+))")
_WRAPPED = re.compile(r"\.(.+)-wrapped_*")
_GIVEN = re.compile(r"\$\{?[@*\d]\}?|\$argv|@args|%[*\dFfUu]")
_AT_VERSION = re.compile(r"(?<=.)@[^/@]*$")


class Started(NamedTuple):
    """One start of a program."""

    program: str
    """One of the names that were looked for."""
    args: tuple[str, ...]
    variables: tuple[tuple[str, str], ...]
    """What is put into its environment in the same line."""


def started(text: str, names: frozenset[str]) -> Iterator[Started]:
    """Where a script starts one of these programs, or the package of one of these names."""
    there = [name for name in names if name in text]
    lines = (line for line in _lines(text) if any(name in line for name in there)) if there else ()
    yield from islice((start for line in lines for start in _of_line(line[:_MOST_LINE], names, 0)), _MOST_STARTS)


def _lines(text: str) -> Iterator[str]:
    """The lines that do something, those that go on put together."""
    end: str | None = None
    before = ""
    for line in text.splitlines():
        stripped = line.strip()
        if end is not None:
            end = None if stripped == end else end
            continue
        if not before and stripped.startswith(("#", "//", "::")):
            continue
        if stripped.endswith("\\") and len(before) < _MOST_LINE:
            before += stripped[:-1] + " "
            continue
        line, before = before + stripped, ""
        if (here := _HEREDOC.search(line)) and "<<<" not in line:
            end = here[1] or here[2] or here[3]
        yield line


def _of_line(line: str, names: frozenset[str], depth: int) -> Iterator[Started]:
    segment: list[str] = []
    for word in (*_words(line), "\n"):
        if word in _SEPARATORS or (len(word) > 1 and not word.strip(";&|(){}")):
            yield from _of_segment(segment, names, depth)
            segment = []
        else:
            segment.append(word)


def _words(line: str) -> list[str]:
    lexer = shlex.shlex(line.replace("`", ";").replace("$(", ";"), posix=True, punctuation_chars=";&|()")
    lexer.whitespace_split, lexer.commenters = True, "#"
    words: list[str] = []
    with suppress(ValueError):  # an open quotation mark: what stood before it is known
        words.extend(islice(lexer, _MOST_WORDS))
    return words


def _of_segment(words: Sequence[str], names: frozenset[str], depth: int) -> Iterator[Started]:
    at = 0
    variables: list[tuple[str, str]] = []
    while at < len(words):
        word = words[at]
        name = base_name(word)
        if program := _program(word, names):
            yield Started(program, _own(words[at + 1 :]), tuple(variables))
            return
        if _ASSIGNED.match(word):
            variable, _, value = word.partition("=")
            variables.append((variable, value))
        elif name in ("alias", "abbr", "function") or name in _LINES or name in _LINES_TOO:
            yield from _of_words(name, words[at + 1 :], names, depth)
            return
        elif word.startswith("-") and at:
            at += word in _TAKES_WORD
        elif name not in _BEFORE and not (at and _OPTION_VALUE.fullmatch(word)) and not word.endswith("()"):
            return
        at += 1


def _of_words(head: str, words: Sequence[str], names: frozenset[str], depth: int) -> Iterator[Started]:
    """Of what takes a line as a word, or the line itself after its own arguments."""
    for at, word in enumerate(words):
        line = _ASSIGNED.sub("", word, count=1) if head in ("alias", "abbr") else word
        if " " in line and depth < _MOST_DEPTH:
            yield from _of_line(line, names, depth + 1)
        elif at and head != "alias" and (program := _program(line, names)):
            yield Started(program, _own(words[at + 1 :]), ())
            return


def _own(words: Sequence[str]) -> tuple[str, ...]:
    """The arguments that stand there, without those that whoever starts it gives."""
    return tuple(word for word in words if not _GIVEN.fullmatch(word))


def _program(word: str, names: frozenset[str]) -> str | None:
    """The name that a word starts, by its last component, by its package, or through a wrapper of Nix."""
    if "=" in word or len(word) > 4_096:
        return None
    plain = _AT_VERSION.sub("", word)
    if plain in names:
        return plain
    name = base_name(word)
    wrapped = _WRAPPED.fullmatch(name)
    name = wrapped[1] if wrapped else name
    return name if name in names and _NAMED.fullmatch(name) else None
