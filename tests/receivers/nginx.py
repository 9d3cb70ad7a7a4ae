"""A real nginx before a receiver, which a test makes fail in the ways that reverse proxies do."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from tests.receivers.half_open import HalfOpen

_CONFIG = """
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log; user root;
events {{ worker_connections 64; }}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  limit_req_zone $server_name zone=few:64k rate=1r/s;
  server {{
    listen 127.0.0.1:{port} ssl; server_name here; keepalive_requests 7;
    ssl_certificate {folder}/server.pem; ssl_certificate_key {folder}/server.pem;
    error_page 460 = @busy; error_page 462 = @dead; error_page 463 = @slow;
    recursive_error_pages on;
    location / {{
      if (-f {folder}/busy) {{ return 460; }}
      if (-f {folder}/small) {{ return 413; }}
      if (-f {folder}/dead) {{ return 462; }}
      if (-f {folder}/slow) {{ return 463; }}
      if (-f {folder}/cut) {{ return 444; }}
      if (-f {folder}/moved) {{ return 301 https://127.0.0.1:9/elsewhere; }}
      if (-f {folder}/gone) {{ return 404; }}
      if (-f {folder}/broken) {{ return 500; }}
      proxy_pass {upstream};
    }}
    location @busy {{
      limit_req zone=few; limit_req_status 429; add_header Retry-After 1 always; proxy_pass {upstream};
    }}
    location @dead {{ proxy_pass http://127.0.0.1:9; }}
    location @slow {{ proxy_pass http://127.0.0.1:{silent}; }}
  }}
}}
"""

FAULTS = {
    "dead": "HTTP 502",
    "busy": "HTTP 429",
    "small": "refuses also what it took before",
    "slow": "ReadTimeout",
    "cut": "RemoteProtocolError",
    "moved": "HTTP 301",
    "gone": "HTTP 404",
    "broken": "HTTP 500",
    "expired": "certificate not accepted",
    "wrong": "certificate not accepted",
    "killed": "Connection refused",
    "half": "RemoteProtocolError",
    "open": "ReadTimeout",
}
"""What a test may switch on, and what delivery says of it."""
NAME = "collector.invalid"
"""Also in its certificate, for those who let it mean 127.0.0.1."""


@dataclass
class Nginx:
    """Where it listens, and the switches of its faults."""

    folder: Path
    port: int
    authority: trustme.CA
    upstream: str
    process: subprocess.Popen[bytes] | None = None
    instead: HalfOpen | None = None
    """What stands in its place."""

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def ca_file(self) -> Path:
        return self.folder / "ca.pem"

    def fail(self, fault: str) -> None:
        """From now on, until `mend`."""
        if fault == "expired":
            self._show(issued(self.authority, not_after=datetime.now(UTC) - timedelta(hours=1)))
        elif fault == "wrong":
            self._show(issued(trustme.CA()))
        elif fault == "killed":
            self.kill()
        elif fault in ("half", "open"):
            self.kill()
            self.instead = HalfOpen(self.port, fault, self.folder / "server.pem", self.upstream)
        else:
            (self.folder / fault).touch()

    def mend(self, fault: str) -> None:
        if fault in ("expired", "wrong"):
            self._show(issued(self.authority))
        elif fault in ("killed", "half", "open"):
            self._leave()
            self.start()
        else:
            (self.folder / fault).unlink()

    def start(self) -> None:
        program = shutil.which("nginx", path="/usr/sbin:/usr/bin")
        assert program
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [program, "-p", self.folder, "-c", self.folder / "nginx.conf"],
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        _wait_for(self.port, self.process, self.folder)

    def kill(self) -> None:
        """Master and workers, in the midst of whatever they do."""
        if self.process:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def _leave(self) -> None:
        if self.instead:
            self.instead.stop()
            self.instead = None

    def hang_up(self) -> None:
        """Close every connection, as after a change of its configuration."""
        assert self.process
        self.process.send_signal(signal.SIGHUP)

    def _show(self, certificate: trustme.LeafCert) -> None:
        certificate.private_key_and_cert_chain_pem.write_to_path(str(self.folder / "server.pem"))
        self.hang_up()
        shown, deadline = certificate.cert_chain_pems[0].bytes().decode().split(), time.monotonic() + 60
        import ssl

        while time.monotonic() < deadline:
            if ssl.get_server_certificate(("127.0.0.1", self.port)).split() == shown:
                return
            time.sleep(0.05)
        raise AssertionError("nginx does not show its new certificate")


def issued(authority: trustme.CA, not_after: datetime | None = None) -> trustme.LeafCert:
    """A certificate for the server."""
    return authority.issue_cert("127.0.0.1", NAME, not_after=not_after)


@contextmanager
def nginx(folder: Path, upstream: str) -> Iterator[Nginx]:
    """Runs until the context ends."""
    if not shutil.which("nginx", path="/usr/sbin:/usr/bin"):
        pytest.skip("needs nginx")
    folder.mkdir()
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    issued(authority).private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    with socket.create_server(("127.0.0.1", 0)) as silent, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        text = _CONFIG.format(folder=folder, port=port, upstream=upstream, silent=silent.getsockname()[1])
        (folder / "nginx.conf").write_text(text)
        server = Nginx(folder, port, authority, upstream)
        server.start()
        try:
            yield server
        finally:
            server._leave()
            server.kill()


def _wait_for(port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, (folder / "log").read_text()
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError((folder / "log").read_text())
