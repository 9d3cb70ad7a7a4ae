"""The trial receiver as a process of its own, for tests that kill it."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import trustme

SCRIPT = Path(__file__).with_name("rollcall_receiver.py")
TOKEN = "trial-token-7f3a"


@dataclass
class RunningReceiver:
    """Start, kill, start again on the same port and database."""

    folder: Path
    token: str = TOKEN
    port: int = 0
    enroll_secret: str | None = None
    client_ca: Path | None = None
    database: str | None = None
    """A PostgreSQL; by default it is a file."""
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.ca_file = self.folder / "ca.pem"
        self.token_file = self.folder / "token"
        self.token_file.touch(mode=0o600)
        self.token_file.write_text(self.token + "\n")
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(self.ca_file))
        certificate = authority.issue_cert("127.0.0.1", "localhost")
        certificate.private_key_and_cert_chain_pem.write_to_path(str(self.folder / "server.pem"))
        self.port = self.port or _free_port()
        self._tls = ssl.create_default_context(cafile=str(self.ca_file))

    @property
    def url(self) -> str:
        """The address for `TargetSettings.url`."""
        return f"https://127.0.0.1:{self.port}/v1/batches"

    def start(self) -> RunningReceiver:
        pem = str(self.folder / "server.pem")
        command = [sys.executable, str(SCRIPT), "--port", str(self.port)]
        command += ["--db", self.database or str(self.folder / "receiver.db")]
        more = ["--enroll-secret", self.enroll_secret] if self.enroll_secret else []
        more += ["--client-ca", str(self.client_ca)] if self.client_ca else []
        self.process = subprocess.Popen(
            [*command, "--cert", pem, "--key", pem, "--token", self.token, *more, "--faults"]
        )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                time.sleep(0.02)
        raise RuntimeError("the receiver did not start")

    def kill(self) -> None:
        """SIGKILL: what was not committed is lost."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def get(self, path: str) -> Any:
        """The JSON answer to one question, such as `/v1/servers`."""
        return json.loads(self._ask(path))

    def lines(self, chain: str) -> list[bytes]:
        """Every entry of one chain it holds, as the bytes that were sent."""
        found: list[bytes] = []
        after = 0
        while page := self._ask(f"/v1/entries?after={after}&chain={chain}").splitlines():
            found += page
            after = json.loads(page[-1])["seq"]
        return found

    def faults(self, *faults: dict[str, Any]) -> Any:
        """Queue faults; the answer counts the batches posted so far and the faults still queued."""
        return json.loads(self._ask("/control/faults", json.dumps(faults).encode()))

    def _ask(self, path: str, body: bytes | None = None) -> bytes:
        request = urllib.request.Request(f"https://127.0.0.1:{self.port}{path}", data=body)
        request.add_header("Authorization", f"Bearer {self.token}")
        with urllib.request.urlopen(request, timeout=60, context=self._tls) as answer:
            return answer.read()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
