"""Syslog over TLS, to a real rsyslog."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from agent.delivery.contract import Accepted, Misconfigured, Retry
from agent.delivery.targets.syslog import SyslogSettings, SyslogTarget
from agent.journal.journal import Journal
from tests.delivery.targets.every_kind import journal_of_everything
from tests.receivers.rsyslog import Rsyslog, rsyslog


def target(server: Rsyslog, **more: object) -> SyslogTarget:
    given = {"host": "127.0.0.1", "port": server.port, "ca_file": server.folder / "ca.pem", "timeout": 5, **more}
    return SyslogTarget(SyslogSettings.model_validate(given), lambda *_: None)


def wait_for(server: Rsyslog, count: int) -> list[str]:
    deadline = time.monotonic() + 60
    while len(server.messages()) < count and time.monotonic() < deadline:
        time.sleep(0.05)
    return server.messages()


def test_every_entry_arrives_whole_and_in_order(journal: Journal, tmp_path: Path) -> None:
    batches = journal_of_everything(journal)
    with rsyslog(tmp_path / "server") as server:
        sender = target(server)
        assert [sender.send(batch) for batch in batches] == [Accepted()] * len(batches)
        lines = [line.decode() for batch in batches for line in batch.lines]
        messages = wait_for(server, len(lines))
        assert [message.partition("] ")[2] for message in messages] == lines
        parts = server.parts()
        sender.close()
    entries = [json.loads(line) for line in lines]
    assert [part[1] for part in parts] == [entry["op"] for entry in entries]
    assert {tuple(part[:1]) for part in parts} == {("rollcall",)}
    assert {part[2] for part in parts} == {"13"}
    for part, entry in zip(parts, entries, strict=True):
        assert f'seq="{entry["seq"]}"' in part[4]
        if (entry["record"] or {}).get("severity") == "high":
            assert part[3] == "3"


def test_a_client_certificate_that_is_renewed_is_taken_up(journal: Journal, tmp_path: Path) -> None:
    (batch, *_) = journal_of_everything(journal)
    with rsyslog(tmp_path / "server", client_certificates=True) as server:
        here = tmp_path / "here"
        here.mkdir()
        sender = target(server, client_cert_file=here / "cert", client_key_file=here / "key")
        assert isinstance(sender.send(batch), Misconfigured), "there is none yet"
        assert isinstance(target(server).send(batch), Retry), "whoever shows none is not let in"
        for name in ("cert", "key"):
            (here / name).write_bytes((server.folder / f"client-{name}.pem").read_bytes())
        assert sender.send(batch) == Accepted()
        assert len(wait_for(server, len(batch.lines))) == len(batch.lines)
        (here / "cert").write_text("renewed, and not right")
        assert isinstance(sender.send(batch), Misconfigured)
        sender.close()


def test_a_server_that_is_gone_or_not_trusted_gets_nothing(journal: Journal, tmp_path: Path) -> None:
    (batch, *_) = journal_of_everything(journal)
    with rsyslog(tmp_path / "server") as server, rsyslog(tmp_path / "other") as other:
        outcome = target(server, ca_file=other.folder / "ca.pem").send(batch)
        assert isinstance(outcome, Retry) and "certificate not accepted" in outcome.reason
        sender = target(server)
        assert sender.send(batch) == Accepted()
    assert isinstance(sender.send(batch), Retry)
    assert isinstance(sender.send(batch), Retry)


def test_clear_text_is_for_this_machine_only() -> None:
    with pytest.raises(ValueError, match="loopback"):
        SyslogSettings(host="syslog.example.com", tls=False)
    assert not SyslogSettings(host="127.0.0.1", tls=False).tls
