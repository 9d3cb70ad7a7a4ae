"""What a start of a client says by its arguments and its environment: files that it brings in, and flags."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile

from collectors.catalog.client import Client

_UNQUOTED = re.compile(r"[\"']|(?<==)\s+|\s+(?==)")
_MOST_VALUES = 50


def values(options: Sequence[str], argv: Sequence[str], many: bool = True) -> Iterator[tuple[str, str]]:
    """What options are given, each with its option: after `=`, the next word, or all words up to the next option."""
    for index, word in enumerate(argv):
        name, sign, value = word.partition("=")
        if sign and name in options:
            yield name, value
        elif word in options:
            following = argv[index + 1 : index + 1 + (_MOST_VALUES if many else 1)]
            yield from ((word, given) for given in takewhile(lambda given: not given.startswith("-"), following))


def bypass_flags(client: Client | None, argv: Sequence[str]) -> Iterator[str]:
    """The client's arguments that switch approvals or the sandbox off, as the catalog spells them."""
    plain = [_UNQUOTED.sub("", word) for word in argv]
    yield from (flag for flag in (client.process.bypass if client else ()) if is_given(flag, plain))
    for flag in client.process.bypass_within if client else ():
        option, text = flag.split(" ", 1)
        if any(_holds(value, text) for _, value in values((option,), argv)):
            yield flag


def bypass_variables(client: Client | None, variables: Mapping[str, str]) -> Iterator[str]:
    """Those of the variables that switch approvals off."""
    for name in client.process.bypass_variables if client else ():
        if variables.get(name, "").strip().lower() not in ("", "0", "false", "no", "off"):
            yield name


def is_given(flag: str, argv: Sequence[str]) -> bool:
    """Whether a flag as the catalog spells it, `--flag` or `--flag value`, is among the arguments."""
    words = flag.split()
    if "=".join(words) in argv:
        return True
    return len(words) > 1 and any(list(argv[at : at + len(words)]) == words for at in range(len(argv)))


def _holds(value: str, text: str) -> bool:
    return text in value if value.lstrip().startswith("{") else text in re.split(r"[,\s]+", value)
