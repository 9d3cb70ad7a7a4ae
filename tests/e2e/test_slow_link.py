"""Over a line of 64 kbit/s that takes 300 ms there and back and loses packets, everything arrives, once."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import trustme

from agent.delivery.targets.rollcall import RollcallSettings
from agent.journal.journal import Journal
from tests.delivery.targets.every_kind import journal_of_everything
from tests.e2e.matrix.sending import ENDPOINT
from tests.receivers.rollcall_store import Store
from tests.receivers.running import SCRIPT
from tests.receivers.slow_link import FAR, slow_link

REPOSITORY = Path(__file__).parents[2]


def test_everything_arrives_once_over_a_bad_line(as_root: None, tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "state/journal.db", ENDPOINT)
    journal_of_everything(journal)
    authority, pem, database = trustme.CA(), tmp_path / "server.pem", tmp_path / "receiver.db"
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    authority.issue_cert(FAR).private_key_and_cert_chain_pem.write_to_path(str(pem))
    settings = RollcallSettings(url=f"https://{FAR}:8443/v1/batches", ca_file=tmp_path / "ca.pem", backoff_cap=0.5)
    with slow_link(delay=0.15, loss=0.02, bits=64_000) as line:
        serve = ["ip", "netns", "exec", line.far, sys.executable, str(SCRIPT), "--host", FAR, "--port", "8443"]
        serve += ["--db", str(database), "--cert", str(pem), "--key", str(pem)]
        with subprocess.Popen(serve) as server:
            try:
                send = ["ip", "netns", "exec", line.near, sys.executable]
                send += [str(REPOSITORY / "tests/delivery/killed_sender.py"), str(tmp_path / "state/journal.db")]
                done = subprocess.run([*send, settings.model_dump_json(), "--drain"], cwd=REPOSITORY, timeout=120)
                assert done.returncode == 0
            finally:
                server.kill()
    held = Store(str(database)).entries(journal.chain, 0, 1_000_000)
    assert held == [entry.body for entry in journal.lines(0, 1_000_000, 1 << 40)]
    assert [json.loads(body)["seq"] for body in held] == list(range(1, len(held) + 1))
    journal.close()
