"""macOS and Windows: the sockets of each process from psutil."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from types import MappingProxyType

import psutil

from collectors.sources.socket.tcp import TcpSocket, TcpTable, tcp_socket


def read(pids: Iterable[int], most: Mapping[int, int] = MappingProxyType({})) -> TcpTable:
    sockets: list[TcpSocket] = []
    unreadable: set[int] = set()
    for pid in sorted(set(pids)):
        try:
            sockets += islice(_of(pid), most.get(pid))
        except psutil.NoSuchProcess:
            continue
        except (psutil.Error, OSError):
            unreadable.add(pid)
    return TcpTable(sockets, frozenset(unreadable))


def _of(pid: int) -> Iterator[TcpSocket]:
    for connection in psutil.Process(pid).net_connections(kind="tcp"):
        listening = connection.status == psutil.CONN_LISTEN
        if listening or connection.status == psutil.CONN_ESTABLISHED:
            remote = (connection.raddr.ip, connection.raddr.port) if connection.raddr else None
            yield tcp_socket(pid, listening, (connection.laddr.ip, connection.laddr.port), remote)
