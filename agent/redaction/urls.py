"""What may be shown of a URL: scheme, host, port and the plain part of its path."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote

from agent.redaction.letters import holds_unlikely_run
from agent.redaction.path_keys import key_segments
from agent.redaction.patterns import (
    DEFAULT,
    PLACEHOLDER,
    RUN,
    SHAPE,
    UUID,
    has_random,
    is_credential,
    is_dummy,
    is_harmless,
    is_secret_name,
    literal,
    word_set,
)

REDACTED = "<redacted>"
EMBEDDED = re.compile(r"(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]{0,30}+:(?://|(?=[a-z]{1,30}+://))[^\s\"]*+")
_SCHEME = re.compile("(?:[A-Za-z][A-Za-z0-9+.-]{0,30}:){0,2}(?:[A-Za-z][A-Za-z0-9+.-]{0,30}|[\ue000-\uf8fe])")
_MAX_CHARS = 2_000
_READ_CHARS = 4_096
_SECRET_FOLDERS = word_set(
    "key apikey api-key api_key token tokens access_token secret secrets password pat credential"
)
_ZONE = re.compile("%[^]]*+]")
_LABEL = re.compile("[A-Za-z0-9]{20,}+")
_ROUTES = word_set("mcp sse http stream streamable messages message events api info refresh revoke introspect")
_MASKS = range(0xE000, 0xF8FF)
"""Private-use characters stand for the placeholders while a URL is taken apart."""


class RedactedUrl(NamedTuple):
    """A URL without userinfo, query, fragment and secret path segments; `host` is null where a placeholder stands."""

    url: str | None
    host: str | None
    secret: bool


def url(value: str) -> RedactedUrl:
    """The URL as it may be shown. Text that is no URL loses its query all the same."""
    value = value.encode("utf-8", "replace").decode("utf-8").strip()
    if not value:
        return RedactedUrl(None, None, False)
    if len(value) > _READ_CHARS:
        start = value[:_READ_CHARS].rpartition("/")[0]
        if start.count("/") < 3 or "@" in value[len(start) :]:  # what is there might still be a password
            return RedactedUrl(REDACTED, None, is_credential(value[:_READ_CHARS]))
        value = start
    parts = _Parts(value)
    shown = parts.shown()
    return RedactedUrl(shown if len(shown) <= _MAX_CHARS else shown[:_MAX_CHARS] + "…", parts.host(), parts.secret)


class _Parts:
    """One URL taken apart; `urllib.parse` refuses what real configuration files hold."""

    def __init__(self, value: str) -> None:
        self.secret = False
        self._placeholders: list[str] = []
        masked = PLACEHOLDER.sub(self._mask, re.sub("[\ue000-\uf8ff]", "?", value))
        rest, _, fragment = masked.partition("#")
        rest, _, query = rest.partition("?")
        self.scheme, sign, after = rest.rpartition("://") if rest.startswith("jdbc:") else rest.partition("://")
        if not sign:
            self.scheme, after = "", rest
        authority, slash, path = self._split(after)
        self.authority, self.path = authority, slash + path
        self._query(query)
        self._query(fragment)

    def _split(self, after: str) -> tuple[str, str, str]:
        authority, slash, path = after.partition("/")
        port = authority.rpartition(":")[2] if ":" in authority and "@" not in authority else ""
        odd = bool(port) and not port.isdigit() and not authority.endswith("]") and ord(port[0]) not in _MASKS
        # A password may hold an unescaped `/` (or look like a port): then the last `@` ends it.
        web = self.scheme.lower() in ("http", "https", "ws", "wss", "")
        if "@" in path and (odd or not (web or "git" in self.scheme)):
            userinfo, _, after = after.rpartition("@")
            self._userinfo(userinfo)
            return after.partition("/")
        userinfo, sign, host = authority.rpartition("@")
        if sign:
            self._userinfo(userinfo)
            return host, slash, path
        return (authority[: -len(port) - 1] if odd and self.scheme else authority), slash, path

    def _userinfo(self, userinfo: str) -> None:
        user, _, password = self._restored(userinfo).partition(":")
        self.secret |= bool(literal(password)) or is_credential(literal(user))

    def _query(self, query: str) -> None:
        for pair in re.split("[&;]", query)[:200]:
            name, _, value = self._restored(pair).partition("=")
            rest = literal(unquote(value))
            if rest and not is_harmless(rest) and not is_dummy(rest):
                self.secret |= is_secret_name(name) or is_credential(rest)
            self.secret |= is_credential(literal(name))

    def shown(self) -> str:
        if not self.scheme:
            return self._segment(self._restored(self.authority, show=True), "") + self._shown_path()
        if not _SCHEME.fullmatch(self.scheme) or SHAPE.search(self.authority):
            return REDACTED
        return (
            f"{self._restored(self.scheme)}://{self._restored(self._shown_authority(), show=True)}{self._shown_path()}"
        )

    def _shown_authority(self) -> str:
        """Without the zone of an address, which may be any text, and without generated labels."""
        shown = _LABEL.sub(self._label, _ZONE.sub("]", self.authority))
        self.secret |= REDACTED in shown
        return shown

    @staticmethod
    def _label(label: re.Match[str]) -> str:
        return REDACTED if has_random(label[0]) else label[0]

    def host(self) -> str | None:
        """Host name in lower case, without the port."""
        host = self._shown_authority().rpartition("@")[2]
        host = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
        literal_host = self.scheme and host and not any(ord(char) in _MASKS for char in host)
        return host.lower() if literal_host else None

    def _shown_path(self) -> str:
        shown: list[str] = []
        before = ""
        keys = key_segments(self.host() or "", self.path)
        for position, segment in enumerate(self.path.split("/")):
            plain = self._restored(segment, show=True).partition(";")[0]
            self._query(segment.partition(";")[2])
            shown.append(self._segment(plain, before, position in keys))
            before = unquote(segment).lower()
        return "/".join(shown)

    def _segment(self, segment: str, before: str, key: bool = False) -> str:
        rest = literal(unquote(segment))
        if not rest or rest.lower() in _ROUTES:
            return segment
        name, sign, value = rest.partition("=")
        named = key or before in _SECRET_FOLDERS or (sign and value and is_secret_name(name))
        unpinned = self._unpinned(rest)
        random = has_random(unpinned) and RUN.search(unpinned) is not None
        if named or SHAPE.search(rest) or re.search(":[^@]*@", rest) or random:
            self.secret |= not is_dummy(rest)
            return REDACTED
        if holds_unlikely_run(unpinned):
            return REDACTED  # it may be an odd name: that it is a secret is not said
        return UUID.sub(REDACTED, segment)

    def _unpinned(self, segment: str) -> str:
        """Without the commit that a repository is pinned to."""
        revision = segment.rpartition("@")[2]
        pinned = "git" in self.scheme and re.fullmatch("[0-9a-f]{40}", revision)
        return segment[: -len(revision)] if pinned else segment

    def _mask(self, match: re.Match[str]) -> str:
        if len(self._placeholders) >= len(_MASKS):
            return ""
        self._placeholders.append(match[0])
        return chr(_MASKS[len(self._placeholders) - 1])

    def _restored(self, masked: str, show: bool = False) -> str:
        def placeholder(match: re.Match[str]) -> str:
            text = self._placeholders[ord(match[0]) - _MASKS[0]]
            return self._placeholder(text) if show else text

        return re.sub("[\ue000-\uf8fe]", placeholder, masked)

    def _placeholder(self, text: str) -> str:
        default = DEFAULT.fullmatch(text)
        if not default:
            return text if not literal(text) else REDACTED
        inner = url(default[3])
        secret = is_secret_name(default[1]) or is_credential(default[3])
        self.secret |= inner.secret or (secret and bool(literal(default[3])))
        return f"${{{default[1]}{default[2]}{REDACTED if secret else inner.url or ''}}}"
