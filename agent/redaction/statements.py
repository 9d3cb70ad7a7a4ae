"""Secrets told by what stands around them: in SQL, in a sentence, in a pipe into a program that reads a password."""

from __future__ import annotations

import re
from collections.abc import Callable

Mask = Callable[[str, str], str]
"""From the name of a secret and its value to what may be shown of it."""

_SQL = re.compile(
    r"(?i)(?<![\w'\"])((?:identified\s{1,9}(?:with\s{1,9}\S{1,64}\s{1,9})?(?:by|as)(?:\s{1,9}password)?"
    r"|password|secret|require(?:pass)?|masterauth)(?:\s{1,9}|\s{0,9}[=(]\s{0,9}){1,3})('[^']*+'?|\"[^\"]*+\"?)"
)
_QUOTED = r"'[^']*+'?|\"[^\"]*+\"?"
_NAME = r"(?:'[^']{0,200}'|\"[^\"]{0,200}\")"
_CALL = re.compile(
    r"(?i)((?:set_?environment_?variable|putenv|setenv|networkcredential|pscredential|basicauth|digestauth|auth\s{0,3}=\s{0,3})"
    rf"\(\s{{0,9}}{_NAME}\s{{0,9}},\s{{0,9}})({_QUOTED})"
)
"""A call that takes a name and a secret."""
_CMDLET = re.compile(
    r"(?i)(?<![\w-])((?:convertto-securestring|(?:set|new)-item\s{1,9}(?:-path\s{1,9})?env:\w{1,99})\s{1,9}"
    rf"(?:-(?:string|value)\s{{1,9}})?)({_QUOTED}|[^\s-]\S*+)"
)
"""PowerShell's commands that do."""
_SENTENCE = re.compile(
    r"(?i)(?<![\w-])((?:pass(?:word|wort|phrase|code)|kennwort|token|secret|pin|(?:api|access|secret)[ _-]?key)\s{1,9}"
    r"(?:is|was|lautet|ist|will be|to)\s{1,9}(?::\s{0,9})?)(\S++)"
)
_ENDS = re.compile(r"[.,;:!?)\"'\]]*+$")
_PIPE = re.compile(r"(?<!\|)\|(?!\|)")
_READS_SECRET = re.compile(
    r"(?<![\w-])(?:-S|--(?:password|passphrase|token|secret)?-?stdin|--with-token|--passphrase-fd|--body-file|chpasswd"
    r"|smbpasswd|passwd|store|insert|put|kinit|cryptsetup|login|unlock|secrets?|stdin)(?![\w-])"
)
_PRINTS = re.compile(r"(.*(?:^|[\s;&({`\"'])(?:echo|printf|print|Write-Output)\s++)(.*)", re.DOTALL)
_HERE = re.compile(r"(<<<\s*+)(\"[^\"]*+\"?|'[^']*+'?|\S++)")
_WORDS = re.compile(r"(?<!\S)(?!-[a-zA-Z]{1,3}(?:\s|$)|%[a-z](?:\s|$))\"[^\"]*+\"?|(?<!\S)'[^']*+'?|[^\s\"'|;&]++")


def mask_statements(text: str, mask: Mask) -> str:
    """The text without what these say to be a secret."""
    if "'" in text or '"' in text:
        text = _SQL.sub(lambda match: _masked_value(match, mask), text)
        text = _CALL.sub(lambda match: _masked_value(match, mask), text)
    text = _CMDLET.sub(lambda match: _masked_value(match, mask), text)
    text = _SENTENCE.sub(lambda match: match[1] + _unlike_a_word(match[2], mask), text)
    return _piped(text, mask) if ("|" in text or "<<<" in text) and _READS_SECRET.search(text) else text


def _masked_value(match: re.Match[str], mask: Mask) -> str:
    quote = match[2][0] if match[2][0] in "'\"" else ""
    return f"{match[1]}{quote}{mask('password', match[2].strip(quote) if quote else match[2])}{quote}"


def _unlike_a_word(value: str, mask: Mask) -> str:
    """`the token is invalid` tells none."""
    core = _ENDS.sub("", value)
    return (
        value if core.isalpha() and (core.islower() or core.istitle()) else mask("password", core) + value[len(core) :]
    )


def _piped(text: str, mask: Mask) -> str:
    parts = _PIPE.split(text)
    for position, after in enumerate(parts[1:]):
        prints = _PRINTS.fullmatch(parts[position])
        if prints and _READS_SECRET.search(after):
            parts[position] = prints[1] + _WORDS.sub(lambda match: mask("password", match[0]), prints[2])
    return _HERE.sub(lambda match: match[1] + mask("password", match[2]), "|".join(parts))
