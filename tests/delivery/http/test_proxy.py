"""Through a proxy that wants to know who asks, to a collector behind TLS."""

from __future__ import annotations

import base64
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.delivery.contract import Accepted, Retry
from agent.delivery.settings import TargetSettings
from agent.delivery.targets.rollcall import RollcallHttp, RollcallSettings
from agent.journal.journal import Journal
from tests.delivery.targets.every_kind import journal_of_everything
from tests.receivers.running import RunningReceiver

SECRET = "proxy-user:canary-of-the-proxy"


@contextmanager
def proxy(heard: list[bytes]) -> Iterator[str]:
    """Tunnels for whoever shows `SECRET`; `heard` is what it was asked."""
    wanted = b"basic " + base64.b64encode(SECRET.encode())

    def serve(client: socket.socket) -> None:
        with client:
            head = b""
            while b"\r\n\r\n" not in head and (more := client.recv(4096)):
                head += more
            heard.append(head)
            if wanted.lower() not in head.lower():
                client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
                return
            host, _, port = head.split()[1].decode().rpartition(":")
            with socket.create_connection((host, int(port))) as upstream:
                client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                back = threading.Thread(target=pump, args=(upstream, client), daemon=True)
                back.start()
                pump(client, upstream)

    def listen() -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(client,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=listen, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while chunk := source.recv(65_536):
            target.sendall(chunk)
    except OSError:
        return


def test_user_and_password_come_from_a_file_and_reach_the_proxy_only(
    receiver: RunningReceiver, journal: Journal, settings_for: Callable[..., TargetSettings], tmp_path: Path
) -> None:
    batch, heard = journal_of_everything(journal)[0], list[bytes]()
    secret = tmp_path / "auth"
    secret.write_text(SECRET + "\n")
    secret.chmod(0o600)
    with proxy(heard) as address:
        given = settings_for(receiver, proxy=address, proxy_auth_file=secret)
        assert isinstance(given, RollcallSettings)
        target = RollcallHttp(given)
        assert isinstance(target.send(batch), Accepted)
        target.close()
        assert heard[0].startswith(b"CONNECT 127.0.0.1:")
        assert "canary" not in repr(given) + str(vars(target))
        unknown = RollcallHttp(RollcallSettings.model_validate({**given.model_dump(), "proxy_auth_file": None}))
        outcome = unknown.send(batch)
        assert isinstance(outcome, Retry) and "Proxy" in outcome.reason


def test_it_comes_from_one_place_and_needs_a_proxy() -> None:
    with pytest.raises(ValueError, match="need proxy"):
        RollcallSettings(url="https://c.example/x", proxy_auth_env="X")
    with pytest.raises(ValueError, match="exclude"):
        RollcallSettings(url="https://c.example/x", proxy="http://p:1", proxy_auth_env="X", proxy_auth_credential="y")
