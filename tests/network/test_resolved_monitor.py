"""The local resolver's own events, against a real unix socket that speaks systemd-resolved's protocol."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.network.resolved_monitor import MonitorError, ResolvedMonitor
from tests.network.resolved import ALIASED, CACHE, FAILED, PLAIN, READY, SUBSCRIBE, A, Resolved, key, reply

Serve = Callable[..., Resolved]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    services: list[Resolved] = []

    def start(*replies: bytes, dump: object = (CACHE,)) -> Resolved:
        services.append(Resolved(tmp_path / "monitor", list(replies), dump))
        return services[-1]

    yield start
    for service in services:
        service.close()


def test_each_answer_names_the_host_that_the_program_asked_for(serve: Serve) -> None:
    service = serve(READY, reply(PLAIN), reply(FAILED), reply(ALIASED, more=False))
    monitor = ResolvedMonitor(service.path)
    assert list(monitor.answers()) == [
        ("api.anthropic.com", ("160.79.104.10",)),
        ("mcp.linear.app", ("2606:4700::1",)),
    ]
    monitor.close()
    assert service.calls == [{"method": SUBSCRIBE, "parameters": {}, "more": True}]


def test_what_was_asked_before_comes_from_the_cache_through_its_aliases(serve: Serve) -> None:
    monitor = ResolvedMonitor(serve(READY).path)
    assert dict(monitor.cached()) == {"t.example": ("192.0.2.7",), "old.example": ("192.0.2.7",)}
    monitor.close()


def test_replies_may_come_in_any_pieces(serve: Serve) -> None:
    pieces = [bytes([octet]) for octet in READY + reply(PLAIN) + reply(PLAIN, more=False)]
    monitor = ResolvedMonitor(serve(*pieces).path)
    assert len(list(monitor.answers())) == 2
    monitor.close()


@pytest.mark.parametrize(
    "first",
    [
        b'{"error":"io.systemd.InteractiveAuthenticationRequired"}\0',
        b'{"error":"org.varlink.service.PermissionDenied","parameters":{}}\0',
        b"not json\0",
        b"[1]\0",
        b"[" * 200_000 + b"\0",
    ],
)
def test_a_refusal_or_nonsense_is_an_error_that_says_no_more_than_its_name(serve: Serve, first: bytes) -> None:
    with pytest.raises(MonitorError):
        ResolvedMonitor(serve(first).path)


def test_where_there_is_no_service_that_is_said(tmp_path: Path) -> None:
    with pytest.raises(MonitorError, match="No such file"):
        ResolvedMonitor(str(tmp_path / "absent"))


@pytest.mark.parametrize(
    "parameters",
    [
        {"question": "x", "answer": "y"},
        {"question": [{"name": 5}], "answer": [{"rr": {"address": [1, 2, 3, 4]}}]},
        {"question": [key("a.example", A)], "answer": [{"rr": {"address": [1, 2]}}, {"rr": {"address": ["x"] * 4}}]},
        {"question": [key("a.example", A)], "answer": [{"rr": {"address": [999, 0, 0, 1]}}, {"rr": None}, 7]},
    ],
)
def test_an_answer_of_another_shape_is_passed_over(serve: Serve, parameters: object) -> None:
    monitor = ResolvedMonitor(serve(READY, reply(parameters), reply(PLAIN, more=False), dump=[parameters, 3]).path)
    assert list(monitor.answers()) == [("api.anthropic.com", ("160.79.104.10",))]
    assert list(monitor.cached()) == []
    monitor.close()


def test_closing_ends_a_wait_for_the_next_answer(serve: Serve) -> None:
    monitor = ResolvedMonitor(serve(READY).path)
    ended = threading.Event()

    def wait() -> None:
        with contextlib.suppress(MonitorError):
            list(monitor.answers())
        ended.set()

    threading.Thread(target=wait, daemon=True).start()
    assert not ended.wait(0.1)
    monitor.close()
    assert ended.wait(60)
