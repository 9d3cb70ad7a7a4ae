"""Answers that never end: each wait for them is short."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from agent.delivery.batch import Batch, next_batch
from agent.delivery.contract import Retry
from agent.delivery.position import Position
from agent.delivery.targets.rollcall import RollcallHttp, RollcallSettings
from agent.journal.journal import Journal


def drip(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    while True:
        connection.sendall(b"x")
        time.sleep(0.1)


def interim(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n" * 500)


@contextmanager
def endless(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65_536)
                try:
                    answer(connection)
                except OSError:
                    return

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"


@pytest.mark.parametrize("answer", [drip, interim])
def test_an_answer_that_does_not_end_is_given_up_and_told(
    journal: Journal, answer: Callable[[socket.socket], None]
) -> None:
    with journal.transaction() as step:
        step.append("discovered", {"kind": "ai_agent", "id": "1"})
    batch = next_batch(journal, Position(), 500, 900_000)
    assert isinstance(batch, Batch)
    with endless(answer) as url:
        target = RollcallHttp(RollcallSettings.model_validate({"url": url, "timeout": 1}))
        assert target.send(batch) == Retry("its answer does not end")
        target.close()
