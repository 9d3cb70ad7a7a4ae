"""Sockets of exactly the processes that matter, as connections of their instances."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from agent.records import Connection, Instance
from collectors.sockets.collector import SocketCollector
from tests import made
from tests.collectors.world import World

ME = os.getpid()


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def listen(stack: ExitStack, address: str = "127.0.0.1") -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return stack.enter_context(socket.create_server((address, 0), family=family))


def connections(tmp_path: Path, *instances: Instance) -> list[Connection]:
    world = World(tmp_path, live=True)
    world.known += instances
    found = [record for seen in SocketCollector().collect(world.context) for record in seen.records]
    return [record for record in found if isinstance(record, Connection)]


def ports(found: list[Connection], relation: str) -> set[int]:
    ends = [c.local if relation == "listening" else c.remote for c in found if c.relation == relation]
    return {int(end.rpartition(":")[2]) for end in ends if end}


def test_a_listening_socket_is_told_with_its_address(tmp_path: Path, stack: ExitStack) -> None:
    port = listen(stack).getsockname()[1]
    found = connections(tmp_path, made.instance(ME))
    (mine,) = [connection for connection in found if connection.local == f"127.0.0.1:{port}"]
    assert (mine.relation, mine.from_id, mine.remote) == ("listening", made.instance(ME).id, None)
    assert (mine.owner, mine.evidence.source, mine.evidence.confidence) == ("dev", f"pid:{ME}", "confirmed")


def test_an_ipv6_address_is_written_in_brackets(tmp_path: Path, stack: ExitStack) -> None:
    try:
        port = listen(stack, "::1").getsockname()[1]
    except OSError:
        pytest.skip("no IPv6 here")
    assert f"[::1]:{port}" in {connection.local for connection in connections(tmp_path, made.instance(ME))}


def test_an_established_connection_is_told_by_its_peer_and_not_by_its_own_fleeting_port(
    tmp_path: Path, stack: ExitStack
) -> None:
    server = listen(stack)
    port = server.getsockname()[1]
    clients = [stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(3)]
    assert len({client.getsockname()[1] for client in clients}) == 3
    found = connections(tmp_path, made.instance(ME))
    to_us = [connection for connection in found if connection.remote == f"127.0.0.1:{port}"]
    assert len(to_us) == 1 and to_us[0].relation == "established" and to_us[0].local is None


def test_processes_that_are_no_instance_are_not_looked_at(tmp_path: Path, stack: ExitStack) -> None:
    listen(stack)
    assert connections(tmp_path) == []
    assert connections(tmp_path, made.instance(2**22)) == []


def test_a_socket_of_any_process_of_the_tree_belongs_to_the_instance(tmp_path: Path, stack: ExitStack) -> None:
    code = (
        "import socket, time; s = socket.create_server(('127.0.0.1', 0)); "
        "print(s.getsockname()[1], flush=True); time.sleep(60)"
    )
    child = stack.enter_context(subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE))
    stack.callback(child.kill)
    assert child.stdout is not None
    port = int(child.stdout.readline())
    found = connections(tmp_path, made.instance(1 << 21, pids=(1 << 21, child.pid)))
    assert port in ports(found, "listening")


def test_a_closed_socket_is_gone_at_the_next_look(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert port in ports(connections(tmp_path, made.instance(ME)), "listening")
    assert port not in ports(connections(tmp_path, made.instance(ME)), "listening")


def test_an_image_has_no_sockets(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.known.append(made.instance(ME))
    assert list(SocketCollector().collect(world.context)) == []


def test_other_processes_of_an_instance_are_a_reason_to_collect_again(tmp_path: Path) -> None:
    world, collector = World(tmp_path, live=True), SocketCollector()
    world.known = [made.instance(1)]
    before = collector.depends_on(world.context)
    world.known = [made.instance(1, bypass_flags=("--yolo",))]
    assert collector.depends_on(world.context) == before
    world.known = [made.instance(1, pids=(1, 2))]
    assert collector.depends_on(world.context) != before
