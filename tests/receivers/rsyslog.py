"""A real rsyslog that takes messages over TLS and writes each as it came."""

from __future__ import annotations

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

from tests.receivers.nginx import issued

_CONFIG = """
global(workDirectory="{folder}" maxMessageSize="1m" defaultNetstreamDriver="ossl"
  defaultNetstreamDriverCAFile="{folder}/ca.pem" defaultNetstreamDriverCertFile="{folder}/cert.pem"
  defaultNetstreamDriverKeyFile="{folder}/key.pem")
module(load="imtcp" streamDriver.name="ossl" streamDriver.mode="1" streamDriver.authMode="{mode}"{peers})
input(type="imtcp" address="127.0.0.1" port="{port}")
template(name="raw" type="string" string="%rawmsg%\\n")
template(name="parts" type="string" string="%app-name%|%msgid%|%syslogfacility%|%syslogseverity%|%structured-data%\\n")
action(type="omfile" file="{folder}/raw" template="raw")
action(type="omfile" file="{folder}/parts" template="parts")
"""


FAULTS = {
    "killed": "Connection refused",
    "slow": "TimeoutError",
    "expired": "certificate not accepted",
    "wrong": "certificate not accepted",
}
"""What a test may switch on, and what delivery says of it."""


@dataclass
class Rsyslog:
    """Where it listens, and what it has written."""

    folder: Path
    port: int
    authority: trustme.CA
    process: subprocess.Popen[bytes] | None = None

    def messages(self) -> list[str]:
        path = self.folder / "raw"
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    def parts(self) -> list[list[str]]:
        return [line.split("|") for line in (self.folder / "parts").read_text(encoding="utf-8").splitlines()]

    def fail(self, fault: str) -> None:
        """From now on, until `mend`."""
        if fault == "expired":
            self._show(issued(self.authority, not_after=datetime.now(UTC) - timedelta(hours=1)))
        elif fault == "wrong":
            self._show(issued(trustme.CA()))
        elif fault == "slow":
            self.hang_up()
            assert self.process
            self.process.send_signal(signal.SIGSTOP)
        else:
            self.stop(signal.SIGKILL)

    def mend(self, fault: str) -> None:
        if fault in ("expired", "wrong"):
            self._show(issued(self.authority))
        elif fault == "slow":
            assert self.process
            self.process.send_signal(signal.SIGCONT)
        else:
            self.start()

    def start(self) -> None:
        program = shutil.which("rsyslogd", path="/usr/sbin:/usr/bin")
        assert program
        command = [program, "-n", "-f", str(self.folder / "conf"), "-i", str(self.folder / "pid")]
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        _wait_for(self.port, self.process, self.folder)

    def stop(self, number: int = signal.SIGTERM) -> None:
        if self.process:
            self.process.send_signal(number)
            self.process.wait(60)
            self.process = None
            (self.folder / "pid").unlink(missing_ok=True)

    def hang_up(self) -> None:
        """Close every connection, as after a change of its configuration."""
        self.stop()
        self.start()

    def _show(self, certificate: trustme.LeafCert) -> None:
        certificate.cert_chain_pems[0].write_to_path(str(self.folder / "cert.pem"))
        certificate.private_key_pem.write_to_path(str(self.folder / "key.pem"))
        self.hang_up()


@contextmanager
def rsyslog(folder: Path, client_certificates: bool = False, config: str = "") -> Iterator[Rsyslog]:
    """Runs until the context ends; `folder` holds the authority's and a client's files. `config` is one that somebody
    else wrote, up to where messages go."""
    if not shutil.which("rsyslogd", path="/usr/sbin:/usr/bin"):
        pytest.skip("needs rsyslog")
    folder.mkdir()
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    for name, certificate in (("", issued(authority)), ("client-", authority.issue_cert("endpoint.example"))):
        certificate.cert_chain_pems[0].write_to_path(str(folder / f"{name}cert.pem"))
        certificate.private_key_pem.write_to_path(str(folder / f"{name}key.pem"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    mode = "x509/name" if client_certificates else "anon"
    peers = ' permittedPeer=["endpoint.example"]' if client_certificates else ""
    text = _CONFIG.format(folder=folder, port=port, mode=mode, peers=peers)
    if config:
        config = config.replace("/etc/rsyslog", str(folder)).replace("6514", str(port))
        text = config + text[text.index("\ntemplate(") :]
    (folder / "conf").write_text(text)
    server = Rsyslog(folder, port, authority)
    server.start()
    try:
        yield server
    finally:
        server.stop()


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
