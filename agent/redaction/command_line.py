"""Walks a command line or a sentence word by word and masks what is secret in it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from agent.redaction.options import PORTS, Switches
from agent.redaction.patterns import (
    DEFAULT,
    PATH,
    RUN,
    SCHEME,
    SHAPE,
    UUID,
    is_credential,
    is_digest,
    is_dummy,
    is_file_name,
    is_harmless,
    is_secret_name,
    literal,
    looks_random,
    word_set,
)
from agent.redaction.urls import EMBEDDED, REDACTED, url

READ_CHARS = 4_096
"""An argument longer than this is no argument anybody reads: it is replaced whole."""
_DEPTH = 6

_FLAG = re.compile(r"--[A-Za-z][A-Za-z-]*+(?:=.*)?+|-[A-Za-z]", re.DOTALL)
_OPTION = re.compile(r"--?([A-Za-z][\w.-]*+)")
_ASSIGNMENT = re.compile(r"((?:-{0,2}|/|\$env:)[A-Za-z_][\w.-]*+)(\s*+[=:]\s*+)(?!//)(.*)", re.DOTALL)
_ENV_NAME = re.compile(r"(?:-e)?[A-Z_][A-Z0-9_]*+")
_ANY_ASSIGNMENT = re.compile(r"(?<![\w.-])([A-Za-z_][\w.-]*+)([\"']?+\s*+[=:]\s*+[\"']?+)([^\s;&,\"']++)")
_HEADER = re.compile(r"([\w-]++)(\s*+[:=]\s*+)(.*)", re.DOTALL)
_PLAIN_HEADERS = word_set("accept accept-language content-type user-agent mcp-protocol-version host origin")
_TOKENS = re.compile(r"\s++|(?:[^\s\"'\\]|\\[\s\S]?|\"(?:[^\"\\]|\\[\s\S])*+(?:\"|\\?$)|'[^']*+(?:'|$))++")
_LOOSE = re.compile(r"[\s\"'`]++|[^\s\"'`]++")
_USERPASS = re.compile(r"(?<![\w.-])([\w.-]++):([^@/\s]{1,256}+)@(?!sha256:)")
_SLASHPASS = re.compile(r"(?<![\w.@/-])([\w.-]++)/([^@/\s]{1,256}+)@(?=(?!sha256:)(?://|[\w.-]{1,256}+:\d{2,5}(?!\d)))")
"""Oracle: `user/password@host:1521/service`."""
_PACKAGE_PREFIXES = word_set("npm jsr pypi file node link workspace git")
_PIECES = re.compile(r"[;&,]++|[^;&,]++")
_LEADING_SPEC = re.compile(r"[a-z]++|@?[\w.-]*[@/-][\w./@-]*+")
_EXEMPT_BEFORE = re.compile(r"(?:sha256:|[@#])$")
_HEX = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_STORE_NAME = re.compile(r"[0-9a-z_.-]++")

_KINDS = {
    **dict.fromkeys(("header", "headers", "H"), "header"),
    **dict.fromkeys(("e", "env"), "env"),
    **dict.fromkeys(("u", "U", "user", "basic", "userpwd", "proxy-user"), "user"),
    **dict.fromkeys(("c", "lc", "ic", "Command"), "script"),
    "p": "p",
}


def is_secret_value(name: str, value: str) -> bool:
    """Whether this value of an environment variable, header or option is a secret in clear text."""
    rest = literal(value[:READ_CHARS])
    if not rest or is_harmless(rest) or is_dummy(rest) or rest == name or is_file_name(name, rest):
        return False
    if is_digest(name, rest):
        return False
    if is_secret_name(name) or is_credential(rest):
        return True
    scrubber = Scrubber()
    scrubber.flat(rest)
    return scrubber.secret


class Scrubber:
    """Walks words the way a command line is read; `secret` remembers whether a clear-text one was met."""

    def __init__(self) -> None:
        self.secret = False

    def words(self, words: Sequence[str], depth: int = 0, program: str = "") -> list[str]:
        shown: list[str] = []
        expected, leading = "", True
        switches = Switches()
        switches.met(program)
        for word in words:
            if not expected or (_FLAG.fullmatch(word) and expected != "script"):
                option, kind, value = switches.glued(word)
                shown.append(option + self._expected(kind, value, leading, depth) if kind else self.word(word, depth))
                done = kind or switches.takes_none(word)
                expected = "" if done else "secret:password" if switches.takes_password(word) else _expects(word)
                leading = leading and word.startswith("-")
                switches.met(word)
                continue
            shown.append(self._expected(expected, word, leading and not switches.user, depth))
            secret = expected == "header" or expected.startswith("secret:")
            bare = secret and (SCHEME.fullmatch(word.strip()) or word.endswith((":", "=")))
            expected = "secret:authorization" if bare else ""
        return shown

    def line(self, line: str, depth: int = 0) -> str:
        """A command line or a sentence: words between white space, quotes respected."""
        tokens = _TOKENS.findall(line) if depth < _DEPTH else _LOOSE.findall(line)
        places = [index for index, token in enumerate(tokens) if token.strip("\"'` \t\r\n\v\f")]
        for index, word in zip(places, self.words([tokens[i] for i in places], depth + 1), strict=True):
            tokens[index] = word
        return "".join(tokens)

    def word(self, word: str, depth: int) -> str:
        """One word that stands for itself."""
        if len(word) >= READ_CHARS:
            self.secret |= is_credential(word[:READ_CHARS])
            return REDACTED
        word = DEFAULT.sub(lambda match: self._default(match, depth), word) if depth < _DEPTH else word
        if not literal(word):
            return word
        if SHAPE.fullmatch(word) or SHAPE.fullmatch(word.partition("=")[2]):
            # Base64 may end in `=` and must not be taken for a name without a value.
            self.secret = True
            name, sign, _ = word.partition("=")
            return REDACTED if SHAPE.match(name) else f"{name}{sign}{REDACTED}"
        if depth >= _DEPTH:
            return self.flat(word)
        return self._structured(word, depth) or self._assigned(word, depth) or self._plain(word, depth)

    def _structured(self, word: str, depth: int) -> str | None:
        """Quoted text and inline JSON."""
        start = word.lstrip()[:1]
        if start in ("{", "[", '"'):
            try:
                return self._json(json.loads(word), depth)
            except (ValueError, RecursionError):
                if start == "{" and re.search("[:=]", word) and not word.startswith("{env:"):
                    self.secret |= is_credential(word)
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
            return self._masked(name, node)
        return REDACTED if type(node) in (int, float) and is_secret_name(name) else node

    def _assigned(self, word: str, depth: int) -> str | None:
        """`NAME=value`, `--option=value`, `Header: value`."""
        match = _ASSIGNMENT.fullmatch(word)
        if not match:
            return None
        name, sign, value = match.groups()
        option = name.lstrip("-")
        if option in ("header", "headers", "H") and "=" in sign:
            return name + sign + self._header(value, depth)
        if option in ("e", "env") and "=" in sign:
            return name + sign + self._environment(value, depth)
        if _ENV_NAME.fullmatch(name) and "=" in sign:
            return name + sign + self._masked(name, value)
        if is_secret_name(name):
            return name + sign + self._named(name, value)
        if _KINDS.get(option) == "user" and name.startswith("--") and sign == "=":
            return name + sign + self._expected("user", value, False, depth + 1)
        if name == "-p" and sign == "=":
            return name + sign + self._expected("p", value, False, depth + 1)
        return name + sign + self.word(value, depth + 1) if sign == "=" else None

    def _plain(self, word: str, depth: int) -> str:
        if re.search(r"\s", word):
            return self.line(word, depth + 1)
        if "://" in word:
            return self._around_urls(word)
        if re.search("[;&,]", word) and re.search("[=:]", word):
            return "".join(self.word(piece, depth + 1) for piece in _PIECES.findall(word))
        return self._scan(word)

    def _expected(self, kind: str, word: str, leading: bool, depth: int) -> str:
        """A word that an option before it gave a meaning."""
        if kind == "header":
            return self._header(word, depth)
        if kind == "env":
            return self._environment(word, depth)
        if kind == "script":
            return self.line(word, depth + 1)
        if kind == "user":
            user, colon, password = word.partition(":")
            if colon and literal(password) and not password.isdigit():
                self.secret = True
                return f"{user}:{REDACTED}"
            return self.word(word, depth)
        if kind == "p":  # a port, a package, a path: or the password
            known = PORTS.fullmatch(word) or PATH.match(word) or (leading and _LEADING_SPEC.fullmatch(word))
            return self.word(word, depth) if known or not literal(word) else REDACTED
        return self._named(kind.partition(":")[2], word)

    def _header(self, value: str, depth: int) -> str:
        quote = value[:1] if value[:1] in ('"', "'") else ""
        match = _HEADER.fullmatch(value.strip("\"'"))
        if not match or match[1].lower() in _PLAIN_HEADERS:
            return self.word(value, depth + 1)
        return quote + match[1] + match[2] + self._masked(match[1], match[3]) + quote

    def _environment(self, value: str, depth: int) -> str:
        match = re.fullmatch(r"([\"']?+[\w.()-]++=)(.*)", value, re.DOTALL)
        return match[1] + self._masked(match[1].strip("\"'="), match[2]) if match else self.word(value, depth + 1)

    def _named(self, name: str, value: str) -> str:
        """The value of something whose name says secret; a path to where it is kept may be shown."""
        return value if is_harmless(value) or is_file_name(name, value) else self._masked(name, value)

    def _masked(self, name: str, value: str) -> str:
        if not literal(value):
            return value
        # `KEY=$(command …`: what the command prints is not in the text.
        self.secret |= not value.startswith(("$(", "`")) and is_secret_value(name, value)
        default, scheme = DEFAULT.fullmatch(value), SCHEME.match(value)
        if default:
            return f"${{{default[1]}{default[2]}{REDACTED}}}"
        return (scheme[0] if scheme else "") + REDACTED

    def _default(self, match: re.Match[str], depth: int) -> str:
        name, sign, value = match.groups()
        if not is_secret_name(name):
            return f"${{{name}{sign}{self.word(value, depth + 1)}}}"
        return f"${{{name}{sign}{self._named(name, value)}}}"

    def _around_urls(self, word: str) -> str:
        shown, last = [], 0
        for match in EMBEDDED.finditer(word):
            cleaned = url(match[0])
            self.secret |= cleaned.secret
            shown += [self._scan(word[last : match.start()]), cleaned.url or REDACTED]
            last = match.end()
        return "".join([*shown, self._scan(word[last:])])

    def flat(self, word: str) -> str:
        """The fallback below all nesting: no structure, just patterns."""
        hidden = _ANY_ASSIGNMENT.sub(
            lambda m: m[1] + m[2] + self._masked(m[1], m[3]) if is_secret_name(m[1]) else m[0],
            word,
        )
        return self._around_urls(hidden)

    def _scan(self, word: str) -> str:
        """Credential shapes, `user:password@` and generated text in a word without further structure."""
        if UUID.fullmatch(word):
            return REDACTED
        found = SHAPE.subn(REDACTED, word)
        self.secret |= found[1] > 0
        word = _USERPASS.sub(self._userpass, found[0])
        word = _SLASHPASS.sub(self._slashpass, word)
        path = PATH.match(word) is not None
        return RUN.sub(lambda match: self._run(match, path), word)

    def _userpass(self, match: re.Match[str]) -> str:
        if match[1] in _PACKAGE_PREFIXES or not literal(match[2]):
            return match[0]
        self.secret = True
        return f"{match[1]}:{REDACTED}@"

    def _slashpass(self, match: re.Match[str]) -> str:
        self.secret |= bool(literal(match[2]))
        return f"{match[1]}/{REDACTED if literal(match[2]) else match[2]}@"

    def _run(self, match: re.Match[str], path: bool) -> str:
        run, before = match[0], match.string[max(0, match.start() - 7) : match.start()]
        pinned = _HEX.fullmatch(run) and _EXEMPT_BEFORE.search(before)
        # Folders of package stores are named by a hash, in lower case.
        if pinned or not looks_random(run) or (path and _STORE_NAME.fullmatch(run)):
            return run
        self.secret = True
        return REDACTED


def _expects(word: str) -> str:
    """What the word after this one is: `secret:<name>`, header, env, user, p, script or nothing known."""
    match = _OPTION.fullmatch(word)
    name = match[1] if match else word.rstrip(":= ") if word.endswith((":", "=")) else ""
    if match and name in _KINDS:
        return _KINDS[name]
    if name and is_secret_name(name):
        return f"secret:{name}"
    return "secret:authorization" if word.lower() == "bearer" else "script" if word.lower() in ("/c", "/k") else ""
