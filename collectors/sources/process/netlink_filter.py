"""A classic BPF program that lets only whole processes' fork, exec and exit reach a process connector socket.

The kernel can filter by event type itself since 6.6, but not threads, of which a busy machine starts and ends far more.
"""

from __future__ import annotations

import array
import socket
import struct

_SO_ATTACH_FILTER = 26
_LOAD, _TO_INDEX, _GO, _IF_EQUAL, _IF_EQUAL_INDEX, _RETURN = 0x20, 0x07, 0x05, 0x15, 0x1D, 0x06

_WHAT = 36
"""Offset of proc_event.what, behind struct nlmsghdr and struct cn_msg."""
_THREAD, _PROCESS = 52, 56
"""Offsets of thread and process id in an exit event."""
_CHILD_THREAD, _CHILD_PROCESS = 60, 64
"""The same of the child in a fork event."""
_ANSWER, _FORK, _EXEC, _EXIT = 0, 1, 2, 0x80000000


def attach(listener: socket.socket) -> None:
    """Filters what `listener` receives from now on. Raises OSError."""
    code = array.array("B", b"".join(_PROGRAM))
    # struct sock_fprog; the kernel copies the code it points to.
    listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("HP", len(_PROGRAM), code.buffer_info()[0]))


def _do(code: int, value: int = 0, then: int = 0, otherwise: int = 0) -> bytes:
    """struct sock_filter: jumps count from the next instruction."""
    return struct.pack("HBBI", code, then, otherwise, value)


# A load turns network byte order into the machine's, but these messages are in the machine's own.
_PROGRAM = (
    _do(_LOAD, _WHAT),
    _do(_IF_EQUAL, socket.htonl(_ANSWER), then=11),
    _do(_IF_EQUAL, socket.htonl(_EXEC), then=10),
    _do(_IF_EQUAL, socket.htonl(_EXIT), then=5),
    _do(_IF_EQUAL, socket.htonl(_FORK), otherwise=9),
    _do(_LOAD, _CHILD_THREAD),
    _do(_TO_INDEX),
    _do(_LOAD, _CHILD_PROCESS),
    _do(_GO, 3),
    _do(_LOAD, _THREAD),
    _do(_TO_INDEX),
    _do(_LOAD, _PROCESS),
    _do(_IF_EQUAL_INDEX, otherwise=1),
    _do(_RETURN, 0xFFFFFFFF),
    _do(_RETURN, 0),
)
