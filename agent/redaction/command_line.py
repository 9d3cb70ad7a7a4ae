"""Walks a command line or a sentence word by word and masks what is secret in it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from agent.redaction.options import KINDS, PORTS, SIGNS, Switches, expects
from agent.redaction.patterns import (
    DEFAULT,
    PATH,
    SCHEME,
    SHAPE,
    is_credential,
    is_secret_name,
    literal,
    word_set,
)
from agent.redaction.statements import mask_statements
from agent.redaction.urls import REDACTED
from agent.redaction.word import READ_CHARS, Masker

_DEPTH = 10

_FLAG = re.compile(r"--[^\W\d][\w-]*+(?:=.*)?+|-[A-Za-z]", re.DOTALL)
_ASSIGNMENT = re.compile(
    r"((?:-{0,2}|/|\$env:)[^\W\d][\w.-]*+)(\s*+(?:=>|:=|[=:\uff1d\uff1a])\s*+)(?!//)(.*)", re.DOTALL
)
_ENV_NAME = re.compile(r"(?:-e|\$env:)?[A-Z_][A-Z0-9_]*+")
_HEADER = re.compile(r"([\w-]++)(\s*+[:=]\s*+)(.*)", re.DOTALL)
_PLAIN_HEADERS = word_set("accept accept-language content-type user-agent mcp-protocol-version host origin")
_TOKENS = re.compile(r"\s++|(?:[^\s\"'\\]|\\[\s\S]?|\"(?:[^\"\\]|\\[\s\S])*+(?:\"|\\?$)|'[^']*+(?:'|$))++")
_LOOSE = re.compile(r"[\s\"'`]++|[^\s\"'`]++")
_PIECES = re.compile(r"[;&,|]++|[^;&,|]++")
_OPENERS = re.compile(r"(?:\w{0,40}+\(|[$<>]?\(|[`{\[])++(?=[^)\]}`])")
"""What may stand before the first word of a command: `(`, `$(`, a backtick, `Bash(`."""
_SUBSTITUTED = re.compile(r"(\$\()([^()]*+)(\))|(`)([^`]*+)(`)")
_LIST = re.compile(r"[\[(\"']*+(?:[^,\s]{0,99},)?--?\w[^,]*+,")
"""Options and their values in one word: `[--token,VALUE]`, `-Wl,--key,VALUE`."""
_LEADING_SPEC = re.compile(r"[a-z]++|@?[\w.-]*[@/-][\w./@-]*+")


class Scrubber:
    """Walks words the way a command line is read; `secret` tells whether a clear-text one was met."""

    def __init__(self) -> None:
        self._masker = Masker()

    @property
    def secret(self) -> bool:
        return self._masker.secret

    def words(self, words: Sequence[str], depth: int = 0, program: str = "") -> list[str]:
        shown: list[str] = []
        expected, leading = "", True
        switches = Switches()
        switches.met(program)
        for position, word in enumerate(words):
            if not expected or (_FLAG.fullmatch(word) and expected != "script"):
                option, kind, value = switches.glued(word)
                kind, value = (kind, value) if kind else (switches.kind_of(word), word)
                shown.append(option + self._expected(kind, value, leading, depth) if kind else self.word(word, depth))
                done = kind or switches.takes_none(word)
                expected = "" if done else switches.expects(word) or expects(word, words[position - 1 : position])
                leading = leading and word.startswith("-")
                switches.met(word)
                continue
            shown.append(self._expected(expected, word, leading and not switches.user, depth))
            secret = expected == "header" or expected.startswith("secret:")
            bare = secret and (SCHEME.fullmatch(word.strip()) or word.endswith((":", "=")) or word in SIGNS)
            expected = "secret:authorization" if bare else ""
        return shown

    def line(self, line: str, depth: int = 0) -> str:
        """A command line or a sentence: words between white space, quotes respected."""
        deep = depth >= _DEPTH
        line = self._masker.flat(line) if deep else mask_statements(line, self._masker.masked)
        tokens = _LOOSE.findall(line) if deep else _TOKENS.findall(line)
        places = [index for index, token in enumerate(tokens) if not token.isspace() and token.strip("\"'`")]
        for index, word in zip(places, self.words([tokens[i] for i in places], depth + 1), strict=True):
            tokens[index] = word
        return "".join(tokens)

    def word(self, word: str, depth: int) -> str:
        """One word that stands for itself."""
        if len(word) >= READ_CHARS:
            self._masker.secret |= is_credential(word[:READ_CHARS])
            return REDACTED
        if depth < _DEPTH:
            word = DEFAULT.sub(lambda match: self._default(match, depth), word)
            word = _SUBSTITUTED.sub(lambda match: self._substituted(match, depth), word)
        if not literal(word):
            return word
        text = word.rstrip("=")
        if text != word and "=" not in text and is_credential(text):
            # Base64 may end in `=` and must not be taken for a name without a value.
            self._masker.secret = True
            return REDACTED
        if SHAPE.fullmatch(word) or SHAPE.fullmatch(word.partition("=")[2]):
            self._masker.secret = True
            name, sign, _ = word.partition("=")
            return REDACTED if SHAPE.match(name) else f"{self._masker.flat(name)}{sign}{REDACTED}"
        if depth >= _DEPTH:
            return self._masker.flat(word)
        return self._structured(word, depth) or self._assigned(word, depth) or self._plain(word, depth)

    def _substituted(self, match: re.Match[str], depth: int) -> str:
        """What a command prints is not in the text, but the command itself is."""
        start, inner, end = match.group(1, 2, 3) if match[1] else match.group(4, 5, 6)
        return f"{start}{self.line(inner, depth + 1)}{end}"

    def _structured(self, word: str, depth: int) -> str | None:
        """Quoted text and inline JSON."""
        start = word.lstrip()[:1]
        if start in ("{", "[", '"'):
            try:
                return self._json(json.loads(word), depth)
            except (ValueError, RecursionError):
                if start == "{" and re.search("[:=]", word) and not word.startswith("{env:"):
                    self._masker.secret |= is_credential(word)
                    return "{" + REDACTED + "}"
        if len(word) > 1 and word[0] == word[-1] and word[0] in "\"'`":
            return word[0] + self.line(word[1:-1], depth + 1) + word[0]
        return None

    def _json(self, data: object, depth: int) -> str:
        shown = self.word(data, depth + 1) if isinstance(data, str) else self._tree("", data)
        return json.dumps(shown, ensure_ascii=False, separators=(",", ":"))

    def _tree(self, name: str, node: Any) -> object:
        if isinstance(node, dict):
            return {str(key): self._tree(str(key), value) for key, value in node.items()}
        if isinstance(node, list):
            return [self._tree(name, value) for value in node]
        if isinstance(node, str):
            return self._masker.masked(name, node)
        return REDACTED if type(node) in (int, float) and is_secret_name(name) else node

    def _assigned(self, word: str, depth: int) -> str | None:
        """`NAME=value`, `--option=value`, `Header: value`."""
        match = _ASSIGNMENT.fullmatch(word)
        if not match:
            return None
        name, sign, value = match.groups()
        option = name.lstrip("-")
        kind = KINDS.get(option, "") if "=" in sign else ""
        if kind in ("header", "env"):
            return name + sign + self._expected(kind, value, False, depth)
        if _ENV_NAME.fullmatch(name) and "=" in sign:
            return name + sign + self._masker.masked(name, value)
        if is_secret_name(name):
            return name + sign + self._masker.named(name, value)
        if kind == "user" and name.startswith("--") and sign == "=":
            return name + sign + self._expected("user", value, False, depth + 1)
        if name == "-p" and sign == "=":
            return name + sign + self._expected("p", value, False, depth + 1)
        return name + sign + self.word(value, depth + 1) if sign == "=" else None

    def _plain(self, word: str, depth: int) -> str:
        if re.search(r"\s", word):
            return self.line(word, depth + 1)
        if opened := _OPENERS.match(word):
            return opened[0] + self.word(word[opened.end() :], depth + 1)
        if "://" in word:
            return self._masker.flat(word)
        if _LIST.match(word):
            start = word[: len(word) - len(word.lstrip("[(\"'"))]
            return start + ",".join(self.words(word[len(start) :].split(","), depth + 1))
        if re.search("[;&,|]", word) and re.search("[=:]", word):
            return "".join(self.word(piece, depth + 1) for piece in _PIECES.findall(word))
        return self._masker.flat(word)

    def _expected(self, kind: str, word: str, leading: bool, depth: int) -> str:
        """A word that an option before it gave a meaning."""
        if kind == "header":
            return self._header(word, depth)
        if kind == "env":
            return self._environment(word, depth)
        if kind == "script":
            return self.line(word, depth + 1)
        if kind == "user":
            user, sign, password = word.partition("%" if "%" in word and ":" not in word else ":")
            drive = len(user) == 1 and PATH.match(word)
            if sign and literal(password) and not password.isdigit() and not drive:
                self._masker.secret = True
                return f"{user}{sign}{REDACTED}"
            return self.word(word, depth)
        if kind == "slash":
            user, sign, rest = word.partition("/")
            password, at, place = rest.partition("@")
            return user + sign + self._masker.masked("password", password) + at + place if password else word
        if kind == "p":  # a port, a package, a path: or the password
            known = PORTS.fullmatch(word) or PATH.match(word) or (leading and _LEADING_SPEC.fullmatch(word))
            return self.word(word, depth) if known or not literal(word) else REDACTED
        name = kind.partition(":")[2]
        return word if word in SIGNS else self._masker.named(name, word)

    def _header(self, value: str, depth: int) -> str:
        quote = value[:1] if value[:1] in ('"', "'") else ""
        match = _HEADER.fullmatch(value.strip("\"'"))
        # `docker -H tcp://host` names an engine and no header.
        engine = match is not None and match[1].lower() in ("tcp", "ssh", "unix") and match[3].startswith("//")
        if not match or engine or match[1].lower() in _PLAIN_HEADERS:
            return self.word(value, depth + 1)
        return quote + match[1] + match[2] + self._masker.masked(match[1], match[3]) + quote

    def _environment(self, value: str, depth: int) -> str:
        match = re.fullmatch(r"([\"']?+[\w.()-]++=)(.*)", value, re.DOTALL)
        return (
            match[1] + self._masker.masked(match[1].strip("\"'="), match[2]) if match else self.word(value, depth + 1)
        )

    def _default(self, match: re.Match[str], depth: int) -> str:
        name, sign, value = match.groups()
        if not is_secret_name(name):
            return f"${{{name}{sign}{self.word(value, depth + 1)}}}"
        return f"${{{name}{sign}{self._masker.named(name, value)}}}"
