"""What a server reaches, inferred from its definition alone. Works on what redaction has left, so no secret passes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from agent.records import DataSource
from agent.redaction import redact
from agent.redaction.patterns import word_set
from collectors.launch.identify import shown_argv
from collectors.launch.launchers import LAUNCHERS, Launched
from collectors.launch.packages import package_name
from collectors.launch.program_name import base_name
from collectors.reach.databases import databases
from collectors.reach.file_roots import DATABASE_FILE, container_mounts, file_roots, named_values
from collectors.reach.services import services
from collectors.reach.this_machine import is_this_machine

_MOST = 50
_MAX_CHARS = 300
_CONTAINERS = ("docker", "podman", "nerdctl", "finch")
_GENERIC = ("database", "repository")
"""Targets in the table that stand for something unnamed."""
_URL = re.compile(r"https?://[^\s\"'<>]+")
_CLOUD_OPTIONS = word_set("profile region project subscription context aws-profile aws-region kube-context")
_NOT_REACHED = word_set("origin origins redirect callback issuer proxy registry cors hosts")


def data_sources(
    command: str | None, args: Sequence[str], package: str | None, url: str | None, env_names: Sequence[str]
) -> tuple[DataSource, ...]:
    """The declared sources, sorted, at most 50.

    Takes the fields of a definition as they are shown: redacted arguments, package URL, URL of the server or of the
    bridge's far end, names of environment variables.
    """
    found = list(_known(command, args, package))
    if package is None or package_name(package) not in services().nothing:
        found += services().of_env(env_names)
    if url:
        found += _at_url(url)
    if command:
        found += _in_arguments(command, args, found)
    return _distinct(found)


def _known(command: str | None, args: Sequence[str], package: str | None) -> Iterator[DataSource]:
    """What the table says of the package, of the installed command or of the Python module."""
    names = [package_name(package)] if package else []
    if command and not package:
        program = base_name(command)
        module = next((b for a, b in pairwise(args) if a == "-m"), "")
        names += [f"{kind}:{program}" for kind in ("npm", "pypi")]
        names += [f"pypi:{module.partition('.')[0].replace('_', '-')}"] if module else []
        yield from services().of_command(program)
    if not services().nothing.intersection(names):
        yield from services().of_package(names)


def _at_url(url: str) -> list[DataSource]:
    """The service at a URL, else its host; what is on this machine is told only where the table knows the port."""
    host = redact.url(url).host
    if not host:
        return []
    port = re.match(r"[a-z]+://(?:\[[^\]]*\]|[^/:]*):(\d+)", url)
    known = services().of_host(f"{host}:{port[1]}") if port else []
    known = known or services().of_host(host)
    return known or ([] if is_this_machine(host) else [DataSource(kind="network", target=host)])


def _in_arguments(command: str, args: Sequence[str], known: Iterable[DataSource]) -> Iterator[DataSource]:
    argv = shown_argv(command, args)
    own = _own(argv)
    engine = next((source.target for source in known if source.kind == "database"), None)
    for target in databases(own, engine):
        yield DataSource(kind="database", target=target[:_MAX_CHARS])
    for name, value in named_values(own):
        if not _NOT_REACHED.intersection(re.split(r"[-_]", name.lower())):
            for found in _URL.findall(value):
                yield from _at_url(found)
    cloud = next((source.target for source in known if source.kind == "cloud"), None)
    yield from _cloud(own, cloud)
    if argv and base_name(argv[0]) in _CONTAINERS:
        # What follows the image are paths inside the container.
        yield from _files(container_mounts(argv[1 : len(argv) - len(own)]))
    else:
        yield from _files(path for path in file_roots(own) if not DATABASE_FILE.fullmatch(path))


def _own(argv: Sequence[str]) -> tuple[str, ...]:
    """The arguments that belong to the server, not to what launches it."""
    if not argv:
        return ()
    name = base_name(argv[0])
    launcher = LAUNCHERS.get(name) or LAUNCHERS.get(re.sub(r"(?<=python)[23]?(?:\.\d+)?$", "", name))
    launched = launcher(argv[1:]) if launcher else Launched(None, tuple(argv[1:]))
    return launched.rest


def _cloud(args: Sequence[str], cloud: str | None) -> Iterator[DataSource]:
    for name, value in named_values(args):
        which = cloud or ("AWS" if name.startswith("aws-") else "Kubernetes" if name == "kube-context" else None)
        if which and name.lower() in _CLOUD_OPTIONS and value and value != redact.REDACTED:
            label = name.lower().removeprefix("aws-").removeprefix("kube-")
            yield DataSource(kind="cloud", target=f"{which} {label} {value}"[:_MAX_CHARS])


def _files(paths: Iterable[str]) -> Iterator[DataSource]:
    for path in paths:
        if path.endswith("/docker.sock"):
            yield DataSource(kind="shell", target="Docker")
        else:
            yield DataSource(kind="filesystem", target=path[:_MAX_CHARS])


def _distinct(found: Iterable[DataSource]) -> tuple[DataSource, ...]:
    """Each source once; `PostgreSQL` says nothing beside `PostgreSQL host/name`, nor `database` beside any engine."""
    sources = {(source.kind, source.target): source for source in found}
    beside: dict[str, list[str]] = {}
    for kind, target in sources:
        beside.setdefault(kind, []).append(target)
    return tuple(
        source
        for (kind, target), source in sorted(sources.items())
        if not any(other.startswith(target + " ") for other in beside[kind])
        and not (target in _GENERIC and len(beside[kind]) > 1)
    )[:_MOST]
