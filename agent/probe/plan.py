"""What will be run or connected to when a server is asked: for the process that does it, and in words for a person."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from agent.probe.conversation import ProbeError
from agent.probe.messages import Question
from agent.probe.programs import on_disk, search_path, visible
from agent.probe.sandbox import MEMORY, PROCESSES
from agent.records import McpServer
from agent.redaction import redact
from collectors.readers.server_entry import Entry, Values

_PLACEHOLDER: Final = re.compile(r"\$\{(?:env:)?([A-Za-z_]\w*)(?::-([^{}]*))?\}|\{env:([A-Za-z_]\w*)\}")
_CONTAINERS: Final = ("docker", "podman", "nerdctl", "finch", "container")


@dataclass(frozen=True, slots=True)
class Terms:
    """What whoever asks allows."""

    secrets: bool = False
    """Whether the server gets the values that its definition names."""
    network: bool = False
    """Whether a program may reach the network, to fetch its package for one."""
    shared: tuple[str, ...] = ()
    """Folders that it may read."""
    environment: Mapping[str, str] | None = None
    """Where the definition's placeholders are looked up, and programs by `PATH`: the caller's own, or nothing."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One server to ask."""

    server: McpServer
    question: Question
    runs: str
    """Redacted."""
    names: tuple[str, ...]
    """Of the variables or headers that the definition sets."""
    terms: Terms

    def lines(self) -> Iterator[str]:
        """What will happen, for a person."""
        server, asked = self.server, self.question
        yield f"{server.name} in {server.agent} ({server.owner})"
        yield f"  defined in: {server.source.path} at {server.source.key}"
        yield f"  {'runs' if asked.transport == 'stdio' else 'connects to'}: {self.runs}"
        if self.names:
            what = "variables" if asked.transport == "stdio" else "headers"
            left = "with their values" if self.terms.secrets else "left out; --with-secrets gives them"
            yield f"  {what}: {', '.join(self.names)} ({left})"
        if asked.transport == "stdio":
            yield f"  reads: the system's folders{''.join(f', {path}' for path in asked.visible)}"
            if asked.empty:
                yield f"  finds empty: {', '.join(asked.empty)}"
            yield f"  network: {'the whole' if asked.network else 'none'}"
            yield (f"  bounds: an empty home, {MEMORY >> 20} MB of memory, {PROCESSES} processes, "
                   f"{asked.seconds:g} seconds")  # fmt: skip


def plan(server: McpServer, entry: Entry, home: str | None, terms: Terms) -> Plan:
    """Raises `ProbeError` where it cannot be asked so."""
    if server.transport != "stdio":
        return _remote(server, entry, terms)
    given = terms.environment or {}
    argv = [_filled(word, given) for word in entry.argv] if terms.secrets else [server.command or "", *server.args]
    if not argv[0]:
        raise ProbeError("its definition names no program")
    if os.path.basename(argv[0]) in _CONTAINERS:
        raise ProbeError("it runs in a container, which cannot be started from the sandbox")
    found = on_disk(argv, server.package, home, server.project)
    if found is None and not terms.network:
        raise ProbeError("its package is not on this machine, or not known there: --allow-network lets it be fetched")
    argv = found or argv
    path = search_path(home, given.get("PATH"))
    shown, programs = visible(argv, home, path)
    question = Question(
        "stdio",
        tuple(argv),
        env=tuple((name, _filled(value or "", given)) for name, value in entry.env.items()) if terms.secrets else (),
        visible=(*shown, *terms.shared),
        empty=tuple(
            word for word in argv[1:] if os.path.isdir(word) and word.startswith("/") and word not in terms.shared
        ),
        path=programs,
        network=terms.network,
    )
    words = redact.argv(argv[1:], argv[0]).args
    return Plan(server, question, " ".join((argv[0], *words)), tuple(sorted(entry.env)), terms)


def _remote(server: McpServer, entry: Entry, terms: Terms) -> Plan:
    kind: Literal["http", "sse"] = "sse" if server.transport == "sse" else "http"
    given = terms.environment or {}
    url = _filled(entry.url or "", given) if terms.secrets else server.url or ""
    if not url.startswith(("https://", "http://")) or "<redacted>" in url or "${" in url:
        raise ProbeError("its address holds a secret or a placeholder: --with-secrets gives it")
    headers = tuple((name, _filled(value, given)) for name, value in _known(entry.headers)) if terms.secrets else ()
    return Plan(server, Question(kind, url=url, headers=headers), server.url or "", tuple(sorted(entry.headers)), terms)


def _known(values: Values) -> Iterator[tuple[str, str]]:
    yield from ((name, value) for name, value in values.items() if value is not None)


def _filled(text: str, given: Mapping[str, str]) -> str:
    """A text with the values of the placeholders that are known."""
    return _PLACEHOLDER.sub(
        lambda each: given.get(each[1] or each[3], each[2] if each[2] is not None else each[0]), text
    )
