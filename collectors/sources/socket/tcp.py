"""One TCP socket of one process, with canonical addresses."""

from __future__ import annotations

import ipaddress
from typing import Literal, NamedTuple

State = Literal["listening", "established"]


Family = Literal["ipv4", "ipv6"]


class TcpSocket(NamedTuple):
    """One socket of one process; a socket that several processes share is one for each of them.

    An IPv4 connection through an IPv6 socket counts as IPv4. `::` as a listening address stands for both families
    unless the socket is restricted to one, which is not told.
    """

    pid: int
    state: State
    local_address: str
    local_port: int
    remote_address: str | None
    """None for a listening socket, as is the port."""
    remote_port: int | None
    family: Family


class TcpTable(NamedTuple):
    sockets: list[TcpSocket]
    unreadable: frozenset[int]
    """Processes that exist but whose sockets this user may not see: theirs are unknown, not none."""


def tcp_socket(pid: int, listening: bool, local: tuple[str, int], remote: tuple[str, int] | None) -> TcpSocket:
    """A socket with its addresses in canonical form."""
    address, family = _canonical(local[0])
    far = None if listening or remote is None else (_canonical(remote[0])[0], remote[1])
    return TcpSocket(
        pid=pid,
        state="listening" if listening else "established",
        local_address=address,
        local_port=local[1],
        remote_address=far[0] if far else None,
        remote_port=far[1] if far else None,
        family=family,
    )


def _canonical(text: str) -> tuple[str, Family]:
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is None:
            return str(address), "ipv6"
        address = address.ipv4_mapped
    return str(address), "ipv4"
