"""TLS as it is set up: pinned keys, certificates that are renewed, proxies."""

from __future__ import annotations

import base64
import hashlib
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme

from agent.delivery.contract import Misconfigured, Retry
from agent.delivery.http.client import Answer, HttpClient
from agent.delivery.http.pins import PinError, pin_of
from agent.delivery.http.settings import HttpSettings


@contextmanager
def serving(authority: trustme.CA, folder: Path, **more: object) -> Iterator[tuple[HttpClient, list[str]]]:
    """A server that wants a certificate of this authority where `mutual`, and a client of it."""
    heard: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            shown = self.connection.getpeercert()  # type: ignore[attr-defined]  # a TLS socket
            heard.append(str(shown["subjectAltName"][0][1]) if shown else "nobody")
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    if more.pop("mutual", False):
        context.verify_mode = ssl.CERT_REQUIRED
        authority.configure_trust(context)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    url = f"https://127.0.0.1:{server.server_address[1]}/x"
    given = {"url": url, "ca_file": folder / "ca.pem", "timeout": 3, **more}
    client = HttpClient(HttpSettings.model_validate(given), lambda *_: None)
    try:
        yield client, heard
    finally:
        client.close()
        server.shutdown()
        server.server_close()


def test_a_pin_is_the_hash_of_the_public_key_as_openssl_computes_it(tmp_path: Path) -> None:
    for key_type in (trustme.KeyType.RSA, trustme.KeyType.ECDSA):
        certificate = trustme.CA().issue_cert("c.example", key_type=key_type).cert_chain_pems[0]
        certificate.write_to_path(str(tmp_path / "c.pem"))
        commands = "openssl x509 -in c.pem -pubkey -noout | openssl pkey -pubin -outform DER"
        key = subprocess.run(commands, shell=True, cwd=tmp_path, capture_output=True, check=True).stdout
        expected = base64.b64encode(hashlib.sha256(key).digest()).decode()
        assert pin_of(ssl.PEM_cert_to_DER_cert(certificate.bytes().decode())) == f"sha256/{expected}"
    for nonsense in (b"", b"\x30", b"\x30\x03\x02\x01", b"\x30\x84\xff\xff\xff\xff"):
        with pytest.raises(PinError):
            pin_of(nonsense)


def test_one_with_another_key_than_the_pinned_ones_is_sent_nothing(tmp_path: Path) -> None:
    other = pin_of(ssl.PEM_cert_to_DER_cert(trustme.CA().cert_pem.bytes().decode()))
    with serving(trustme.CA(), tmp_path, pins=(other,)) as (client, heard):
        assert client.post(b"secret", {}) == Misconfigured("its public key is none of the pinned ones")
        assert heard == []


def test_one_with_a_pinned_key_is(tmp_path: Path) -> None:
    authority = trustme.CA()
    with serving(authority, tmp_path) as (client, heard):
        assert isinstance(client.post(b"x", {}), Answer)
        port = client._settings.url.split(":")[2].split("/")[0]
        shown = ssl.get_server_certificate(("127.0.0.1", int(port)))
        more = client._settings.model_copy(update={"pins": (pin_of(ssl.PEM_cert_to_DER_cert(shown)),)})
        pinned = HttpClient(more, lambda *_: None)
        assert isinstance(pinned.post(b"x", {}), Answer)
        pinned.close()
        assert len(heard) == 2


def test_a_certificate_that_is_renewed_is_shown_without_a_restart(tmp_path: Path) -> None:
    authority, file = trustme.CA(), tmp_path / "client.pem"
    with serving(authority, tmp_path, mutual=True, client_cert_file=file) as (client, heard):
        missing = client.post(b"x", {})
        assert isinstance(missing, Misconfigured) and missing.reason.startswith("client_cert_file")
        for name in ("first.example", "renewed.example"):
            issued = authority.issue_cert(name)
            file.write_bytes(issued.private_key_and_cert_chain_pem.bytes())
            assert isinstance(client.post(b"x", {}), Answer)
        assert heard == ["first.example", "renewed.example"]
        file.write_bytes(trustme.CA().issue_cert("x.example").private_key_and_cert_chain_pem.bytes())
        assert isinstance(client.post(b"x", {}), Retry)
        assert len(heard) == 2


@pytest.mark.parametrize(
    "given",
    [
        {"proxy": "http://user:secret@proxy.example:3128"},
        {"proxy": "socks5://proxy.example"},
        {"pins": ("sha256/short",)},
        {"client_key_file": "/k"},
        {"token_credential": "../../etc/shadow"},
        {"token_env": "A", "token_credential": "b"},
    ],
)
def test_settings_that_cannot_be_meant_are_refused_without_being_quoted(given: dict[str, object]) -> None:
    with pytest.raises(ValueError) as caught:
        HttpSettings.model_validate({"url": "https://c.example", **given})
    assert "secret" not in str(caught.value)


def test_a_systemd_credential_holds_the_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from agent.delivery.http.token import Token

    (tmp_path / "rollcall.token").write_text("from-systemd\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    settings = HttpSettings(url="https://c.example", token_credential="rollcall.token")
    assert Token(settings.token, lambda *_: None).value() == "from-systemd"


def test_what_stays_on_this_machine_goes_through_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(self.path)
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        here = f"http://127.0.0.1:{server.server_port}"
        nobody = "http://127.0.0.1:9"
        monkeypatch.setenv("HTTP_PROXY", nobody)
        client = HttpClient(HttpSettings(url=f"{here}/in", proxy=nobody), lambda *_: None)
        try:
            assert isinstance(client.post(b"x", {}), Answer)
        finally:
            client.close()
            server.shutdown()
    assert heard == ["/in"]
