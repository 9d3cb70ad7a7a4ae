"""The TCP sockets of given processes."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from collectors.sources.socket.tcp import TcpSocket, TcpTable


def tcp_sockets(pids: Iterable[int]) -> list[TcpSocket]:
    """Listening and established sockets of exactly these processes, as far as this user may see them."""
    return tcp_table(pids).sockets


def tcp_table(pids: Iterable[int], most: Mapping[int, int] = MappingProxyType({})) -> TcpTable:
    """The same, and which processes could not be looked at; `most` says of how many sockets of a process. Raises
    OSError when the system gives no answer at all."""
    if sys.platform == "linux":
        from collectors.sources.socket.proc_sockets import read

        return read(pids, most)
    from collectors.sources.socket.psutil_sockets import read as read_elsewhere

    return read_elsewhere(pids, most)
