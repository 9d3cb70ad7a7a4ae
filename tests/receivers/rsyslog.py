"""A real rsyslog that takes messages over TLS and writes each as it came."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

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


@dataclass
class Rsyslog:
    """Where it listens, and what it has written."""

    folder: Path
    port: int

    def messages(self) -> list[str]:
        path = self.folder / "raw"
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    def parts(self) -> list[list[str]]:
        return [line.split("|") for line in (self.folder / "parts").read_text(encoding="utf-8").splitlines()]


@contextmanager
def rsyslog(folder: Path, client_certificates: bool = False) -> Iterator[Rsyslog]:
    """Runs until the context ends; `folder` holds the authority's and a client's files."""
    if not (program := shutil.which("rsyslogd", path="/usr/sbin:/usr/bin")):
        pytest.skip("needs rsyslog")
    folder.mkdir()
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    for name, host in (("", "127.0.0.1"), ("client-", "endpoint.example")):
        issued = authority.issue_cert(host)
        issued.cert_chain_pems[0].write_to_path(str(folder / f"{name}cert.pem"))
        issued.private_key_pem.write_to_path(str(folder / f"{name}key.pem"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    mode = "x509/name" if client_certificates else "anon"
    peers = ' permittedPeer=["endpoint.example"]' if client_certificates else ""
    (folder / "conf").write_text(_CONFIG.format(folder=folder, port=port, mode=mode, peers=peers))
    command = [program, "-n", "-f", str(folder / "conf"), "-i", str(folder / "pid")]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        _wait_for(port, process, folder)
        yield Rsyslog(folder, port)
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
