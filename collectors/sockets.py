"""TCP sockets of exactly the processes that are instances of agents and servers: who listens, who talked to whom."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import NamedTuple, cast

from agent.records import Connection, Evidence, Instance
from collectors.contract import Context, Observation, Scope, Watcher
from collectors.sources.socket.table import TcpSocket, tcp_table

NAME = "sockets"


class _Talk(NamedTuple):
    """One open connection; its own port tells it from others to the same peer."""

    pid: int
    port: int
    remote: str


class SocketCollector:
    """One scope an instance: where it listens now, and every peer it was seen connected to while it lives."""

    name = NAME
    settles = False

    def __init__(self) -> None:
        self._peers: dict[str, dict[str, Connection]] = {}
        self._talks: dict[str, set[_Talk]] = {}

    def collect(self, context: Context) -> Iterator[Observation]:
        if not context.live:
            return
        instances = [cast(Instance, record) for record in context.view.records("instance")]
        by_pid = {pid: instance for instance in instances for pid in instance.pids}
        table = tcp_table(by_pid)
        sockets: dict[str, list[TcpSocket]] = {instance.id: [] for instance in instances}
        for socket in table.sockets:
            sockets[by_pid[socket.pid].id].append(socket)
        self._remember(context, instances)
        for instance in instances:
            scope = Scope(NAME, instance.owner or "", instance.id)
            records = tuple(self._records(context, instance, sockets[instance.id]))
            yield Observation(scope, records, unknown=not table.unreadable.isdisjoint(instance.pids))

    def refresh(self, context: Context, scopes: Iterable[Scope]) -> Iterator[Observation]:
        return self.collect(context)

    def depends_on(self, context: Context) -> object:
        return tuple(sorted((record.id, cast(Instance, record).pids) for record in context.view.records("instance")))

    def poll(self, context: Context) -> Iterator[Observation]:
        return self.collect(context)

    def watch(self, notify: Callable[[Scope | None], None]) -> Watcher | None:
        return None

    def _remember(self, context: Context, instances: Iterable[Instance]) -> None:
        """Peers of those that live; after a restart those that the inventory still knows."""
        alive = {instance.id for instance in instances}
        self._talks = {id_: talks for id_, talks in self._talks.items() if id_ in alive}
        known = {id_: peers for id_, peers in self._peers.items() if id_ in alive}
        if alive - known.keys():
            for record in context.view.records("connection"):
                edge = cast(Connection, record)
                if edge.relation == "established" and edge.from_id in alive and edge.from_id not in self._peers:
                    known.setdefault(edge.from_id, {})[edge.id] = edge
        self._peers = {id_: known.get(id_, {}) for id_ in alive}

    def _records(self, context: Context, instance: Instance, sockets: Iterable[TcpSocket]) -> Iterator[Connection]:
        listening: dict[str, Connection] = {}
        talks: set[_Talk] = set()
        sockets = list(sockets)
        served = {socket.local_port for socket in sockets if socket.state == "listening"}
        for socket in sockets:
            if socket.state != "listening" and socket.local_port in served:
                # Somebody who called here, not a peer that was called; each caller comes from a port of its own.
                continue
            if socket.state == "listening":
                edge = _connection(context, instance, socket)
                listening[edge.id] = edge
            else:
                talk = _Talk(socket.pid, socket.local_port, _endpoint(socket.remote_address, socket.remote_port))
                self._met(_connection(context, instance, socket), talk)
                talks.add(talk)
        self._talks[instance.id] = talks
        yield from listening.values()
        yield from self._peers[instance.id].values()

    def _met(self, edge: Connection, talk: _Talk) -> None:
        """Count a connection once, however often it is looked at."""
        peers = self._peers[edge.from_id]
        before = peers.get(edge.id)
        count = before.count or 0 if before else 0
        if talk not in self._talks.get(edge.from_id, ()) or not count:
            count += 1
        first = before.first_seen if before and before.first_seen else edge.observed_at
        peers[edge.id] = edge.model_copy(update={"first_seen": first, "last_seen": edge.observed_at, "count": count})


def _connection(context: Context, instance: Instance, socket: TcpSocket) -> Connection:
    listening = socket.state == "listening"
    return Connection.of(
        endpoint_id=context.endpoint_id,
        owner=instance.owner,
        observed_at=datetime.now(UTC),
        evidence=Evidence(collector=NAME, source=f"pid:{socket.pid}", confidence="confirmed"),
        relation=socket.state,
        from_id=instance.id,
        local=_endpoint(socket.local_address, socket.local_port) if listening else None,
        remote=None if listening else _endpoint(socket.remote_address, socket.remote_port),
    )


def _endpoint(address: str | None, port: int | None) -> str:
    return f"[{address}]:{port}" if address and ":" in address else f"{address}:{port}"
