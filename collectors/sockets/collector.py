"""TCP sockets of exactly the processes that are instances of agents and servers: who listens, who talked to whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import cast

from agent.records import Connection, Diagnostic, Evidence, Instance, Record
from collectors.contract import Collector, Context, Observation, Scope
from collectors.sockets.peers import Peers, Talk
from collectors.sockets.shares import ACCOUNT, Allowance, looked_at
from collectors.sources.limits import at_least
from collectors.sources.socket.table import tcp_table
from collectors.sources.socket.tcp import TcpSocket

NAME = "sockets"


class SocketCollector(Collector):
    """One scope an instance: where it listens now, and every peer it was seen connected to while it lives."""

    name = NAME
    settles = False

    def __init__(self) -> None:
        self._peers: dict[str, Peers] = {}
        self._met, self._listening = Allowance({}), Allowance({})

    def collect(self, context: Context) -> Iterator[Observation]:
        if not context.live:
            return
        instances = [cast(Instance, record) for record in context.view.records("instance")]
        by_pid = {pid: instance for instance in instances for pid in instance.pids}
        table = tcp_table(by_pid, looked_at(instances))
        sockets: dict[str, list[TcpSocket]] = {instance.id: [] for instance in instances}
        for socket in table.sockets:
            sockets[by_pid[socket.pid].id].append(socket)
        self._remember(context, instances)
        self._listening = Allowance({instance.owner: 0 for instance in instances})
        self._met = Allowance(self._peers_by_owner(instances))
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

    def _remember(self, context: Context, instances: Iterable[Instance]) -> None:
        """Peers of those that live; after a restart those that the inventory still knows."""
        alive = {instance.id for instance in instances}
        known: dict[str, dict[str, Connection]] = {}
        if alive - self._peers.keys():
            for record in context.view.records("connection"):
                edge = cast(Connection, record)
                if edge.relation == "established" and edge.from_id in alive:
                    known.setdefault(edge.from_id, {})[edge.remote or ""] = edge
        most = context.limits.instance_peers
        self._peers = {id_: self._peers.get(id_) or Peers(most, known.get(id_, {})) for id_ in alive}

    def _peers_by_owner(self, instances: Iterable[Instance]) -> Mapping[str | None, int]:
        known: Counter[str | None] = Counter()
        for instance in instances:
            known[instance.owner] += len(self._peers[instance.id])
        return known

    def _records(self, context: Context, instance: Instance, sockets: Sequence[TcpSocket]) -> Iterator[Record]:
        listening = {(s.local_address, s.local_port): s for s in sockets if s.state == "listening"}
        peers, before = self._peers[instance.id], len(self._peers[instance.id])
        most = min(context.limits.instance_peers, self._listening.left(instance.owner))
        self._listening.take(instance.owner, min(most, len(listening)))
        for socket in sorted(listening.values(), key=lambda socket: socket.local_port)[:most]:
            yield _connection(context, instance, socket.pid, local=_endpoint(socket.local_address, socket.local_port))
        # Somebody who called here is no peer that was called; each caller comes from a port of its own.
        served = {socket.local_port for socket in listening.values()}
        talks = {_talk(s) for s in sockets if s.state != "listening" and s.local_port not in served}
        peers.room = self._met.left(instance.owner)
        peers.met(talks, datetime.now(UTC), lambda talk: _connection(context, instance, talk.pid, remote=talk.remote))
        self._met.take(instance.owner, len(peers) - before)
        yield from peers.connections()
        if len(listening) > most or peers.left_out:
            yield _too_many(context, instance, peers.left_out + at_least(len(listening) - most))


def _talk(socket: TcpSocket) -> Talk:
    return Talk(socket.pid, socket.local_port, _endpoint(socket.remote_address, socket.remote_port))


def _connection(
    context: Context, instance: Instance, pid: int, local: str | None = None, remote: str | None = None
) -> Connection:
    return Connection(
        endpoint_id=context.endpoint_id,
        owner=instance.owner,
        observed_at=datetime.now(UTC),
        evidence=Evidence(collector=NAME, source=f"pid:{pid}", confidence="confirmed"),
        relation="listening" if local else "established",
        from_id=instance.id,
        local=local,
        remote=remote,
    )


def _too_many(context: Context, instance: Instance, beyond: int) -> Diagnostic:
    return Diagnostic(
        endpoint_id=context.endpoint_id,
        owner=instance.owner,
        evidence=Evidence(collector=NAME, source=f"pid:{instance.pid}", confidence="confirmed"),
        code="budget.sockets",
        message=f"at least {beyond} sockets were left out: {context.limits.instance_peers} of each instance are told, "
        f"of an account {ACCOUNT}",
        key=instance.id,
        agent=instance.agent,
    )


def _endpoint(address: str | None, port: int | None) -> str:
    return f"[{address}]:{port}" if address and ":" in address else f"{address}:{port}"
