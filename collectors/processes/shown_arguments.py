"""What may be told of an agent's command line. Its words may be what a person wrote: the catalog says which are not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import NamedTuple

from agent.redaction import redact
from collectors.catalog.client import Client

_LONGEST_VALUE = 200


class ShownArguments(NamedTuple):
    """Arguments in their order, redacted, and how many others there were."""

    args: tuple[str, ...]
    withheld: int


def shown_arguments(client: Client | None, argv: Sequence[str], own: Sequence[str]) -> ShownArguments:
    """The command line of an agent: whole as far as it is its launcher's, then only what the catalog lists.

    `own` are the last words of `argv`: those that the agent itself takes.
    """
    before = argv[1 : len(argv) - len(own)]
    told = list(_told(_Listed.of(client), own)) if client else []
    return ShownArguments(redact.argv([*before, *told], *argv[:1]).args, len(own) - len(told))


def _told(listed: _Listed, words: Sequence[str]) -> Iterator[str]:
    commands = True
    """Whether a subcommand may stand here: only before the first word that is none."""
    option = ""
    for word in words:
        if word == "--":
            return
        name, sign, value = word.partition("=")
        if option and not word.startswith("-") and listed.has_value(option, word):
            yield word
        elif word.startswith("-"):
            if (listed.has_value(name, value)) if sign else word in listed.flags:
                yield word
            option = "" if sign else word
            continue
        elif not option and commands and word in listed.commands:
            yield word
        else:
            commands = commands and bool(option)
        option = ""


class _Listed(NamedTuple):
    """What the catalog says of a client's arguments."""

    commands: frozenset[str]
    flags: frozenset[str]
    values: tuple[tuple[str, str], ...]
    """Options with a pattern of the values that may be told."""

    @classmethod
    def of(cls, client: Client) -> _Listed:
        permissions = client.permissions
        flags = [flag.flag for flag in permissions.flag] if permissions else []
        flags += [f"{option} *" for option in permissions.profile_flags] if permissions else []
        return _listed((*client.process.shown, *client.process.bypass, *flags))

    def has_value(self, option: str, value: str) -> bool:
        if len(value) > _LONGEST_VALUE or any(map(str.isspace, value)):
            return False
        return any(option == name and fnmatchcase(value, pattern) for name, pattern in self.values)


@lru_cache(maxsize=512)
def _listed(arguments: tuple[str, ...]) -> _Listed:
    words: Iterable[list[str]] = [argument.split(" ", 1) for argument in arguments]
    return _Listed(
        frozenset(word for word, *_ in words if not word.startswith("-")),
        frozenset(word for word, *_ in words if word.startswith("-")),
        tuple((word, value[0]) for word, *value in words if value),
    )
