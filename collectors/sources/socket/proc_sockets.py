"""Linux: which process holds which socket, from /proc/<pid>/fd, joined with the kernel's socket tables."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from collections.abc import Container, Iterable, Iterator, Mapping
from itertools import islice

from collectors.sources.socket.inet_diag import DiagSocket, diag_sockets
from collectors.sources.socket.tcp import TcpTable, tcp_socket

_DESCRIPTORS = 65_536
"""Descriptors looked at in one process."""
_TABLE_BYTES = 16 * 1024 * 1024
_ESTABLISHED, _LISTEN = "01", "0A"
_PREFIX = "socket:["


def read(pids: Iterable[int], most: Mapping[int, int]) -> TcpTable:
    here = _namespace("self")
    holders: dict[str | None, dict[int, list[int]]] = {}
    unreadable: set[int] = set()
    for pid in sorted(set(pids)):
        try:
            inodes, namespace = set(islice(_socket_inodes(pid), most.get(pid))), _namespace(pid)
        except (FileNotFoundError, ProcessLookupError):
            continue
        except OSError:
            unreadable.add(pid)
            continue
        of_namespace = holders.setdefault(namespace, {})
        for inode in inodes:
            of_namespace.setdefault(inode, []).append(pid)
    rows: list[tuple[int, DiagSocket]] = []
    for namespace, by_inode in holders.items():
        if by_inode:
            found = _table(by_inode, foreign=namespace != here)
            rows += [(pid, row) for row in found for pid in by_inode[row.inode]]
    sockets = [tcp_socket(pid, row.listening, row.local, row.remote) for pid, row in rows]
    return TcpTable(sorted(sockets, key=lambda held: held.pid), frozenset(unreadable))


def _table(by_inode: dict[int, list[int]], foreign: bool) -> Iterable[DiagSocket]:
    if not foreign:
        try:
            return diag_sockets(by_inode)
        except OSError:  # a kernel or sandbox without this kind of netlink
            return _text_tables("self", by_inode)
    # A netlink socket belongs to the namespace it was made in; the text tables show that of their process.
    for pid in {pid for pids in by_inode.values() for pid in pids}:
        try:
            return _text_tables(pid, by_inode)
        except OSError:  # gone; another one of the same namespace will do
            continue
    return ()


def _namespace(pid: int | str) -> str | None:
    try:
        return os.readlink(f"/proc/{pid}/ns/net")
    except FileNotFoundError:  # a kernel without network namespaces, or the process is gone
        return None


def _socket_inodes(pid: int) -> Iterator[int]:
    folder = f"/proc/{pid}/fd"
    with os.scandir(folder) as entries:
        for count, entry in enumerate(entries):
            if count >= _DESCRIPTORS:
                return
            try:
                target = os.readlink(entry.path)
            except FileNotFoundError:  # closed meanwhile
                continue
            if target.startswith(_PREFIX):
                yield int(target[len(_PREFIX) : -1])


def _text_tables(pid: int | str, inodes: Container[int]) -> list[DiagSocket]:
    lines = _lines(f"/proc/{pid}/net/tcp")
    with contextlib.suppress(FileNotFoundError):  # a kernel without IPv6
        lines += _lines(f"/proc/{pid}/net/tcp6")
    return [row for line in lines if (row := _parse(line, inodes))]


def _lines(path: str) -> list[str]:
    with open(path, encoding="ascii", errors="replace") as table:
        return table.read(_TABLE_BYTES).splitlines()[1:]


def _parse(line: str, inodes: Container[int]) -> DiagSocket | None:
    fields = line.split()
    try:
        if fields[3] not in (_ESTABLISHED, _LISTEN) or int(fields[9]) not in inodes:
            return None
        return DiagSocket(int(fields[9]), fields[3] == _LISTEN, _end(fields[1]), _end(fields[2]))
    except (ValueError, IndexError):  # cut off by the limit
        return None


def _end(text: str) -> tuple[str, int]:
    """Address and port from hexadecimal: the address as words in the machine's byte order."""
    address, port = text.split(":")
    raw = bytes.fromhex(address)
    words = (raw[at : at + 4] for at in range(0, len(raw), 4))
    packed = b"".join(int.from_bytes(word, "big").to_bytes(4, sys.byteorder) for word in words)
    return socket.inet_ntop(socket.AF_INET if len(packed) == 4 else socket.AF_INET6, packed), int(port, 16)
