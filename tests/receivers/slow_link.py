"""A bad line between two network namespaces: real kernels at both ends, and packets that come late or not at all.

Where the kernel has `netem` that would do; not every machine that runs tests has it. Needs root and /dev/net/tun.
"""

from __future__ import annotations

import ctypes
import fcntl
import heapq
import os
import random
import select
import struct
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

NEAR, FAR = "10.213.0.1", "10.213.0.2"
_TUNSETIFF, _TUN_WITHOUT_INFO = 0x400454CA, 0x1001
_CLONE_NEWNET = 0x40000000
_QUEUE = 64
"""Packets that wait for their turn; the next is dropped, as a modem does."""


@dataclass(frozen=True)
class Line:
    """Two namespaces, named for `ip netns exec`."""

    near: str
    far: str


@contextmanager
def slow_link(delay: float, loss: float, bits: int) -> Iterator[Line]:
    """Seconds each way, share of packets lost, bits a second. The far end is `FAR`."""
    line = Line(f"near-{uuid.uuid4().hex[:8]}", f"far-{uuid.uuid4().hex[:8]}")
    if not os.path.exists("/dev/net/tun"):
        pytest.skip("needs /dev/net/tun")
    made = [
        subprocess.run(["ip", "netns", "add", name], capture_output=True).returncode for name in (line.near, line.far)
    ]
    try:
        if any(made):
            pytest.skip("needs network namespaces")
        command = [sys.executable, __file__, line.near, line.far, str(delay), str(loss), str(bits)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            try:
                assert process.stdout and process.stdout.readline() == b"ready\n"
                for name, here in ((line.near, NEAR), (line.far, FAR)):
                    run = ["ip", "-n", name]
                    subprocess.run([*run, "addr", "add", f"{here}/24", "dev", "line"], check=True)
                    for device in ("lo", "line"):
                        subprocess.run([*run, "link", "set", device, "up"], check=True)
                yield line
            finally:
                process.kill()
    finally:
        for name in (line.near, line.far):
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)


def _device(namespace: str) -> int:
    """A tun device in a namespace, for this process to read and write its packets."""
    with Path("/run/netns", namespace).open() as place:
        if ctypes.CDLL(None, use_errno=True).setns(place.fileno(), _CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, _TUNSETIFF, struct.pack("16sH", b"line", _TUN_WITHOUT_INFO))
    return device


def main() -> None:
    near, far, delay, loss, bits = sys.argv[1:]
    ends = [_device(near), _device(far)]
    print("ready", flush=True)
    dice, free = random.Random(1), [0.0, 0.0]
    waiting: list[tuple[float, int, int, bytes]] = []
    for number in range(sys.maxsize):
        left = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
        for device in select.select(ends, [], [], left)[0]:
            packet, way, now = os.read(device, 2048), ends.index(device), time.monotonic()
            if dice.random() < float(loss) or sum(item[1] == ends[1 - way] for item in waiting) >= _QUEUE:
                continue
            free[way] = max(free[way], now) + len(packet) * 8 / int(bits)
            heapq.heappush(waiting, (free[way] + float(delay), ends[1 - way], number, packet))
        while waiting and waiting[0][0] <= time.monotonic():
            _, other, _, packet = heapq.heappop(waiting)
            try:
                os.write(other, packet)
            except OSError:
                continue


if __name__ == "__main__":
    main()
