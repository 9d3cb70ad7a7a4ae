"""A fleet's secret becomes a credential of each endpoint's own, against the trial receiver as a real process."""

from __future__ import annotations

import shutil
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme

from agent.delivery import enrolled
from agent.delivery.client_certificate import certificate_file, is_ageing, signing_request
from agent.delivery.enrolment import credential_file, enrolment_of
from agent.delivery.sender import Sender
from agent.delivery.senders import make_sender
from agent.delivery.targets.rollcall import RollcallSettings
from agent.inventory.context import this_endpoint_id
from agent.journal.checkpoints import Checkpoints
from agent.journal.journal import Journal
from agent.journal.keys import load_keys
from agent.journal.settings import JournalSettings
from agent.journal.signing import make_key
from agent.journal.succession import open_or_succeed
from tests.receivers.running import RunningReceiver

SECRET = "fleet-secret-1f9b"


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[RunningReceiver]:
    receiver = RunningReceiver(tmp_path / "receiver", enroll_secret=SECRET).start()
    (tmp_path / "secret").write_text(SECRET + "\n")
    yield receiver
    receiver.kill()


def settings(fleet: RunningReceiver, **more: Any) -> RollcallSettings:
    enrols = {
        "enroll_url": fleet.url.replace("batches", "enroll"),
        "enroll_secret_file": fleet.folder.parent / "secret",
    }
    return RollcallSettings.model_validate(
        {"url": fleet.url, "ca_file": fleet.ca_file, "backoff_cap": 0.2, **enrols, **more}
    )


@contextmanager
def endpoint(folder: Path, target: RollcallSettings, endpoint_id: str = "e" * 32) -> Iterator[tuple[Journal, Sender]]:
    """A machine with a signed journal that delivers."""
    opened = open_or_succeed(folder / "journal.db", endpoint_id)
    Checkpoints(opened.journal, load_keys(folder), JournalSettings()).start(opened.replaces)
    sender = make_sender(opened.journal, target)
    sender.start()
    try:
        yield opened.journal, sender
    finally:
        sender.stop()
        opened.journal.close()


def say(journal: Journal, name: str) -> None:
    record = {"kind": "mcp_server", "id": name, "owner": "alice", "name": name, "endpoint_id": "e" * 32,
              "observed_at": "2026-11-23T12:00:00Z", "evidence": {"collector": "configs"}}  # fmt: skip
    with journal.transaction() as step:
        step.append("discovered", record)


def delivered(sender: Sender) -> bool:
    """Also where what is wrong at first mends itself."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if sender.flush(1):
            return True
        time.sleep(0.05)
    return False


def servers(fleet: RunningReceiver, device: str) -> list[str]:
    return sorted(record["name"] for record in fleet.get(f"/v1/servers?endpoint={device}"))


def forget(fleet: RunningReceiver) -> None:
    with sqlite3.connect(fleet.folder / "receiver.db", timeout=60) as database:
        database.execute("UPDATE devices SET token = NULL")
    database.close()


def test_an_endpoint_enrolls_by_itself_and_again_when_its_credential_is_no_longer_valid(
    fleet: RunningReceiver, tmp_path: Path
) -> None:
    with endpoint(tmp_path / "state", settings(fleet)) as (journal, sender):
        say(journal, "a")
        assert delivered(sender)
        credential = credential_file(tmp_path / "state", "central")
        first = credential.read_text()
        assert stat.S_IMODE(credential.stat().st_mode) == 0o600
        assert SECRET not in first and SECRET not in repr(enrolment_of(tmp_path / "state", "central"))
        forget(fleet)
        say(journal, "b")
        assert delivered(sender)
        assert credential.read_text() != first
        assert servers(fleet, "e" * 32) == ["a", "b"]
        assert len(fleet.lines(journal.chain)) == journal.head().seq


def test_with_the_wrong_secret_nothing_is_sent_and_nothing_lost(fleet: RunningReceiver, tmp_path: Path) -> None:
    (tmp_path / "wrong").write_text("guessed-secret")
    with endpoint(tmp_path / "state", settings(fleet, enroll_secret_file=tmp_path / "wrong")) as (journal, sender):
        say(journal, "a")
        assert not sender.flush(5)
        status = sender.status()
        assert status.last_error == "enrolment: HTTP 401"
        assert (status.dead_letters, status.backlog) == (0, journal.head().seq)


def test_a_clone_is_noticed_and_enrolled_as_a_new_device(fleet: RunningReceiver, tmp_path: Path) -> None:
    with endpoint(tmp_path / "state", settings(fleet)) as (journal, sender):
        say(journal, "both")
        assert delivered(sender)
    shutil.copytree(tmp_path / "state", tmp_path / "clone")
    with (
        endpoint(tmp_path / "state", settings(fleet)) as (first, one),
        endpoint(tmp_path / "clone", settings(fleet)) as (second, other),
    ):
        say(first, "first")
        assert delivered(one)
        say(second, "second")
        assert delivered(other)
        say(first, "still the first")
        assert delivered(one)
    device = enrolment_of(tmp_path / "clone", "central")
    assert device and device.device == f"{'e' * 32}:1"
    assert servers(fleet, "e" * 32) == ["both", "first", "still the first"]
    assert servers(fleet, device.device) == ["both", "second"]


def test_a_machine_that_is_set_up_anew_stays_the_device_and_an_image_without_state_displaces_nobody(
    fleet: RunningReceiver, tmp_path: Path
) -> None:
    with endpoint(tmp_path / "state", settings(fleet)) as (journal, sender):
        say(journal, "old")
        assert delivered(sender)
        with endpoint(tmp_path / "anew", settings(fleet)) as (fresh, again):
            say(fresh, "new")
            assert delivered(again)
            anew = enrolment_of(tmp_path / "anew", "central")
            assert anew and anew.device == "e" * 32
        # The one that was taken for gone is alive: there are two.
        say(journal, "alive")
        assert delivered(sender)
    alive = enrolment_of(tmp_path / "state", "central")
    assert alive and alive.device == f"{'e' * 32}:1"
    assert servers(fleet, alive.device) == ["alive", "old"]


def test_somebody_enrolls_by_hand(fleet: RunningReceiver, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "c.toml"
    state = tmp_path / "state"
    config.write_text(
        f'[state]\ndir = "{state}"\n[[target]]\nurl = "{fleet.url}"\nca_file = "{fleet.ca_file}"\nbackoff_cap = 0.2\n'
    )
    by_hand = settings(fleet, enroll_url=None, enroll_secret_file=None)
    with endpoint(state, by_hand, this_endpoint_id()) as (journal, sender):
        say(journal, "a")
        assert not sender.flush(2)
        command = [sys.executable, "-m", "agent", "--config", str(config), "enroll", "--url"]
        done = subprocess.run(
            [*command, fleet.url.replace("batches", "enroll"), "--secret-file", str(tmp_path / "secret")],
            capture_output=True, text=True, timeout=60, cwd=Path(__file__).parents[2],
        )  # fmt: skip
        assert (done.returncode, done.stdout) == (0, f"enrolled with central as {this_endpoint_id()}\n"), done.stderr
        assert SECRET not in done.stdout + done.stderr
    # From now on, also after a restart.
    with endpoint(state, by_hand, this_endpoint_id()) as (journal, sender):
        assert delivered(sender)
        forget(fleet)
        say(journal, "b")
        assert delivered(sender)


@pytest.fixture
def certified(tmp_path: Path) -> Iterator[RunningReceiver]:
    """One that also gives certificates, and lets nobody in without."""
    made = trustme.CA()
    (tmp_path / "clients.pem").write_bytes(made.private_key_pem.bytes() + made.cert_pem.bytes())
    receiver = RunningReceiver(tmp_path / "receiver", enroll_secret=SECRET, client_ca=tmp_path / "clients.pem").start()
    (tmp_path / "secret").write_text(SECRET + "\n")
    yield receiver
    receiver.kill()


def test_a_certificate_comes_with_the_credential_and_is_renewed_before_it_ends(
    certified: RunningReceiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = tmp_path / "state"
    with endpoint(state, settings(certified)) as (journal, sender):
        say(journal, "a")
        assert delivered(sender), sender.status()
        bundle = certificate_file(state, "central")
        first = bundle.read_text()
        assert stat.S_IMODE(bundle.stat().st_mode) == 0o600
        assert "PRIVATE KEY" in first and not is_ageing(bundle)
        assert not is_ageing(bundle, time.time() + 19 * 86_400)
        assert is_ageing(bundle, time.time() + 21 * 86_400)
        monkeypatch.setattr(enrolled, "is_ageing", lambda path: path.read_text() == first)
        say(journal, "b")
        assert delivered(sender), sender.status()
        assert bundle.read_text() != first
        assert len(certified.lines(journal.chain)) == journal.head().seq


def test_whoever_enrolls_without_its_certificate_is_not_let_in(certified: RunningReceiver, tmp_path: Path) -> None:
    with endpoint(tmp_path / "state", settings(certified)) as (journal, sender):
        say(journal, "a")
        assert delivered(sender)
    other = tmp_path / "other.pem"
    trustme.CA().issue_cert("somebody").private_key_and_cert_chain_pem.write_to_path(str(other))
    with endpoint(tmp_path / "state", settings(certified, client_cert_file=other)) as (journal, sender):
        say(journal, "b")
        assert not sender.flush(3)
        assert (sender.status().dead_letters, sender.status().backlog) == (0, 1)


def test_the_request_for_a_certificate_is_one_that_openssl_accepts(tmp_path: Path) -> None:
    key = make_key(tmp_path / "key.pem")
    (tmp_path / "csr.pem").write_text(signing_request(key, "e" * 32))
    command = ["openssl", "req", "-in", str(tmp_path / "csr.pem"), "-verify", "-noout", "-subject", "-pubkey"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "verify OK" in done.stdout + done.stderr
    assert "e" * 32 in done.stdout and key.public.pem in done.stdout
