"""The loopback port as a sender sees it."""

from __future__ import annotations

import gzip
import json
import os
import socket
import threading
import time
from collections.abc import Iterator

import httpx
import pytest

from collectors.catalog.catalog import Catalog
from collectors.telemetry.receiver import Receiver

CANARY = "zanzibar-canary"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    running = Receiver(Catalog.load().clients.values(), 0)
    yield running
    running.close()


def body_of(call: str = "toolu_1", name: str = "tool_decision", service: str = "claude-code") -> bytes:
    attributes = {
        "event.name": name, "session.id": "s", "tool_use_id": call, "tool_name": "Bash", "tool_source": "builtin",
        "decision": "accept", "source": "user_temporary", "permission_mode": "default",
        "tool_input": CANARY, "prompt": CANARY,
    }  # fmt: skip
    listed = [{"key": key, "value": {"stringValue": value}} for key, value in attributes.items()]
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]}
    logs = [{"timeUnixNano": "1795815127729000000", "body": {"stringValue": CANARY}, "attributes": listed}]
    return json.dumps({"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": logs}]}]}).encode()


def post(receiver: Receiver, body: bytes, path: str = "/v1/logs", **headers: str) -> httpx.Response:
    sent = {"content-type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return httpx.post(f"http://127.0.0.1:{receiver.port}{path}", content=body, headers=sent, timeout=60)


def confirm_soon(receiver: Receiver) -> list[object]:
    """Do what the daemon's loop does, beside a request that waits for it."""
    found: list[object] = []

    def loop() -> None:
        while not found:
            time.sleep(0.02)
            found.extend(receiver.inbox.take())
        receiver.inbox.confirm()

    threading.Thread(target=loop, daemon=True).start()
    return found


@pytest.mark.parametrize("encoding", ["", "gzip"])
def test_a_request_is_answered_when_it_is_durable_and_nothing_of_its_content_is_kept(
    receiver: Receiver, encoding: str
) -> None:
    found = confirm_soon(receiver)
    body = gzip.compress(body_of()) if encoding else body_of()
    answer = post(receiver, body, **({"content_encoding": encoding} if encoding else {}))
    assert (answer.status_code, answer.json()) == (200, {})
    assert len(found) == 2
    assert CANARY not in repr(found)


def test_a_body_in_pieces_is_read_as_node_sends_it(receiver: Receiver) -> None:
    found = confirm_soon(receiver)
    pieces = iter([body_of()[:50], body_of()[50:]])
    url = f"http://127.0.0.1:{receiver.port}/v1/logs"
    answer = httpx.post(url, content=pieces, headers={"content-type": "application/json"})
    assert answer.status_code == 200 and found


def test_what_was_not_made_durable_is_refused_when_the_daemon_ends() -> None:
    receiver = Receiver(Catalog.load().clients.values(), 0)
    answers: list[httpx.Response] = []
    thread = threading.Thread(target=lambda: answers.append(post(receiver, body_of())))
    thread.start()
    while not receiver.inbox.take():
        time.sleep(0.02)
    receiver.close()
    thread.join()
    assert answers[0].status_code == 503 and answers[0].headers["retry-after"]


@pytest.mark.parametrize(
    ("path", "body", "headers", "status"),
    [
        ("/v1/metrics", b"{}", {}, 200),
        ("/v1/logs", body_of(service="no-client"), {}, 200),
        ("/", b"{}", {}, 404),
        ("/v1/logs", b"{", {}, 400),
        ("/v1/logs", b"{}", {"content_type": "text/plain"}, 415),
        ("/v1/logs", b"{}", {"content_encoding": "br"}, 415),
        ("/v1/logs", b"{}", {"content_encoding": "gzip"}, 400),
        ("/v1/logs", b"{}", {"host": "attacker.example"}, 403),
        ("/v1/logs", b"x" * (5 << 20), {}, 413),
        ("/v1/logs", gzip.compress(b" " * (50 << 20)), {"content_encoding": "gzip"}, 413),
    ],
)
def test_other_requests(receiver: Receiver, path: str, body: bytes, headers: dict[str, str], status: int) -> None:
    try:
        assert post(receiver, body, path, **headers).status_code == status
    except httpx.TransportError:
        assert status == 413, "only who sends too much may be cut off"
    assert not receiver.inbox.take()


def test_a_page_in_a_browser_gets_no_leave(receiver: Receiver) -> None:
    url = f"http://127.0.0.1:{receiver.port}/v1/logs"
    answer = httpx.options(url, headers={"origin": "https://attacker.example", "access-control-request-method": "POST"})
    assert answer.status_code == 405 and "access-control-allow-origin" not in answer.headers


def test_one_that_says_nothing_is_cut_off_and_others_are_served(receiver: Receiver) -> None:
    silent = [socket.create_connection(("127.0.0.1", receiver.port)) for _ in range(2)]
    assert post(receiver, b"{}", "/v1/metrics").status_code == 200
    for one in silent:
        assert b"408" in one.recv(100)
        one.close()


def test_endless_heads_are_refused(receiver: Receiver) -> None:
    with socket.create_connection(("127.0.0.1", receiver.port)) as connection:
        connection.sendall(b"POST /v1/logs HTTP/1.1\r\n" + b"x: y\r\n" * 10_000)
        assert b"400" in connection.recv(100)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another account")
def test_whose_it_is_the_kernel_says(receiver: Receiver) -> None:
    found = confirm_soon(receiver)
    assert post(receiver, b"{}", "/v1/metrics").is_success  # all is loaded: the account cannot read where Python lies
    os.seteuid(54321)
    try:
        assert post(receiver, body_of()).status_code == 200
    finally:
        os.seteuid(0)
    assert {getattr(one, "uid", None) for one in found} == {54321}
