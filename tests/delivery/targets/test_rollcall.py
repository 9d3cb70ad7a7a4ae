from __future__ import annotations

import itertools
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import formatdate
from pathlib import Path

import pytest

from agent.delivery.batch import Batch, next_batch
from agent.delivery.contract import Accepted, Misconfigured, Outcome, Refused, Retry, Rewind
from agent.delivery.http.client import retry_after
from agent.delivery.position import Position
from agent.delivery.settings import TargetSettings
from agent.delivery.targets.rollcall import RollcallHttp, RollcallSettings
from agent.journal.journal import Journal
from tests.receivers.running import RunningReceiver

SettingsFor = Callable[..., TargetSettings]


@pytest.fixture
def batch(journal: Journal) -> Batch:
    with journal.transaction() as tx:
        for number in range(3):
            tx.append("discovered", {"kind": "ai_agent", "id": str(number)})
    made = next_batch(journal, Position(), 500, 900_000)
    assert made is not None
    return made


def whole_request(connection: socket.socket) -> bytes:
    with connection.makefile("rb") as stream:
        head = b"".join(itertools.takewhile(lambda line: line not in (b"", b"\r\n"), stream))
        length = re.search(rb"content-length: (\d+)", head.lower())
        return head + b"\r\n" + stream.read(int(length[1]) if length else 0)


@contextmanager
def server(*answers: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """A plain loopback server that gives these raw answers, one per connection, and keeps what it was sent."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for answer in answers:
                connection, _ = listener.accept()
                with connection:
                    heard.append(whole_request(connection))
                    connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1/batches", heard
        thread.join(2)


def answer_to(batch: Batch, raw: bytes, **settings: object) -> Outcome:
    with server(raw) as (url, _):
        target = RollcallHttp(RollcallSettings.model_validate({"url": url, "timeout": 2, **settings}))
        outcome = target.send(batch)
        target.close()
    return outcome


def response(status: int, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def test_a_batch_is_taken_once_and_its_repetition_is_fine(
    receiver: RunningReceiver, batch: Batch, settings_for: SettingsFor
) -> None:
    target = RollcallHttp(settings_for(receiver))
    first, again = target.send(batch), target.send(batch)
    assert isinstance(first, Accepted)
    assert isinstance(again, Accepted)
    assert first.receipt
    assert (first.receipt.seq, first.receipt.hash.hex()) == (batch.last_seq, batch.head_hash)
    assert receiver.lines(batch.chain) == list(batch.lines)
    target.close()


@pytest.mark.parametrize("status", [200, 201, 202, 204, 409])
def test_these_statuses_mean_delivered(batch: Batch, status: int) -> None:
    assert answer_to(batch, response(status)) == Accepted()


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_these_statuses_mean_later(batch: Batch, status: int) -> None:
    assert answer_to(batch, response(status, b"", "Retry-After: 7")) == Retry(f"HTTP {status}", 7.0)


@pytest.mark.parametrize("status", [400, 413, 422])
def test_these_statuses_blame_the_content(batch: Batch, status: int) -> None:
    assert answer_to(batch, response(status, b'{"detail": "secret"}')) == Refused(f"HTTP {status}")


@pytest.mark.parametrize("status", [301, 302, 307, 308, 401, 402, 403, 404, 405, 410, 415, 501])
def test_these_statuses_blame_the_deployment_and_no_redirect_is_followed(batch: Batch, status: int) -> None:
    with server(response(200)) as (elsewhere, heard):
        assert answer_to(batch, response(status, b"", f"Location: {elsewhere}")) == Misconfigured(f"HTTP {status}")
        assert heard == []
        socket.create_connection(("127.0.0.1", int(elsewhere.split(":")[2].split("/")[0]))).close()


def test_a_receiver_that_lacks_earlier_entries_is_given_them(batch: Batch) -> None:
    later = Batch("e", batch.chain, 2, 3, 3, "00" * 32, "11" * 32, batch.lines[2:])
    assert isinstance(answer_to(later, response(412, b'{"expected_seq": 2}')), Rewind)
    for body in (b"", b'{"expected_seq": 3}', b'{"expected_seq": 0}', b'{"expected_seq": "2"}', b"[2]", b"[" * 60_000):
        assert isinstance(answer_to(later, response(412, body)), Misconfigured)


@pytest.mark.parametrize("seq", [b"Infinity", b"1e999", b"-1", b"null"])
def test_what_is_no_receipt_counts_as_none(batch: Batch, seq: bytes) -> None:
    told = b'{"head_hash": "00", "at": "2026-01-01T00:00:00Z", "head_seq": %s}' % seq
    assert answer_to(batch, response(200, told)) == Accepted()


def test_acknowledging_fewer_entries_than_sent_is_no_delivery(batch: Batch) -> None:
    assert isinstance(answer_to(batch, response(200, b'{"accepted": 2}')), Retry)
    assert answer_to(batch, response(200, b'{"accepted": 3}')) == Accepted()


@pytest.mark.parametrize("raw", [
    b"", b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", b"HTTP/1.1 999999999 X\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nX: " + b"h" * 200_000,
])  # fmt: skip
def test_broken_answers_mean_later(batch: Batch, raw: bytes) -> None:
    assert isinstance(answer_to(batch, raw), Retry)


def test_an_endless_answer_is_not_read_to_its_end(batch: Batch) -> None:
    # Whoever read on would be without an answer when the connection ends before the length that it tells.
    endless = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n" + b"x" * 100_000
    assert answer_to(batch, endless) == Accepted()


def test_errors_name_the_cause_and_never_the_token(
    receiver: RunningReceiver, batch: Batch, settings_for: SettingsFor, tmp_path: Path
) -> None:
    token = tmp_path / "canary-free-name"
    token.write_text("canary-7d1e")
    nowhere = "https://" + "a" * 70 + ".example/x"
    outcomes = [
        RollcallHttp(settings_for(receiver, token_file=token)).send(batch),
        RollcallHttp(settings_for(receiver, token_file=token, ca_file=None)).send(batch),
        RollcallHttp(settings_for(receiver, token_file=token, url="https://127.0.0.1:9/x")).send(batch),
        RollcallHttp(settings_for(receiver, token_file=token, ca_file=token)).send(batch),
        RollcallHttp(settings_for(receiver, token_file=token, ca_file=tmp_path / "gone")).send(batch),
        RollcallHttp(settings_for(receiver, token_file=token, url=nowhere)).send(batch),
    ]
    assert outcomes[0] == Misconfigured("HTTP 401")
    assert "certificate not accepted" in outcomes[1].reason  # type: ignore[union-attr]  # refusals have one
    assert "refused" in outcomes[2].reason.lower()  # type: ignore[union-attr]  # refusals have one
    assert isinstance(outcomes[3], Misconfigured)
    assert outcomes[4] == Misconfigured("ca_file: FileNotFoundError: No such file or directory")
    assert outcomes[5] == Misconfigured("the url cannot be used")
    assert "canary-7d1e" not in repr(outcomes)


def test_the_token_is_sent_as_bearer_and_attempts_differ_only_in_their_time(batch: Batch, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("trial\n")
    with server(response(503), response(200)) as (url, heard):
        target = RollcallHttp(RollcallSettings(url=url, token_file=tmp_path / "token"))
        target.send(batch)
        time.sleep(0.01)
        target.send(batch)
    bodies = [request.split(b"\r\n\r\n", 1)[1] for request in heard]
    heads = [request.split(b"\r\n\r\n", 1)[0].lower().splitlines() for request in heard]
    assert bodies[0] == bodies[1]
    assert b"authorization: bearer trial" in heads[0]
    assert f"idempotency-key: {batch.batch_id}".encode() in heads[0]
    assert {line.split(b":")[0] for line in set(heads[0]) ^ set(heads[1])} == {b"rollcall-sent-at"}


def test_plain_loopback_http_ignores_proxies(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    with server(response(200)) as (proxy, heard):
        monkeypatch.setenv("HTTP_PROXY", proxy)
        monkeypatch.setenv("ALL_PROXY", proxy)
        assert answer_to(batch, response(204)) == Accepted()
        assert heard == []
        socket.create_connection(("127.0.0.1", int(proxy.split(":")[2].split("/")[0]))).close()


def test_one_connection_serves_many_batches(receiver: RunningReceiver, batch: Batch, settings_for: SettingsFor) -> None:
    target = RollcallHttp(settings_for(receiver))
    opened: list[str] = []
    watch = target._client._lifeline.watch
    # mypy: what the connection tells is heard along.
    target._client._lifeline.watch = lambda event, info: (opened.append(event), watch(event, info))[1]  # type: ignore[method-assign]
    for _ in range(3):
        assert isinstance(target.send(batch), Accepted)
    assert opened.count("connection.connect_tcp.complete") == 1
    target.close()


@pytest.mark.parametrize("tls", [True, False])
def test_a_hanging_request_ends_at_once_when_aborted(batch: Batch, tls: bool, running: RunningReceiver) -> None:
    running.faults({"clear": True}, {"slow": 200})
    with server() as (url, _):
        address = running.url if tls else url
        settings = RollcallSettings(url=address, ca_file=running.ca_file, token_file=running.token_file, timeout=300)
        target = RollcallHttp(settings)
        threading.Timer(0.5, target.abort).start()
        start = time.monotonic()
        assert isinstance(target.send(batch), Retry)
        assert time.monotonic() - start < 100
        target.close()


def test_retry_after_takes_seconds_and_dates_up_to_an_hour() -> None:
    assert retry_after("120") == 120
    assert retry_after(" 0 ") == 0
    assert retry_after("999999999999999999999") == 3600
    assert 55 < (retry_after(formatdate(time.time() + 60, usegmt=True)) or 0) <= 60
    assert retry_after(formatdate(time.time() - 60, usegmt=True)) == 0
    assert retry_after("Fri, 31 Dec 9999 23:59:59 GMT") == 3600
    for nonsense in (None, "", "-5", "soon", "1.5", "²", "Fri, 99 Xxx 2026 99:99:99 GMT", "nan", "1e9"):
        assert retry_after(nonsense) is None


def test_the_http_library_is_not_imported_before_something_is_sent() -> None:
    code = (
        "import sys; from agent.delivery.senders import make_sender;"
        "from agent.delivery.targets.rollcall import RollcallSettings;"
        "from agent.journal.journal import Journal; j = Journal.open(':memory:', 'e');"
        "make_sender(j, RollcallSettings(url='https://c.example/x')).status();"
        "print([m for m in ('httpx', 'ssl', 'asyncio') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
