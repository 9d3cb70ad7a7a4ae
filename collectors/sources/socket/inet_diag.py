"""Linux: the kernel's socket table by netlink (include/uapi/linux/inet_diag.h), without the text of /proc/net/tcp."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Container, Iterator
from dataclasses import dataclass

_NETLINK_SOCK_DIAG = 4
_SOCK_DIAG_BY_FAMILY = 20
_NLMSG_ERROR, _NLMSG_DONE = 2, 3
_NLM_F_REQUEST = 0x1
_NLM_F_REQUEST_DUMP = _NLM_F_REQUEST | 0x300
_NLM_F_DUMP_INTR = 0x10

_ESTABLISHED, _LISTEN = 1, 10
_EVERY_STATE = 0xFFFF_FFFF
_STATES = 1 << _ESTABLISHED | 1 << _LISTEN

_HEADER = struct.Struct("=IHHII")
_REQUEST = struct.Struct("=BBBxI48x")
"""struct inet_diag_req_v2: family, protocol, extensions, states, and an empty socket id."""
_EXACT = struct.Struct("!HH16s16sI8s")
"""struct inet_diag_sockid: ports, addresses, any interface, and the cookie that stands for any."""
_ANSWER = struct.Struct("=BB2x2s2s16s16s")
"""The start of struct inet_diag_msg: family, state, ports and addresses in network order."""
_INODE = struct.Struct("=I")
_INODE_AT = _HEADER.size + 68
_UID_AT = _HEADER.size + 64
_RESULT = struct.Struct("=i")
_BUFFER = 1 << 18
_SECONDS = 5
_TRIES = 3


@dataclass(frozen=True, slots=True)
class DiagSocket:
    """A row of the table."""

    inode: int
    listening: bool
    local: tuple[str, int]
    remote: tuple[str, int]


def diag_sockets(inodes: Container[int]) -> list[DiagSocket]:
    """Listening and established TCP sockets of this network namespace with these inodes. Raises OSError where the
    kernel has no such interface."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC, _NETLINK_SOCK_DIAG) as kernel:
        kernel.settimeout(_SECONDS)
        found: list[DiagSocket] = []
        for family in (socket.AF_INET, socket.AF_INET6):
            try:
                found += _dump(kernel, family, inodes)
            except FileNotFoundError:  # this kernel has no IPv6
                continue
        return found


def socket_uid(local: tuple[str, int], remote: tuple[str, int]) -> int | None:
    """User id of the TCP socket with these two ends; None where there is none. Raises OSError where the kernel has no
    such interface."""
    family = socket.AF_INET6 if ":" in local[0] else socket.AF_INET
    ends = (socket.inet_pton(family, address).ljust(16, b"\0") for address, _ in (local, remote))
    body = _REQUEST.pack(family, socket.IPPROTO_TCP, 0, _EVERY_STATE)[: -_EXACT.size]
    body += _EXACT.pack(local[1], remote[1], *ends, 0, b"\xff" * 8)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC, _NETLINK_SOCK_DIAG) as kernel:
        kernel.settimeout(_SECONDS)
        kernel.send(_HEADER.pack(_HEADER.size + len(body), _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST, 0, 0) + body)
        try:
            for _, message in _messages(kernel):
                return int(_INODE.unpack_from(message, _UID_AT)[0])
        except FileNotFoundError:
            pass
    return None


def _dump(kernel: socket.socket, family: int, inodes: Container[int]) -> list[DiagSocket]:
    body = _REQUEST.pack(family, socket.IPPROTO_TCP, 0, _STATES)
    rows: list[DiagSocket] = []
    for _ in range(_TRIES):
        kernel.send(_HEADER.pack(_HEADER.size + len(body), _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST_DUMP, 0, 0) + body)
        interrupted, rows = False, []
        for flags, message in _messages(kernel):
            interrupted |= bool(flags & _NLM_F_DUMP_INTR)
            if _INODE.unpack_from(message, _INODE_AT)[0] in inodes:
                rows.append(_row(message))
        if not interrupted:  # a table that changed while it was dumped may lack a row
            break
    return rows


def _messages(kernel: socket.socket) -> Iterator[tuple[int, memoryview]]:
    """Flags and bytes of each message of a dump, headers included."""
    while True:
        answer = memoryview(kernel.recv(_BUFFER))
        while len(answer) >= _HEADER.size:
            length, kind, flags, _, _ = _HEADER.unpack_from(answer)
            if kind in (_NLMSG_ERROR, _NLMSG_DONE):
                if error := _RESULT.unpack_from(answer, _HEADER.size)[0]:
                    raise OSError(-error, os.strerror(-error))
                return
            yield flags, answer[:length]
            answer = answer[(length + 3) & ~3 :]


def _row(message: memoryview) -> DiagSocket:
    family, state, *ends = _ANSWER.unpack_from(message, _HEADER.size)
    local_port, remote_port, local, remote = ends
    size = 4 if family == socket.AF_INET else 16
    return DiagSocket(
        inode=_INODE.unpack_from(message, _INODE_AT)[0],
        listening=state == _LISTEN,
        local=(socket.inet_ntop(family, local[:size]), int.from_bytes(local_port, "big")),
        remote=(socket.inet_ntop(family, remote[:size]), int.from_bytes(remote_port, "big")),
    )
