"""Listening and established TCP sockets of exactly the processes that are instances of agents and servers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import cast

from agent.records import Connection, Evidence, Instance
from collectors.contract import Context, Observation, Scope, Watcher
from collectors.sources.sockets import TcpSocket, tcp_sockets

NAME = "sockets"


class SocketCollector:
    """One scope an instance: its sockets now."""

    name = NAME
    settles = False

    def collect(self, context: Context) -> Iterator[Observation]:
        if not context.live:
            return
        instances = [cast(Instance, record) for record in context.view.records("instance")]
        by_pid = {pid: instance for instance in instances for pid in instance.pids}
        sockets: dict[str, list[TcpSocket]] = {instance.id: [] for instance in instances}
        for socket in tcp_sockets(by_pid):
            sockets[by_pid[socket.pid].id].append(socket)
        for instance in instances:
            records = {c.id: c for c in (_connection(context, instance, s) for s in sockets[instance.id])}
            yield Observation(Scope(NAME, instance.owner or "", instance.id), tuple(records.values()))

    def refresh(self, context: Context, scopes: Iterable[Scope]) -> Iterator[Observation]:
        return self.collect(context)

    def depends_on(self, context: Context) -> object:
        return tuple(sorted((record.id, cast(Instance, record).pids) for record in context.view.records("instance")))

    def poll(self, context: Context) -> Iterator[Observation]:
        return self.collect(context)

    def watch(self, notify: Callable[[Scope | None], None]) -> Watcher | None:
        return None


def _connection(context: Context, instance: Instance, socket: TcpSocket) -> Connection:
    listening = socket.state == "listening"
    remote = None if listening else _endpoint(socket.remote_address, socket.remote_port)
    local = _endpoint(socket.local_address, socket.local_port) if listening else None
    return Connection.of(
        endpoint_id=context.endpoint_id,
        owner=instance.owner,
        evidence=Evidence(collector=NAME, source=f"pid:{socket.pid}", confidence="confirmed"),
        relation=socket.state,
        from_id=instance.id,
        local=local,
        remote=remote,
    )


def _endpoint(address: str | None, port: int | None) -> str:
    return f"[{address}]:{port}" if address and ":" in address else f"{address}:{port}"
