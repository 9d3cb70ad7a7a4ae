"""What a command line gives a container of the host, and where its engine is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from collectors.launch.identify import shown_argv
from collectors.launch.program_name import base_name

ENGINES = ("docker", "podman", "nerdctl", "finch")
_LOCAL = re.compile(r"(?i)(?:unix|npipe|fd):.*|ssh://.*|tcp://(?:localhost|127\.[\d.]+|\[::1\])(?::\d+)?/?")
_EVERYWHERE = re.compile(r"(?:0\.0\.0\.0:|\[::\]:|::)?\d*(?:-\d+)?(?::\d+(?:-\d+)?(?:/\w+)?|)$")


def engine_argv(command: str | None, args: Sequence[str]) -> tuple[str, ...]:
    """The command line of the container engine; empty where none is started."""
    if not any(engine in word for word in (command or "", *args) for engine in ENGINES):
        return ()
    argv = shown_argv(command, args)
    return argv if argv and base_name(argv[0]) in ENGINES else ()


def remote_engine(command: str | None, args: Sequence[str]) -> str | None:
    """The address of an engine on another machine that is reached without encryption."""
    argv = engine_argv(command, args)
    secure = any(word.startswith("--tls") for word in argv)
    for name, value in () if secure else _options(argv):
        if name in ("-H", "--host", "--url") and value.lower().startswith(("tcp://", "http://")):
            return None if _LOCAL.fullmatch(value) else value
    return None


def published_everywhere(command: str | None, args: Sequence[str]) -> Iterator[str]:
    """Ports of a container that other machines reach."""
    argv = engine_argv(command, args)
    for name, value in _options(argv):
        if name in ("-p", "--publish") and _EVERYWHERE.match(value):
            yield f"{name} {value}"
    if any(word in ("-P", "--publish-all") for word in argv):
        yield "all ports that the image names"


def devices(command: str | None, args: Sequence[str]) -> Iterator[str]:
    """Devices of the host that a container is given."""
    for name, value in _options(engine_argv(command, args)):
        if name in ("--device", "--device-cgroup-rule", "--gpus-raw"):
            yield f"{name} {value}"


def _options(argv: Sequence[str]) -> Iterator[tuple[str, str]]:
    for word, following in pairwise((*argv[1:], "")):
        name, given, value = word.partition("=")
        if word.startswith("--"):
            yield name, value if given else following
        elif re.match(r"-[pH].", word):
            yield word[:2], word[2:].removeprefix("=")
        elif word.startswith("-"):
            yield word, following
