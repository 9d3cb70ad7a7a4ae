"""A real nginx before a receiver, which a test makes fail in the ways that reverse proxies do."""

from __future__ import annotations

import shutil
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
}
"""What a test may switch on, and what delivery says of it."""


@dataclass
class Nginx:
    """Where it listens, and the switches of its faults."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]
    authority: trustme.CA

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def ca_file(self) -> Path:
        return self.folder / "ca.pem"

    def fail(self, fault: str) -> None:
        """From now on, until `mend`."""
        if fault == "expired":
            self._show(self.authority.issue_cert("127.0.0.1", not_after=datetime.now(UTC) - timedelta(hours=1)))
        elif fault == "wrong":
            self._show(trustme.CA().issue_cert("127.0.0.1"))
        else:
            (self.folder / fault).touch()

    def mend(self, fault: str) -> None:
        if fault in ("expired", "wrong"):
            self._show(self.authority.issue_cert("127.0.0.1"))
        (self.folder / fault).unlink(missing_ok=True)

    def _show(self, certificate: trustme.LeafCert) -> None:
        certificate.private_key_and_cert_chain_pem.write_to_path(str(self.folder / "server.pem"))
        self.process.send_signal(1)
        shown, deadline = certificate.cert_chain_pems[0].bytes().decode().split(), time.monotonic() + 10
        import ssl

        while time.monotonic() < deadline:
            if ssl.get_server_certificate(("127.0.0.1", self.port)).split() == shown:
                return
            time.sleep(0.05)
        raise AssertionError("nginx does not show its new certificate")


@contextmanager
def nginx(folder: Path, upstream: str) -> Iterator[Nginx]:
    """Runs until the context ends."""
    if not (program := shutil.which("nginx", path="/usr/sbin:/usr/bin")):
        pytest.skip("needs nginx")
    folder.mkdir()
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    with socket.create_server(("127.0.0.1", 0)) as silent, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        text = _CONFIG.format(folder=folder, port=port, upstream=upstream, silent=silent.getsockname()[1])
        (folder / "nginx.conf").write_text(text)
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen([program, "-p", folder, "-c", folder / "nginx.conf"], stdout=log, stderr=log)
        try:
            _wait_for(port, process, folder)
            yield Nginx(folder, port, process, authority)
        finally:
            process.terminate()
            process.wait(10)


def _wait_for(port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        assert process.poll() is None, (folder / "log").read_text()
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError((folder / "log").read_text())
