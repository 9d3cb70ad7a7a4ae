from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
import time
import urllib.error
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import rfc8785

from agent.delivery.batch import next_batch
from agent.delivery.position import Position
from agent.delivery.sender import Sender
from agent.delivery.senders import make_sender
from agent.delivery.targets.rollcall import RollcallSettings, encode
from agent.journal.checkpoints import Checkpoints
from agent.journal.journal import Journal
from agent.journal.keys import load_keys, request_new_key
from agent.journal.receipts import Receipt
from agent.journal.settings import JournalSettings
from agent.journal.signing import KEY_FILE, SigningKey
from agent.journal.succession import open_or_succeed
from tests.receivers.rollcall_store import Rejected, Store
from tests.receivers.running import RunningReceiver

ENDPOINT = "e" * 32


class Endpoint:
    """A machine that journals and delivers."""

    def __init__(self, receiver: RunningReceiver, path: Path, endpoint_id: str = ENDPOINT) -> None:
        self.journal = Journal.open(path, endpoint_id)
        settings = RollcallSettings(
            url=receiver.url, token_file=receiver.token_file, ca_file=receiver.ca_file, backoff_cap=0.2
        )
        self.sender: Sender = make_sender(self.journal, settings)
        self.sender.start()

    def say(self, *entries: tuple[str, dict[str, Any] | None]) -> None:
        with self.journal.transaction() as tx:
            for op, record in entries:
                tx.append(op, record)  # type: ignore[arg-type]  # any operation
        assert self.sender.flush(10)

    def close(self) -> None:
        self.sender.stop()
        self.journal.close()


@pytest.fixture
def endpoint(receiver: RunningReceiver, tmp_path: Path) -> Iterator[Endpoint]:
    machine = Endpoint(receiver, tmp_path / "j.db")
    yield machine
    machine.close()


def server(id_: str, **more: object) -> dict[str, Any]:
    facts = {"kind": "mcp_server", "id": id_, "owner": "alice", "name": id_, "endpoint_id": ENDPOINT}
    return {**facts, "observed_at": "2026-11-23T12:00:00Z", "evidence": {"collector": "configs"}, **more}


def names(receiver: RunningReceiver, query: str = "") -> list[str]:
    return sorted(record["name"] for record in receiver.get(f"/v1/servers{query}"))


def test_changes_make_the_current_inventory(receiver: RunningReceiver, endpoint: Endpoint) -> None:
    endpoint.say(("discovered", server("a")), ("discovered", server("b", owner="bob")), ("discovered", server("c")))
    endpoint.say(("changed", server("a", name="a2")), ("removed", server("c")), ("heartbeat", {"kind": "heartbeat"}))
    endpoint.say(("discovered", {"kind": "ai_agent", "id": "x", "agent": "codex"}))
    assert names(receiver) == ["a2", "b"]
    assert names(receiver, "?owner=bob") == ["b"]
    assert names(receiver, "?endpoint=other") == []
    assert [record["agent"] for record in receiver.get("/v1/agents")] == ["codex"]


def test_a_snapshot_replaces_the_inventory_only_when_it_is_complete(
    receiver: RunningReceiver, endpoint: Endpoint
) -> None:
    endpoint.say(("discovered", server("old")))
    endpoint.say(("snapshot_begin", None), ("snapshot", server("new")))
    assert names(receiver) == ["old"]
    endpoint.say(("snapshot_end", {"status": "partial"}))
    assert names(receiver) == ["old"]
    endpoint.say(("snapshot_begin", None), ("snapshot", server("new")), ("discovered", server("meanwhile")))
    assert names(receiver) == ["meanwhile", "old"]
    receiver.kill()
    receiver.start()
    endpoint.say(("snapshot_end", {"status": "complete"}))
    assert names(receiver) == ["meanwhile", "new"]


def scope(rights: str = "machine", *owners: str, **more: Any) -> dict[str, Any]:
    return {"scope": {"rights": rights, "owners": owners, "out_of_reach": (), "unknown": (), **more}}


def snapshot(told: dict[str, Any], *records: dict[str, Any]) -> list[tuple[str, dict[str, Any] | None]]:
    return [("snapshot_begin", told), *(("snapshot", r) for r in records), ("snapshot_end", told)]


def test_the_look_of_a_restricted_user_replaces_nothing_but_that_users(
    receiver: RunningReceiver, endpoint: Endpoint, tmp_path: Path
) -> None:
    theirs = [server("alices"), server("eves old", owner="eve"), server("managed", owner=None)]
    endpoint.say(*snapshot(scope("machine", "alice", "eve"), *theirs))
    eve = Endpoint(receiver, tmp_path / "eve.db")
    # Before she says what she answers for, and afterwards.
    eve.say(("removed", theirs[0]), ("changed", server("managed", owner=None, name="eves")))
    eve.say(*snapshot(scope("account", "eve"), server("eves", owner="eve"), server("alices", name="faked")))
    eve.say(("removed", theirs[2]))
    assert names(receiver) == ["alices", "eves", "managed"]
    endpoint.say(*snapshot(scope("machine", "alice", "eve"), theirs[0]))
    assert names(receiver) == ["alices"]
    eve.close()


def test_what_a_look_could_not_read_stays_and_everything_else_is_taken_over(
    receiver: RunningReceiver, endpoint: Endpoint, tmp_path: Path
) -> None:
    def in_file(name: str, path: str, **more: object) -> dict[str, Any]:
        return server(name, evidence={"collector": "configs", "source": path}, **more)

    before = [in_file("broken", "/home/alice/repo/.mcp.json"), in_file("gone", "/home/alice/repository.json")]
    finding = {
        "kind": "finding",
        "id": "f",
        "owner": "alice",
        "subject_id": "broken",
        **{name: before[0][name] for name in ("endpoint_id", "observed_at")},
        "evidence": {"collector": "rollcall"},
    }
    outside = in_file("outside", "/home/bob/.mcp.json", owner="bob")
    endpoint.say(*snapshot(scope("machine", "alice", "bob"), *before, finding, outside))
    fresh = Endpoint(receiver, tmp_path / "fresh.db")
    unread = {"owner": "alice", "collector": "configs", "path": "/home/alice/repo"}
    fresh.say(*snapshot(scope("machine", "alice", out_of_reach=("bob",), unknown=(unread,)), in_file("new", "/x")))
    assert names(receiver) == ["broken", "new", "outside"]
    database = sqlite3.connect(f"file:{receiver.folder / 'receiver.db'}?mode=ro", uri=True)
    assert database.execute("SELECT id FROM inventory WHERE kind = 'finding'").fetchall() == [("f",)]
    database.close()
    fresh.close()


def test_a_snapshot_with_a_hole_in_it_is_not_promoted(receiver: RunningReceiver, endpoint: Endpoint) -> None:
    endpoint.say(("discovered", server("old")))
    receiver.faults({"poison": "venom"})
    endpoint.say(("snapshot_begin", None), ("snapshot", server("new")), ("snapshot", server("venom")))
    endpoint.say(("snapshot_end", {"status": "complete"}))
    assert names(receiver) == ["old"]


def test_a_new_chain_of_a_known_endpoint_takes_over_with_its_first_snapshot(
    receiver: RunningReceiver, endpoint: Endpoint, tmp_path: Path
) -> None:
    endpoint.say(("discovered", server("old")))
    fresh = Endpoint(receiver, tmp_path / "fresh.db")
    fresh.say(("snapshot_begin", None), ("snapshot", server("new")), ("snapshot_end", {"status": "complete"}))
    assert names(receiver) == ["new"]
    fresh.close()


def test_the_digest_tells_whether_the_inventory_is_up_to_date(receiver: RunningReceiver, endpoint: Endpoint) -> None:
    records = [server("b"), server("a")]
    total = hashlib.sha256()
    for record in sorted(records, key=lambda r: r["id"]):
        total.update(rfc8785.dumps({k: v for k, v in record.items() if k not in ("observed_at", "evidence")}))
    beat = {"kind": "heartbeat", "inventory_digest": total.hexdigest()}
    endpoint.say(*(("discovered", record) for record in records), ("heartbeat", beat))
    assert receiver.get("/v1/endpoints")[0]["up_to_date"] is True
    endpoint.say(("removed", records[0]))
    assert receiver.get("/v1/endpoints")[0]["up_to_date"] is False


def test_endpoints_are_kept_apart(receiver: RunningReceiver, endpoint: Endpoint, tmp_path: Path) -> None:
    other = Endpoint(receiver, tmp_path / "other.db", "f" * 32)
    endpoint.say(("discovered", server("same")))
    other.say(("discovered", server("same", endpoint_id="f" * 32)))
    other.say(("removed", server("same")))
    assert [record["endpoint_id"] for record in receiver.get("/v1/servers")] == [ENDPOINT]
    other.close()


def test_nothing_is_answered_without_the_token(receiver: RunningReceiver) -> None:
    receiver.token = "guess"
    for path in ("/v1/servers", "/v1/agents", "/v1/endpoints", "/v1/entries"):
        with pytest.raises(urllib.error.HTTPError) as caught:
            receiver.get(path)
        assert caught.value.code == 401


@pytest.mark.parametrize("how", [["-m", "tests.receivers.rollcall_receiver"], ["tests/receivers/rollcall_receiver.py"]])
def test_it_can_be_started_by_hand(how: list[str], tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    command = [sys.executable, *how, "--port", "0", "--db", str(tmp_path / "r.db")]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    with subprocess.Popen(command, cwd=root, env=environment) as process:
        deadline = time.monotonic() + 60
        while not (tmp_path / "r.db-wal").exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        assert process.poll() is None
        assert (tmp_path / "r.db").exists()
        process.terminate()


def store(tmp_path: Path, name: str = "store.db") -> Store:
    return Store(str(tmp_path / name))


def handed_over(journal: Journal, store: Store, after: int = 0) -> dict[str, Any]:
    """Everything after an entry, as one batch."""
    batch = next_batch(journal, Position(after, after), 500, 900_000)
    assert batch
    return store.accept(encode(batch), batch.batch_id)


def signed(folder: Path, endpoint_id: str = ENDPOINT) -> tuple[Journal, Checkpoints]:
    opened = open_or_succeed(folder / "journal.db", endpoint_id)
    checkpoints = Checkpoints(opened.journal, load_keys(folder), JournalSettings())
    checkpoints.start(opened.replaces)
    return opened.journal, checkpoints


def test_a_signed_journal_raises_no_alarm_and_its_receipts_are_signed(tmp_path: Path) -> None:
    journal, checkpoints = signed(tmp_path / "state")
    with journal.transaction() as step:
        step.append("discovered", server("a"))
        checkpoints.append(step, "stop")
    receiver = Store(str(tmp_path / "store.db"), signing_key=bytes(32))
    answer = handed_over(journal, receiver)
    receipt = Receipt("x", answer["head_seq"], bytes.fromhex(answer["head_hash"]), answer["at"], answer["signature"])
    key = SigningKey(bytes(32)).public
    assert key.verifies(receipt.statement(journal.chain, ENDPOINT), answer["signature"])
    assert (receipt.seq, receipt.hash) == journal.head()
    assert receiver.alarms(journal.chain) == []
    journal.close()


def test_a_journal_that_was_lost_goes_on_without_an_alarm_where_it_names_all_that_is_held(tmp_path: Path) -> None:
    receiver = store(tmp_path)
    journal, _ = signed(tmp_path / "state")
    handed_over(journal, receiver)
    journal.close()
    (tmp_path / "state/journal.db").unlink()
    successor, _ = signed(tmp_path / "state")
    handed_over(successor, receiver)
    assert receiver.alarms(successor.chain) == []
    successor.close()


def test_a_state_folder_put_back_or_made_anew_is_an_alarm_at_the_receiver(tmp_path: Path) -> None:
    receiver = store(tmp_path)
    journal, _ = signed(tmp_path / "state")
    handed_over(journal, receiver)
    journal.close()
    fresh, _ = signed(tmp_path / "fresh")
    handed_over(fresh, receiver)
    assert receiver.alarms(fresh.chain) == ["history", "key"]
    fresh.close()


def test_an_older_copy_that_goes_on_and_a_cloned_machine_fork_the_chain(tmp_path: Path) -> None:
    receiver = store(tmp_path)
    journal, _ = signed(tmp_path / "state")
    journal.close()
    shutil.copytree(tmp_path / "state", tmp_path / "clone")
    for name, taken in (("state", True), ("clone", False)):
        journal, _ = signed(tmp_path / name)
        with journal.transaction() as step:
            step.append("notice", {"kind": "diagnostic", "message": name})
        if taken:
            handed_over(journal, receiver)
        else:
            with pytest.raises(Rejected) as caught:
                handed_over(journal, receiver)
            assert (caught.value.status, caught.value.answer) == (412, {"error": "fork"})
        journal.close()


def test_a_key_that_nothing_hands_over_is_an_alarm_and_one_that_is_handed_over_is_none(tmp_path: Path) -> None:
    receiver = store(tmp_path)
    journal, _ = signed(tmp_path / "state")
    handed_over(journal, receiver)
    journal.close()
    request_new_key(tmp_path / "state")
    journal, checkpoints = signed(tmp_path / "state")
    with journal.transaction() as step:
        checkpoints.append(step, "stop")
    handed_over(journal, receiver, after=1)
    assert receiver.alarms(journal.chain) == []
    head = journal.head().seq
    journal.close()
    (tmp_path / "state" / KEY_FILE).unlink()
    journal, _ = signed(tmp_path / "state")
    handed_over(journal, receiver, after=head)
    assert receiver.alarms(journal.chain) == ["key"]
    journal.close()


def test_a_forged_checkpoint_is_an_alarm(tmp_path: Path) -> None:
    receiver = store(tmp_path)
    journal, _ = signed(tmp_path / "state")
    record = journal.read(0)[0].record or {}
    with journal.transaction() as step:
        step.append("checkpoint", {**record, "boot_ms": 7})
    handed_over(journal, receiver)
    assert receiver.alarms(journal.chain) == ["signature"]
    journal.close()
