"""A signer with a real key of its own, and a server of policies."""

from __future__ import annotations

import http.server
import shutil
import ssl
import subprocess
import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trustme


class Signer:
    """Whoever may sign policies, with the real `minisign`."""

    def __init__(self, folder: Path) -> None:
        if not shutil.which("minisign"):
            pytest.skip("needs minisign")
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._run("-G", "-W", "-f", "-p", str(folder / "key.pub"), "-s", str(folder / "key"))
        self.public_key = (folder / "key.pub").read_text().splitlines()[1]

    def sign(self, text: str, at: int | None = None, *options: str) -> str:
        """The signature of a text, with a time in its trusted comment: `at`, or now as minisign writes it."""
        file = self._folder / "signed"
        file.write_bytes(text.encode())
        comment = ("-t", f"timestamp:{at}\tfile:policy.toml") if at else ()
        self._run("-S", "-s", str(self._folder / "key"), *comment, *options, "-m", str(file))
        return file.with_name("signed.minisig").read_text()

    @staticmethod
    def _run(*arguments: str) -> None:
        subprocess.run(["minisign", *arguments], stdin=subprocess.DEVNULL, capture_output=True, check=True)


@dataclass
class PolicyServer:
    """Serves `/policy.toml` and its signature over real TLS, with ETags."""

    folder: Path
    text: str = ""
    signature: str | None = ""
    status: int = 200
    answers: list[int] = field(default_factory=list)
    """Status of each answer about the policy so far."""

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        authority = trustme.CA()
        self.ca_file = self.folder / "ca.pem"
        authority.cert_pem.write_to_path(str(self.ca_file))
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(tls)
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self._server.server_address[1]}/policy.toml"

    def publish(self, text: str, signature: str | None) -> None:
        self.text, self.signature = text, signature

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, path: str, known: str | None) -> tuple[int, bytes, str]:
        if path.endswith(".minisig"):
            return (404, b"", "") if self.signature is None else (200, self.signature.encode(), "")
        etag = f'"{hash(self.text)}"'
        status = 304 if self.status == 200 and known == etag else self.status
        self.answers.append(status)
        return status, b"" if status == 304 else self.text.encode(), etag

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, body, etag = server._answer(self.path, self.headers["If-None-Match"])
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("ETag", etag)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *arguments: object) -> None:
                """Quiet."""

        return Handler
