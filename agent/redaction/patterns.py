"""What counts as a secret: a value under a telling name, a known credential shape, or text that looks generated.

Every pattern is linear in its input: starts are anchored, repetitions are possessive or bounded.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise


def word_set(words: str) -> frozenset[str]:
    """The words of a line, for tables that read better as prose."""
    return frozenset(words.split())


PLACEHOLDER = re.compile(
    r"\$\{\{[^{}]*+\}\}|\$\{[^{}]*+\}|\$\([^()]*+\)|\{\{[^{}]*+\}\}"
    r"|\{(?:(?:env|file|input|cmd|secrets?):)?[A-Za-z_~/.][\w./~-]*+\}|\$(?:env:)?[A-Z_][A-Z0-9_]*+|\$(?:input|env|secret|secrets):[A-Za-z_][\w.-]*+|%[A-Za-z_]\w*+%"
    r"|<[A-Za-z][\w .-]*+>|\[[A-Z][A-Z0-9_ -]*+\]"
)
DEFAULT = re.compile(r"\$\{([\w.]++)(:?[-=+?])([^{}]*+)\}")
"""A shell-style placeholder with a fallback, which is literal text and may itself be the secret."""
SCHEME = re.compile(r"(?i)(?:bearer|basic|digest|token|bot|apikey|api-key)(?:\s++|$)")
UUID = re.compile(r"(?i)(?<![0-9a-f])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-f])")
PATH = re.compile(r"(?:~|\.{1,2})?[/\\]|[A-Za-z]:[/\\]|~$")
RUN = re.compile(r"[A-Za-z0-9_+=~-]{16,}+")
SHAPE = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"sk-[\w-]{12,}+|[srp]k_(?:live|test)_\w{8,}+|gh[opsur]_\w{16,}+|github_pat_\w{16,}+|gl(?:pat|ptt|dt|rt|cbt|ft|agent|oas|soat|imt|ffct)-[\w.-]{12,}+"
    r"|xox[a-z]-[\w-]{8,}+|xapp-[\w-]{8,}+|(?:AKIA|ASIA)[A-Z0-9]{12,}+|AIza[\w-]{20,}+|ya29\.[\w.-]{10,}+"
    r"|eyJ[\w+/=-]{8,}+(?:\.[\w+/=-]++)*+|hf_\w{16,}+|npm_\w{20,}+|pypi-[\w-]{20,}+|pplx-\w{16,}+|gsk_\w{16,}+|xai-\w{16,}+"
    r"|tvly-[\w-]{12,}+|ntn_\w{16,}+|secret_[A-Za-z0-9]{32,}+|lin_(?:api|oauth)_\w{12,}+|napi_\w{16,}+|sbp_\w{16,}+|figd_[\w-]{12,}+"
    r"|dop_v1_\w{16,}+|SG\.[\w-]{8,}+\.[\w-]++|shp(?:at|ca|ss)_\w{12,}+|ATATT[\w=-]{12,}+|fc-[0-9a-f]{16,}+|BSA[\w-]{20,}+"
    r"|apify_api_\w{12,}+|e2b_\w{16,}+|ctx7sk-[\w-]{12,}+|r8_\w{16,}+|nvapi-[\w-]{12,}+|dckr_[a-z]{3}_[\w-]{12,}+"
    r"|(?:sdk|api|mob|access-(?:sandbox|development|production))-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|amzn\.mws\.[0-9a-f-]{36}|rzp_(?:live|test)_\w{10,}+|ABSK[A-Za-z0-9+/=]{40,}+|IQoJb3JpZ2lu[\w/+=%-]{20,}+"
    r"|WPL_AP1\.[\w.=]{12,}+|rubygems_[0-9a-f]{48}|sq[pua]_[0-9a-f]{40}|pul-[0-9a-f]{40}|gls?[ac]_\w{20,}+"
    r"|sntry[su]_[\w=+/-]{20,}+|lsv2_[a-z]{2}_\w{20,}+|do[or]_v1_\w{16,}+|PMAK-[\w-]{20,}+|sgp_\w{20,}+|key-[0-9a-f]{32}"
    r"|shippo_(?:live|test)_\w{16,}+|GOCSPX-[\w-]{20,}+|rdme_\w{20,}+|CFPAT-[\w-]{20,}+|NRAK-\w{20,}+|HRKU-[\w-]{20,}+"
    r"|tskey-[a-z]{3,9}-[\w-]{12,}+|whsec_\w{12,}+|AGE-SECRET-KEY-\w++|dapi[0-9a-f]{24,}+|hvs\.[\w-]{12,}+|pat-[a-z]{2}\d-[\w-]{12,}+|\d{8,10}:AA[\w-]{20,}+"
    r"|-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]*+)"
)

_WORD = re.compile(r"[A-Z]++(?![a-z])|[A-Z]?[a-z]++|[A-Z]|[^\W\d_a-zA-Z]++")
_SECRET_WORDS = word_set(
    "secret secrets token password passwd passwort pwd pass passphrase passcode pw auth authorization bearer "
    "credential credentials creds cred cookie cookies pat jwt apikey signature sig otp totp mnemonic psk passkey hmac "
    "kennwort geheim geheimnis mdp passe senha contrasena clave parola heslo haslo salasana sifre passord losenord "
    "adgangskode wachtwoord jelszo sandi webhook masterauth "
    "пароль секрет токен 密码 密碼 口令 密钥 密鑰 令牌 パスワード 비밀번호 토큰"
)
_FUSED = (
    "password", "passwd", "secret", "apikey", "token", "passphrase", "credential", "credentials", "passkey",
    "authkey", "privkey", "privatekey", "secretkey", "accesskey", "signingkey", "requirepass", "storepass", "keypass",
    "rootpass", "dbpass", "userpass", "rpcpass",
)  # fmt: skip
_KEY_KINDS = word_set("api access secret private auth app account master service license encryption signing")
_SECRET_PAIRS = frozenset(
    {("seed", "phrase"), ("recovery", "phrase"), ("mfa", "code"), ("access", "code"), ("sas", "url")}
)
_ACCENTED = str.maketrans("łŁøØđ", "lLoOd")
_PLAIN_KEYS = word_set("public primary foreign sort partition cache index object registry hot shortcut")
_QUALIFIERS = word_set(
    "file path dir directory folder name names type kind mode method url uri endpoint host port env var variable "
    "limit limits count size length len ttl timeout expiry expires expiration scheme provider server prefix "
    "suffix location store storage algorithm alg region domain enabled required policy budget parallelism id ids "
    "version format window level strategy backend manager issuer audience scope scopes realm rotation encoding "
    "source command cmd helper arn label user username email login through"
)
"""As the last word these say that the name is about a secret, not the secret itself."""
_SWITCHES = word_set("no disable enable use allow skip require show print is has max min num")
_FILE_SECRETS = word_set("key keys cert credential credentials creds auth secrets tokens")
_DIGESTS = word_set("sha hash hashes digest digests checksum checksums fingerprint commit rev revision")
_DIGEST = re.compile(r"(?:sha\d{1,3}[:-])?[0-9a-f]{32,128}+(?:[,; ]+(?:sha\d{1,3}[:-])?[0-9a-f]{32,128}+)*+")
_HARMLESS = word_set("true false yes no on off none null auto required optional enabled disabled 0 1 docker-desktop")
_DUMMY = re.compile(
    r"(?i)(?=[a-z_.\- /']*+$)"
    r"(?:[a-z_.\- /']*?(?:your|insert|replace|placeholder|redacted|example)|(?:put|paste|add|enter)[_ -]"
    r"|[a-z_.\- /']*[_ -]here$)"
    r"|(?:[a-z]{2,8}[-_]){0,4}[x*.…]{3,}[x*._…-]*+$"
)
_CLASSES = {**dict.fromkeys(map(ord, "0123456789"), "0"), **dict.fromkeys(range(97, 123), "a")}
_CLASSES |= {**dict.fromkeys(range(65, 91), "A"), **dict.fromkeys(map(ord, "_+=~-"), " ")}
_CAMEL_CASE = re.compile(r"(?:[a-z]{2,}+)?(?:[A-Z]{1,3}[a-z]{2,}+){2,}+[0-9]{0,4}")
_CAPITALS = re.compile("(?<!A)AA")
_CAPITALISED = re.compile(r"(?<![Aa0])A(?=a)")


def is_secret_name(name: str) -> bool:
    """Whether the value under this name is a secret by convention: `API_KEY`, `--db-password`, `Authorization`."""
    words = _words(name)
    if not words or words[0] in _SWITCHES or name in ("PWD", "OLDPWD"):
        return False
    if words[-1] in _QUALIFIERS and words[-2:] != ["secret", "id"]:
        return False
    if not _SECRET_WORDS.isdisjoint(words) or any(word.endswith(_FUSED) for word in words) or words[-1] == "pin":
        return True
    if not _SECRET_PAIRS.isdisjoint(pairwise(words)):
        return True
    if words[-1] in ("key", "keys") and _PLAIN_KEYS.isdisjoint(words):
        return True
    return any(kind in _KEY_KINDS and word in ("key", "keys", "tokens") for kind, word in pairwise(words))


def _words(name: str) -> list[str]:
    """The words that a name is made of, in lower case and without accents."""
    if not name.isascii():
        name = unicodedata.normalize("NFKD", name[-200:].translate(_ACCENTED))
        name = unicodedata.normalize("NFC", "".join(char for char in name if unicodedata.category(char) != "Mn"))
    return [word.lower() for word in _WORD.findall(name[-200:])]


def is_file_name(name: str, value: str) -> bool:
    """Whether the name could mean a file that holds the secret, and the value is a path."""
    words = set(_words(name))
    return bool(words & _FILE_SECRETS) and PATH.match(value) is not None and not has_random(value)


def is_digest(name: str, value: str) -> bool:
    """Whether the name says that the value is a checksum, and it looks like one."""
    words = set(_words(name))
    return bool(words & _DIGESTS) and not is_secret_name(name) and _DIGEST.fullmatch(value) is not None


def literal(value: str) -> str:
    """What a value says itself: without placeholders, an authentication scheme and quotes. Empty: no secret in it."""
    for _ in range(3):  # placeholders nest: `${A:-${B}}`
        shorter = PLACEHOLDER.sub(_fallback, value)
        if shorter == value:
            break
        value = shorter
    value = value.strip(" \t\"'`:;,")
    return SCHEME.sub("", value, count=1).strip(" \t\"'`:;,") if SCHEME.match(value) else value


def _fallback(placeholder: re.Match[str]) -> str:
    default = DEFAULT.fullmatch(placeholder[0])
    if default:
        return default[3]
    body = placeholder[0].strip("${}()<>%[]")
    return body if is_credential(body) else ""


def is_credential(text: str) -> bool:
    """Whether the text holds something shaped like a known credential, or generated text."""
    return SHAPE.search(text) is not None or (PATH.match(text) is None and has_random(text))


def is_harmless(value: str) -> bool:
    """A switch or a wildcard rather than a value, whatever its name."""
    return value.strip().lower() in _HARMLESS or not value.strip(" \t*.…")


def is_dummy(value: str) -> bool:
    """A hint to fill in the value, such as `your-api-key` or `sk-xxxx`."""
    return len(value) <= 200 and _DUMMY.match(value) is not None


def has_random(text: str) -> bool:
    return any(looks_random(run[0]) for run in RUN.finditer(text))


def looks_random(run: str) -> bool:
    """Whether a run of letters, digits and `_+=~-` switches between cases and digits as often as generated text does.

    Words, versions, dates and CamelCase change class at word borders only; a UUID is an identifier.
    """
    run = UUID.sub(" ", run)
    if _CAMEL_CASE.fullmatch(run):
        return False
    classes = _CAPITALISED.sub("a", run.translate(_CLASSES))
    if _changes(classes, 20, 0.25) or _changes(classes, 24, 0.2) or _mixed(classes):
        return True
    return any(_changes(chunk, 16, 0.25) for chunk in classes.split(" "))


def _changes(classes: str, least: int, ratio: float) -> bool:
    size, digits = _size(classes), classes.count("0")
    return size >= least and digits >= 2 and size - digits >= 2 and _changed(classes) >= ratio * size


def _mixed(classes: str) -> bool:
    """Generated text with hardly a digit: unlike CamelCase it has capitals side by side and changes still more."""
    size = _size(classes)
    return size >= 20 and len(_CAPITALS.findall(classes)) >= 2 and _changed(classes) >= 0.4 * size


def _size(classes: str) -> int:
    return len(classes) - classes.count(" ")


def _changed(classes: str) -> int:
    return sum(a != b and a != " " and b != " " for a, b in pairwise(classes))
