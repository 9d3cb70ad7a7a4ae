"""Masks what is secret in one word that has no further structure: shapes, generated text, `name=value`, URLs."""

from __future__ import annotations

import re

from agent.redaction.letters import holds_unlikely_run
from agent.redaction.patterns import (
    DEFAULT,
    PATH,
    RUN,
    SCHEME,
    SHAPE,
    UUID,
    has_random,
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

_NAMED = re.compile(r"(?<![\w.-])([^\W\d][\w.-]*+|_[\w.-]*+)[\"'`]?+[\]}]?+\s*+(?::=|=>|[=:\uff1d\uff1a])\s*+")
_VALUE = re.compile(r"\"[^\"]*+\"?+|'[^']*+'?+|`[^`]*+`?+|[^\s;&|,\"'`)\]}]++")
READ_CHARS = 4_096
"""An argument longer than this is no argument anybody reads: it is replaced whole."""
_USERPASS = re.compile(r"(?<![\w.-])([\w.-]++):([^@/\s]{1,256}+)@(?!sha256:)")
_SLASHPASS = re.compile(r"(?<![\w.@/-])([\w.-]++)/([^@/\s]{1,256}+)@(?=(?!sha256:)(?://|[\w.-]{1,256}+:\d{2,5}(?!\d)))")
"""Oracle: `user/password@host:1521/service`."""
_PACKAGE_PREFIXES = word_set("npm jsr pypi file node link workspace git")
_EXEMPT_BEFORE = re.compile(r"(?:sha256:|[@#])$")
_HEX = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_STORE_NAME = re.compile(r"[0-9a-z_.-]++")
_BARE = re.compile(r"[A-Za-z0-9_-]++")
_REFERENCE = re.compile(
    r"(?i)(?:(?:op|bws|akv|awssm|gcp-?sm|infisical|doppler|pass|vault|keyring|keychain)://"
    r"|(?:keyring|keychain|secretref):|vault:(?=[^:]*/)|arn:aws[\w-]*:(?:secretsmanager|ssm):)[\w./#:@ -]+"
)
"""Where a store keeps the secret: who has the store's key reads it, not who has this text."""


class Masker:
    """Masks values and remembers in `secret` whether a clear-text one was met."""

    def __init__(self) -> None:
        self.secret = False

    def named(self, name: str, value: str) -> str:
        """The value of something whose name says secret; a path to where it is kept may be shown."""
        return value if is_harmless(value) or is_file_name(name, value) else self.masked(name, value)

    def masked(self, name: str, value: str) -> str:
        """Nothing of a value but its placeholders, its scheme and its quotes."""
        if not literal(value):
            return value
        # `KEY=$(command …`: what the command prints is not in the text.
        self.secret |= not value.startswith(("$(", "`")) and is_secret_value(name, value)
        default, scheme = DEFAULT.fullmatch(value), SCHEME.match(value)
        if default:
            return f"${{{default[1]}{default[2]}{REDACTED}}}"
        end = ")" if value.endswith(")") and "(" not in value else ""
        return (scheme[0] if scheme else "") + REDACTED + end

    def flat(self, word: str) -> str:
        """No structure, just patterns."""
        shown, last = [], 0
        hidden = self._assigned(word)
        for match in EMBEDDED.finditer(hidden):
            cleaned = url(match[0])
            self.secret |= cleaned.secret
            shown += [self._scan(hidden[last : match.start()]), cleaned.url or REDACTED]
            last = match.end()
        return "".join([*shown, self._scan(hidden[last:])])

    def _assigned(self, word: str) -> str:
        """The text without values whose names say that they are secret, wherever these stand."""
        shown, last = [], 0
        for match in _NAMED.finditer(word):
            if match.start() < last or not is_secret_name(match[1]):
                continue
            value = _VALUE.match(word, match.end())
            if not value or value[0].startswith("//"):
                continue
            quote = value[0][0] if value[0][0] in "\"'`" else ""
            plain = self.named(match[1], value[0].strip(quote) if quote else value[0])
            shown += [word[last : match.end()], quote, plain, quote]
            last = value.end()
        return "".join([*shown, word[last:]])

    def _scan(self, word: str) -> str:
        """Credential shapes, `user:password@` and generated text."""
        if UUID.fullmatch(word):
            return REDACTED
        found = SHAPE.subn(REDACTED, word)
        self.secret |= found[1] > 0
        word = _USERPASS.sub(self._userpass, found[0])
        word = _SLASHPASS.sub(self._slashpass, word)
        if _BARE.fullmatch(word) and holds_unlikely_run(word):
            self.secret |= has_random(word)  # of what may be an odd name it is not said
            return REDACTED
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


def is_secret_value(name: str, value: str) -> bool:
    """Whether this value of an environment variable, header or option is a secret in clear text."""
    rest = literal(value[:READ_CHARS])
    if not rest or is_harmless(rest) or is_dummy(rest) or rest == name or is_file_name(name, rest):
        return False
    if is_digest(name, rest) or (_REFERENCE.fullmatch(rest) and not is_credential(rest)):
        return False
    if is_secret_name(name) or is_credential(rest):
        return True
    masker = Masker()
    masker.flat(rest)
    return masker.secret
