"""Starts of clients: the agents that run, and those that profiles, shortcuts, services and wrappers of a home hold."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple, cast

from agent.records import Instance
from collectors.catalog.client import Client
from collectors.catalog.starts import values
from collectors.contract import Context
from collectors.locate.declared import assigned, invocations
from collectors.sources.account import Home
from collectors.sources.process.arguments import arguments
from collectors.sources.process.environment import environment
from collectors.sources.process.words import kept, weigh

_MOST = 500
_ROOM, _SHORT, _ACCOUNT = 32 * 1024, 512, 1_000_000
"""Bytes of the words of one start, with documents that stand in them whole; of one that comes when those of its account
have taken what they may; and of all of an account."""
_REMEMBERED, _ORDINARY = 1_024, 4_096
"""How many starts are not read again, of those that take no more bytes."""


class Start(NamedTuple):
    """One way in which a client is started."""

    client: Client
    args: tuple[str, ...]
    """Raw: they may hold secrets."""
    variables: tuple[tuple[str, str], ...]
    source: str
    """The file that holds it, or `pid:<number>`."""
    folder: str | None = None
    """What its relative paths start at; None where that is not known."""
    running: bool = False


def starts(context: Context, home: Home) -> Iterator[Start]:
    """All of one account."""
    yield from islice(_at_rest(context, home), _MOST)
    yield from islice(running(context, home.owner), _MOST)


def running(context: Context, owner: str) -> Iterator[Start]:
    """The agents of one owner that run."""
    left = _ACCOUNT
    for instance in _instances(context):
        client = context.catalog.clients.get(instance.agent or "")
        if instance.subject == "agent" and client and owner == instance.owner:
            names = tuple(name for brings in client.brings for name in brings.variables)
            args, variables = _started_with(instance.id, instance.pid, names)
            if _weight(args, variables) > left:
                args = kept(args, _SHORT, _SHORT)
                variables = tuple((name, value) for name, value in variables if len(value) <= _SHORT)
            left -= _weight(args, variables)
            # Some write a title over their arguments: then what was told of them is all that is known.
            shown = args if any(args[1:]) else instance.args
            yield Start(client, shown, variables, f"pid:{instance.pid}", instance.cwd, running=True)


def _instances(context: Context) -> Iterator[Instance]:
    return (cast(Instance, record) for record in context.view.records("instance"))


def bringing(context: Context) -> Iterator[tuple[str, ...]]:
    """Owners of running agents that bring in files or texts of their own, with what tells these apart."""
    for owner in {instance.owner for instance in _instances(context) if instance.owner}:
        for start in running(context, owner):
            for brings in start.client.brings:
                given = [name + value for name, value in values(brings.options, start.args, brings.many)]
                given += [name + value for name, value in start.variables if name in brings.variables]
                if given:
                    yield owner, start.source, start.client.id, *given


def _weight(args: tuple[str, ...], variables: tuple[tuple[str, str], ...]) -> int:
    return sum(map(weigh, (*args, *(value for _, value in variables))))


_Started = tuple[tuple[str, ...], tuple[tuple[str, str], ...]]
_known: dict[tuple[str, tuple[str, ...]], _Started] = {}


def _started_with(instance: str, pid: int, names: tuple[str, ...]) -> _Started:
    """Words and variables of a running process. Only what is of ordinary length is remembered: whoever starts it
    chooses how long that is."""
    found = _known.get((instance, names))
    if found is None:
        variables = tuple(sorted(environment(pid, names).items())) if names else ()
        found = kept(arguments(pid), _ROOM, longest=_ROOM), tuple((name, value[:_ROOM]) for name, value in variables)
        if _weight(*found) <= _ORDINARY:
            _known[instance, names] = found
            if len(_known) > _REMEMBERED:
                del _known[next(iter(_known))]
    return found


def _at_rest(context: Context, home: Home) -> Iterator[Start]:
    clients: dict[str, Client] = {}
    by_variable: dict[str, list[Client]] = {}
    for client in context.catalog.clients.values():
        process = client.process
        packages = (package.partition(":")[2] for package in process.packages if "*" not in package)
        names = (*process.names, *process.commands, *(namesake.exe for namesake in process.namesake), *packages)
        clients.update((name, client) for name in names)
        for name in {*process.bypass_variables, *(v for brings in client.brings for v in brings.variables)}:
            by_variable.setdefault(name, []).append(client)
    for found in invocations(context, home, frozenset(clients)):
        start = found.started
        own = tuple((name, value) for name, value in start.variables if name in by_variable)
        yield Start(clients[start.program], start.args, own, found.path)
    for said in assigned(context, home, frozenset(by_variable)) if by_variable else ():
        for client in by_variable[said.name]:
            yield Start(client, (), ((said.name, said.value),), said.path)
