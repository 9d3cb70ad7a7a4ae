"""Linux: every program start, fork and end as the kernel's process connector tells them (include/uapi/linux/cn_proc.h).

It needs CAP_NET_ADMIN (newer kernels give it to anyone) and the first user and process id namespaces.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import select
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

from collectors.sources.process.netlink_filter import attach
from collectors.sources.process.row import ProcessRow
from collectors.sources.process.table import ProcessTable

_NETLINK_CONNECTOR = 11
_CN_IDX_PROC = _CN_VAL_PROC = 1
_PROC_CN_MCAST_LISTEN = 1
_NLMSG_DONE = 3
_SO_RCVBUFFORCE = 33

_HEADERS = struct.Struct("=IHHII IIIIHH")
"""struct nlmsghdr, then struct cn_msg."""
_EVENT = struct.Struct("=IIQ")
"""struct proc_event without its data: what, cpu, timestamp."""
_DATA = _HEADERS.size + _EVENT.size
_TWO = struct.Struct("=II")
_FOUR = struct.Struct("=IIII")
_FORK, _EXEC, _EXIT = 1, 2, 0x80000000

_BUFFER_BYTES = 8 * 1024 * 1024
"""Room for some ten thousand events while this process does not run."""
_BATCH = 256
"""Messages taken before rows are read: few enough that the first of them still lives."""
_BREATH_SECONDS = 0.25
_ANSWER_SECONDS = 1.0
_NICENESS = -10


class UnsupportedError(Exception):
    """Process events cannot be had here; the text says why."""


class ProcessEvent(NamedTuple):
    """Something that happened to a whole process (threads are left out)."""

    kind: Literal["fork", "exec", "exit"]
    pid: int
    parent: int | None = None
    """Of a fork: the process that forked."""
    row: ProcessRow | None = None
    """Of an exec: the process as read right after it; None when it was gone already."""


class ProcessEvents:
    """Tells process events from one daemon thread until `close`.

    `notify` runs in that thread, must be quick and start no process. `overflow` means that events were lost: look at
    all processes again. `pause` comes after events when no more of them wait, in a storm every `_BREATH_SECONDS`: the
    time for slow work, which at any other time keeps this thread from reading a process before it ends. Of two
    programs a process runs at once, both events may bring the row of the second.
    Raises UnsupportedError.
    """

    mode = "process-connector"

    def __init__(
        self,
        notify: Callable[[ProcessEvent], None],
        overflow: Callable[[], None],
        table: ProcessTable | None = None,
        *,
        pause: Callable[[], None] = lambda: None,
        buffer_bytes: int = _BUFFER_BYTES,
    ) -> None:
        self._notify = notify
        self._overflow = overflow
        self._pause = pause
        self._table = table or ProcessTable()
        self._socket = _listen(buffer_bytes)
        self._stop_reader, self._stop_writer = os.pipe()
        self._thread = threading.Thread(target=self._run, name="process-events", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stops for good; no event comes after it returned (unless it is called from within one)."""
        if self._stop_writer < 0:
            return
        os.close(self._stop_writer)
        self._stop_writer = -1
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _run(self) -> None:
        _hurry()
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        poll.register(self._stop_reader, select.POLLHUP)
        paused = 0.0
        try:
            while not any(descriptor == self._stop_reader for descriptor, _ in poll.poll()):
                lost, messages = self._receive()
                for event in self._events(messages):
                    self._notify(event)
                if lost:
                    self._overflow()
                if not poll.poll(0) or time.monotonic() > paused + _BREATH_SECONDS:
                    self._pause()
                    paused = time.monotonic()
        finally:
            self._socket.close()
            os.close(self._stop_reader)

    def _receive(self) -> tuple[bool, list[bytes]]:
        """What waits now, and whether the kernel had to drop something before it."""
        lost = False
        messages: list[bytes] = []
        while len(messages) < _BATCH:
            try:
                message, (sender, _) = self._socket.recvfrom(1024)
            except BlockingIOError:
                break
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise
                lost = True
                continue
            if sender == 0:  # the kernel, not another process
                messages.append(message)
        return lost, messages

    def _events(self, messages: list[bytes]) -> Iterator[ProcessEvent]:
        rows: dict[int, ProcessRow | None] = {}
        for kind, pid, parent in filter(None, map(_parse, messages)):
            if kind != "exec":
                rows.pop(pid, None)
                yield ProcessEvent(kind, pid, parent)
                continue
            if pid not in rows:
                rows[pid] = self._table.row(pid)
            yield ProcessEvent(kind, pid, row=rows[pid])


def _hurry() -> None:
    """Let this thread go before all others: whoever ends within 50 ms must be read before it does, on a busy machine
    too. Without the right, as soon as a niceness allows; without that one, as it comes."""
    with contextlib.suppress(OSError):
        try:
            os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(1))
        except OSError:
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


def _parse(message: bytes) -> tuple[Literal["fork", "exec", "exit"], int, int | None] | None:
    """Kind, process and parent; None for what is none of ours, threads included."""
    if len(message) < _DATA + _FOUR.size:
        return None
    what = _EVENT.unpack_from(message, _HEADERS.size)[0]
    if what == _FORK:
        _, parent, child, process = _FOUR.unpack_from(message, _DATA)
        return ("fork", process, parent) if child == process else None
    if what not in (_EXEC, _EXIT):
        return None
    thread, process = _TWO.unpack_from(message, _DATA)
    if thread != process:
        return None
    return ("exec" if what == _EXEC else "exit"), process, None


def _listen(buffer_bytes: int) -> socket.socket:
    if sys.platform != "linux":
        raise UnsupportedError("only Linux has a process connector")
    listener: socket.socket | None = None
    try:
        listener = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC, _NETLINK_CONNECTOR)
        _make_room(listener, buffer_bytes)
        attach(listener)
        listener.bind((0, _CN_IDX_PROC))
        _subscribe(listener)
        listener.setblocking(False)
        return listener
    except (OSError, UnsupportedError) as error:
        if listener:
            listener.close()
        if isinstance(error, UnsupportedError):
            raise
        raise UnsupportedError(error.strerror or type(error).__name__) from error


def _make_room(listener: socket.socket, size: int) -> None:
    try:
        listener.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, size)
    except PermissionError:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)


def _subscribe(listener: socket.socket) -> None:
    """Asks for events and waits for the kernel's answer: a kernel or namespace without them stays silent."""
    # Everybody hears the answers to all; ours carries our number plus one.
    number = secrets.randbelow(1 << 31)
    size = _HEADERS.size + 4
    header = _HEADERS.pack(size, _NLMSG_DONE, 0, 0, 0, _CN_IDX_PROC, _CN_VAL_PROC, 0, number, 4, 0)
    listener.send(header + struct.pack("=I", _PROC_CN_MCAST_LISTEN))
    # Others may listen on the same machine: then the events they asked for come here too, but never an answer.
    deadline = time.monotonic() + _ANSWER_SECONDS
    while True:
        try:
            listener.settimeout(max(deadline - time.monotonic(), 0.001))
            message, (sender, _) = listener.recvfrom(1024)
        except TimeoutError:
            raise UnsupportedError(
                "the kernel does not answer: no process events in this kernel or namespace"
            ) from None
        other = (
            sender or _HEADERS.unpack_from(message)[8] != number + 1 or _EVENT.unpack_from(message, _HEADERS.size)[0]
        )
        if other and time.monotonic() < deadline:
            continue
        if other:
            raise UnsupportedError("the kernel tells process events to others, not to this namespace")
        if error := struct.unpack_from("=I", message, _DATA)[0]:
            raise UnsupportedError(os.strerror(error))
        return
