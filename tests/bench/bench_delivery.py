"""How fast a backlog drains over TLS beside a bare loop over httpx, in how much memory, and what goes over the wire."""

from __future__ import annotations

import gzip
import hashlib
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import trustme

from agent.delivery.batch import Batch, batch_of, next_batch
from agent.delivery.cursor import Cursor
from agent.delivery.messages import DeliveryJob
from agent.delivery.position import Position
from agent.delivery.targets.rollcall import RollcallSettings, encode
from agent.journal.journal import FILE, Journal
from agent.runtime.logs import LogSettings
from tests.bench import home, machine
from tests.bench.table import Row

ENDPOINT = "e" * 32
_SERVER = """
import asyncio, ssl, sys
async def serve(reader, writer):
    try:
        while head := await reader.readuntil(b"\\r\\n\\r\\n"):
            lines = head.lower().split(b"\\r\\n")
            length = next(int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length"))
            await reader.readexactly(length)
            writer.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\n{}")
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()
async def main():
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(sys.argv[1])
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context, limit=1 << 20)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
"""
"""Swallows batches; a receiver that stores them would be what is measured."""


def run(quick: bool) -> list[Row]:
    count = 30_000 if quick else 1_000_000
    with machine.folder() as place, _receiver(place) as url:
        path = place / "state" / FILE
        journal = Journal.open(path, ENDPOINT)
        _fill(journal, count)
        bare, packed, bare_work = _bare(journal, url, place / "ca.pem")
        seconds, peak, work = _drained(journal, path, url, place / "ca.pem")
        size = sum(map(_on_the_wire, _batches(journal))) / count
        journal.close()
    inventory, unchanged = _inventories()
    return [
        Row("draining a backlog", seconds / count * 1e6, "µs/entry", bare / count * 1e6,
            "bare httpx loop that compresses too", 1 / 0.6, of_ratio=True),
        Row("the same", seconds / count * 1e6, "µs/entry", packed / count * 1e6, "bare httpx loop, packed before"),
        Row("processor time of it", work / count * 1e6, "µs/entry", bare_work / count * 1e6,
            "bare httpx loop that compresses too", 1 / 0.6, of_ratio=True),
        Row("memory of the process that delivers", peak / 1e6, "MB", goal=70),
        Row("an action over the wire", size, "B", goal=60),
        Row("a whole inventory of 12 servers over the wire", inventory, "B", goal=8192, strictly=False),
        Row("the same, unchanged", unchanged, "B", goal=400, strictly=False),
    ]  # fmt: skip


def _inventories() -> tuple[int, int]:
    """Bytes of the first delivery of a machine with 12 servers, and of a heartbeat, which is what comes where nothing
    changed."""
    home.make(machine.HOME, machine.UID, files=home.FILES[:3])
    with machine.folder() as place:
        target = f'[[target]]\nname = "out"\ntype = "file"\npath = "{place}/out.ndjson"\n'
        command = machine.rollcall(machine.settings(place, target), "--once", "--deliver")
        subprocess.run(command, cwd=machine.REPOSITORY, stdout=subprocess.DEVNULL, check=True)
        (path,) = place.glob(f"state/once/*/{FILE}")
        journal = Journal.open(path, path.parent.name, readonly=True)
        head = journal.head().seq
        heartbeat = batch_of(journal, head, head - 1)
        whole = sum(_on_the_wire(batch) for batch in _batches(journal))
        journal.close()
    return whole, _on_the_wire(heartbeat)


def _on_the_wire(batch: Batch) -> int:
    return len(gzip.compress(encode(batch), 6))


@contextmanager
def _receiver(place: Path) -> Iterator[str]:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(place / "ca.pem"))
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(place / "server.pem"))
    command = [sys.executable, "-c", _SERVER, str(place / "server.pem")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        yield f"https://127.0.0.1:{int(process.stdout.readline())}/v1/batches"
        process.terminate()


def _fill(journal: Journal, count: int) -> None:
    """What a busy agent does: the first action of a session is whole, the others leave out what is the same."""
    for start in range(0, count, 500):
        with journal.transaction() as step:
            for number in range(start, min(start + 500, count)):
                step.append("action", _action(number))


def _action(number: int) -> dict[str, object]:
    digest = hashlib.sha256(str(number).encode()).hexdigest()
    return {
        "kind": "action",
        "id": digest[:32],
        "owner": "dev",
        "agent": "claude-code",
        "action": "shell" if number % 3 else "file_read",
        "tool": "Bash" if number % 3 else "Read",
        "session_id": f"session-{number // 200}",
        "decision": "auto",
        "result": "ok",
        "duration_ms": int(digest[:3], 16),
    }


def _batches(journal: Journal) -> Iterator[Batch]:
    position = Position()
    while batch := next_batch(journal, position, 500, 900_000):
        yield batch
        position = Position(batch.last_seq, batch.last_seq)


def _bare(journal: Journal, url: str, ca_file: Path) -> tuple[float, float, float]:
    """Seconds that a loop takes which compresses and posts what is in memory, of those the posts alone, and of all the
    processor's."""
    compressing = posting = work = 0.0
    with httpx.Client(verify=ssl.create_default_context(cafile=str(ca_file))) as client:
        for batch in _batches(journal):
            body = encode(batch)
            start, busy = time.perf_counter(), time.process_time()
            packed = gzip.compress(body, 6, mtime=0)
            between = time.perf_counter()
            client.post(url, content=packed, headers={"Content-Encoding": "gzip"}).raise_for_status()
            compressing += between - start
            posting += time.perf_counter() - between
            work += time.process_time() - busy
    return compressing + posting, posting, work


def _drained(journal: Journal, path: Path, url: str, ca_file: Path) -> tuple[float, float, float]:
    """Seconds from the first accepted batch of the real process to the last, its peak memory, its processor time."""
    target = RollcallSettings(url=url, ca_file=ca_file)
    job = DeliveryJob(journal=str(path), endpoint_id=ENDPOINT, targets=(target,), log=LogSettings(), linger=60)
    command = [sys.executable, "-m", "agent.delivery"]
    goal, cursor, peak = journal.head().seq, Cursor(journal, target.name), [0.0]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert process.stdin
        process.stdin.write(job.line())
        process.stdin.flush()
        threading.Thread(target=_watch, args=(process.pid, peak), daemon=True).start()
        while not (first := cursor.load().done):
            time.sleep(0.005)
        start, busy = time.perf_counter(), _busy(process.pid)
        while cursor.load().done < goal:
            time.sleep(0.02)
        whole = goal / (goal - first)
        seconds, work = (time.perf_counter() - start) * whole, (_busy(process.pid) - busy) * whole
        process.stdin.close()
    return seconds, peak[0], work


def _busy(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def _watch(pid: int, peak: list[float]) -> None:
    try:
        while True:
            peak[0] = max(peak[0], psutil.Process(pid).memory_info().rss)
            time.sleep(0.05)
    except psutil.Error:
        return
