from __future__ import annotations

import json
import random
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.delivery.batch import Batch
from agent.delivery.contract import Accepted, Outcome, Refused
from agent.delivery.cursor import Cursor
from agent.delivery.dead_letters import request_retry
from agent.delivery.sender import Sender
from agent.delivery.senders import make_sender
from agent.delivery.settings import TargetSettings
from agent.delivery.targets.rollcall import RollcallSettings
from agent.journal.journal import Journal
from agent.journal.receipts import Receipt, receipts
from agent.journal.signing import SigningKey
from tests.receivers.running import RunningReceiver
from tests.waiting import wait_for

SettingsFor = Callable[..., TargetSettings]


def append(journal: Journal, count: int, **record: object) -> None:
    with journal.transaction() as tx:
        for number in range(count):
            tx.append("discovered", {"kind": "ai_agent", "id": str(number), **record})


def bodies(journal: Journal) -> list[bytes]:
    return [line.body for line in journal.lines(0, 1_000_000, 1 << 40)]


class Picky:
    """A target that refuses every batch holding one of these entries, and remembers what it was asked."""

    name = "picky"

    def __init__(self, *poison: int, refuse_all: bool = False) -> None:
        self.poison = poison
        self.refuse_all = refuse_all
        self.took: list[int] = []
        self.follows: list[tuple[int, int]] = []
        self.asked = 0

    def send(self, batch: Batch) -> Outcome:
        self.asked += 1
        numbers = range(batch.first_seq, batch.last_seq + 1)
        if self.refuse_all or any(seq in numbers for seq in self.poison):
            return Refused("HTTP 422")
        self.took += numbers
        self.follows.append((batch.follows, batch.first_seq))
        return Accepted()

    def abort(self) -> None: ...

    def close(self) -> None: ...


SETTINGS = RollcallSettings(url="https://unused.example/x", backoff_cap=0.01)


def test_everything_arrives_in_order_and_new_entries_follow_when_woken(
    receiver: RunningReceiver, journal: Journal, settings_for: SettingsFor
) -> None:
    append(journal, 1203)
    sender = make_sender(journal, settings_for(receiver))
    sender.start()
    assert sender.flush(20)
    append(journal, 5)
    sender.wake()
    assert wait_for(lambda: sender.status().backlog == 0)
    assert receiver.lines(journal.chain) == bodies(journal)
    status = sender.status()
    assert (status.acknowledged, status.last_error, status.dead_letters) == (1208, None, 0)
    assert status.last_success is not None
    assert sender.stop()


def test_an_outage_of_every_kind_leaves_no_gap_and_no_duplicate(
    receiver: RunningReceiver, journal: Journal, settings_for: SettingsFor
) -> None:
    troubles: list[dict[str, object]] = [{"status": status} for status in (500, 502, 503, 504, 429, 408)]
    troubles += [{"drop": "before"}, {"drop": "after"}, {"status": 429, "retry_after": "0"}] * 2
    random.Random(7).shuffle(troubles)
    receiver.faults(*troubles)
    sender = make_sender(journal, settings_for(receiver, max_records=37))
    sender.start()
    for _ in range(25):
        append(journal, 11)
        sender.wake()
        time.sleep(0.01)
    assert sender.flush(30)
    assert receiver.faults()["faults"] == 0
    assert receiver.lines(journal.chain) == bodies(journal)
    assert sender.stop()


def test_retry_after_is_waited_for(receiver: RunningReceiver, journal: Journal, settings_for: SettingsFor) -> None:
    receiver.faults({"status": 503, "retry_after": "1"})
    append(journal, 1)
    sender = make_sender(journal, settings_for(receiver))
    start = time.monotonic()
    sender.start()
    assert wait_for(lambda: sender.status().last_error == "HTTP 503")
    sender.wake()
    assert sender.flush(60)
    assert time.monotonic() - start > 1
    sender.stop()


def test_the_receiver_is_killed_and_restarted_while_entries_flow(
    mortal: RunningReceiver, journal: Journal, settings_for: SettingsFor
) -> None:
    sender = make_sender(journal, settings_for(mortal, max_records=20))
    sender.start()
    writing = threading.Event()

    def write() -> None:
        while not writing.is_set():
            append(journal, 7)
            sender.wake()
            time.sleep(0.005)
        journal.release()

    thread = threading.Thread(target=write)
    thread.start()
    for _ in range(4):
        time.sleep(random.uniform(0.1, 0.4))
        mortal.kill()
        time.sleep(0.1)
        mortal.start()
    writing.set()
    thread.join()
    assert sender.flush(30)
    assert mortal.lines(journal.chain) == bodies(journal)
    assert sender.stop()


def test_a_receiver_restored_from_an_old_backup_is_given_what_it_lacks(
    mortal: RunningReceiver, journal: Journal, settings_for: SettingsFor
) -> None:
    append(journal, 30)
    sender = make_sender(journal, settings_for(mortal, max_records=10))
    sender.start()
    assert sender.flush(10)
    mortal.kill()
    for file in mortal.folder.glob("receiver.db*"):
        file.unlink()
    mortal.start()
    append(journal, 5)
    assert sender.flush(20)
    assert mortal.lines(journal.chain) == bodies(journal)
    sender.stop()


def test_a_fork_is_reported_and_nothing_is_overwritten_or_buried(
    receiver: RunningReceiver, tmp_path: Path, settings_for: SettingsFor
) -> None:
    first = Journal.open(tmp_path / "a.db", "e" * 32)
    append(first, 3)
    first.close()
    (tmp_path / "b.db").write_bytes((tmp_path / "a.db").read_bytes())
    told: list[str] = []
    for name in ("a", "b"):
        journal = Journal.open(tmp_path / f"{name}.db", "e" * 32)
        append(journal, 2, machine=name)
        sender = make_sender(journal, settings_for(receiver), lambda code, message: told.append(code))
        sender.start()
        assert sender.flush(5) == (name == "a")
        assert sender.status().dead_letters == 0
        sender.stop()
        held = receiver.lines(journal.chain)
        journal.close()
    assert told == ["delivery.misconfigured"]
    assert [json.loads(line)["record"].get("machine") for line in held] == [None] * 3 + ["a"] * 2


def told(journal: Journal) -> list[str]:
    """Messages of the notices in the journal."""
    return [entry.record["message"] for entry in journal.read(0, 10_000) if entry.op == "notice" and entry.record]


def test_poison_entries_become_dead_letters_and_block_nothing(
    receiver: RunningReceiver, journal: Journal, settings_for: SettingsFor
) -> None:
    receiver.faults({"poison": "venom"})
    for number in range(300):
        append(journal, 1, taste="venom" if number in (0, 17, 18, 150, 299) else "fine")
    append(journal, 20)
    sender = make_sender(journal, settings_for(receiver))
    sender.start()
    assert sender.flush(30)
    letters = Cursor(journal, "central").dead_letters()
    assert [(letter.seq, letter.reason) for letter in letters] == [(n, "HTTP 422") for n in (1, 18, 19, 151, 300)]
    assert told(journal)[1] == "target central: entry 18 not taken: HTTP 422"
    assert len(told(journal)) == 5
    assert sender.flush(10)
    assert receiver.lines(journal.chain) == [line for line in bodies(journal) if b"venom" not in line]
    holes = [e["holes"] for e in receiver.get("/v1/endpoints") if e["chain"] == journal.chain]
    assert holes == [[[1, 1], [18, 19], [151, 151], [300, 300]]]
    sender.stop()


def test_one_poison_entry_among_five_hundred_is_found_in_few_requests(journal: Journal) -> None:
    append(journal, 1000)
    target = Picky(333)
    sender = Sender(journal, target, SETTINGS)
    sender.start()
    assert sender.flush(10)
    assert sorted(set(target.took)) == [n for n in range(1, journal.head().seq + 1) if n != 333]
    assert (332, 334) in target.follows
    assert target.asked <= 27
    sender.stop()


def test_an_entry_larger_than_a_batch_is_a_dead_letter_without_a_request(
    receiver: RunningReceiver, journal: Journal, settings_for: SettingsFor
) -> None:
    append(journal, 2)
    append(journal, 1, pad="p" * 900_000)
    append(journal, 2)
    sender = make_sender(journal, settings_for(receiver))
    posts = receiver.faults()["posts"]
    sender.start()
    assert sender.flush(10)
    letters = Cursor(journal, "central").dead_letters()
    assert [(letter.seq, letter.reason) for letter in letters] == [(3, "larger than 900000 bytes")]
    assert len(receiver.lines(journal.chain)) == 5
    assert receiver.faults()["posts"] - posts == 2
    sender.stop()


def test_a_refused_notice_is_not_told_by_another_notice(journal: Journal) -> None:
    append(journal, 1)
    with journal.transaction() as tx:
        tx.append("notice", {"id": "n", "message": "refused"})
        tx.append("discovered", {"id": "d"})
    sender = Sender(journal, Picky(2, 3), SETTINGS)
    sender.start()
    assert sender.flush(5)
    assert told(journal) == ["refused", "target picky: entry 3 not taken: HTTP 422"]
    sender.stop()


def test_a_target_that_refuses_everything_costs_no_entry(journal: Journal) -> None:
    append(journal, 200)
    target = Picky()
    notices: list[str] = []
    sender = Sender(journal, target, SETTINGS, lambda code, message: notices.append(message))
    sender.start()
    assert sender.flush(5)
    target.refuse_all = True
    append(journal, 50)
    sender.wake()
    assert wait_for(lambda: target.asked > 30)
    assert sender.status().dead_letters == 0
    assert notices == ["target picky: refuses also what it took before: HTTP 422"]
    assert "refuses also" in (sender.status().last_error or "")
    target.refuse_all = False
    assert wait_for(lambda: sender.status().backlog == 0)
    assert set(target.took) == set(range(1, 251))
    sender.stop()


def test_one_that_refuses_everything_from_the_start_costs_no_entry_either(journal: Journal) -> None:
    append(journal, 8)
    target = Picky(refuse_all=True)
    sender = Sender(journal, target, SETTINGS)
    sender.start()
    assert not sender.flush(0.5)
    assert sender.status().dead_letters == 0
    target.refuse_all = False
    assert wait_for(lambda: sender.status().backlog == 0)
    sender.stop()


def test_dead_letters_are_sent_once_more_when_somebody_asks(
    receiver: RunningReceiver, journal: Journal, settings_for: SettingsFor
) -> None:
    receiver.faults({"poison": "venom"})
    for number in range(10):
        append(journal, 1, taste="venom" if number in (3, 6) else "fine")
    sender = make_sender(journal, settings_for(receiver))
    sender.start()
    assert sender.flush(10)
    assert request_retry(journal, "central", [4]) == 1
    sender.wake()
    assert wait_for(lambda: sender.status().backlog == 0)
    assert sender.status().dead_letters == 2, "refused again"
    receiver.faults({"clear": True})
    assert request_retry(journal, None, None) == 2
    assert request_retry(journal, "other", None) == 0
    sender.wake()
    assert wait_for(lambda: sender.status().dead_letters == 0)
    assert receiver.lines(journal.chain) == bodies(journal)
    assert [e["holes"] for e in receiver.get("/v1/endpoints") if e["chain"] == journal.chain] == [[]]
    sender.stop()


def test_what_the_target_holds_is_kept_as_a_receipt(
    receiver: RunningReceiver, journal: Journal, settings_for: SettingsFor
) -> None:
    append(journal, 5)
    sender = make_sender(journal, settings_for(receiver))
    sender.start()
    assert sender.flush(10)
    with journal.reading() as connection:
        (receipt,) = receipts(connection)
    assert (receipt.target, receipt.seq, receipt.hash) == ("central", *journal.head())
    sender.stop()


class Receipted(Picky):
    """A target that answers with this receipt."""

    def __init__(self, receipt: Receipt | None) -> None:
        super().__init__()
        self.receipt = receipt

    def send(self, batch: Batch) -> Outcome:
        super().send(batch)
        return Accepted(self.receipt)


def test_a_receipt_for_another_history_or_without_the_signature_that_was_asked_for_is_none(journal: Journal) -> None:
    append(journal, 3)
    key, at = SigningKey(bytes(32)), "2026-01-02T00:00:00Z"
    good = Receipt("picky", 3, journal.head().hash, at)
    signed = good._replace(signature=key.sign(good.statement(journal.chain, journal.endpoint_id)))
    pinned = SETTINGS.model_copy(update={"receipt_key": key.public.text})
    for settings, receipt, taken in [
        (SETTINGS, good._replace(hash=bytes(32)), False),
        (SETTINGS, good._replace(seq=9), False),
        (pinned, None, False),
        (pinned, good, False),
        (pinned, signed._replace(at="2026-01-03T00:00:00Z"), False),
        (pinned, signed, True),
    ]:
        sender = Sender(journal, Receipted(receipt), settings)
        sender.start()
        assert sender.flush(0.5) == taken, receipt
        sender.stop()


def test_a_wrong_token_costs_no_entry_and_a_new_one_is_picked_up(
    receiver: RunningReceiver, journal: Journal, settings_for: SettingsFor, tmp_path: Path
) -> None:
    token = tmp_path / "token"
    token.write_text("wrong-canary")
    append(journal, 3)
    told: list[tuple[str, str]] = []
    sender = make_sender(
        journal, settings_for(receiver, token_file=token), lambda code, message: told.append((code, message))
    )
    sender.start()
    start = time.monotonic()
    assert not sender.flush(1_000)
    assert time.monotonic() - start < 200, "nobody waits for what only a person can mend"
    assert sender.status().dead_letters == 0
    token.write_text(receiver.token)
    assert wait_for(lambda: sender.status().backlog == 0)
    assert [code for code, _ in told if code != "delivery.token_exposed"] == ["delivery.misconfigured"]
    assert "canary" not in repr(told)
    sender.stop()


def test_a_collector_that_cannot_be_reached_is_no_error_of_the_caller(journal: Journal) -> None:
    append(journal, 1)
    sender = make_sender(journal, RollcallSettings(url="https://127.0.0.1:9/x", backoff_cap=0.1))
    sender.start()
    assert not sender.flush(0.5)
    assert wait_for(lambda: "refused" in (sender.status().last_error or "").lower(), 30)
    assert sender.stop()


@pytest.mark.parametrize("stage", ["answer", "handshake"])
def test_stopping_is_quick_while_a_request_hangs(
    receiver: RunningReceiver, journal: Journal, settings_for: SettingsFor, stage: str
) -> None:
    append(journal, 1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = receiver.url if stage == "answer" else f"https://127.0.0.1:{silent.getsockname()[1]}/x"
        receiver.faults({"slow": 200})
        sender = make_sender(journal, settings_for(receiver, url=url, timeout=300))
        sender.start()
        assert wait_for(lambda: Cursor(journal, "central").load().sending == 1)
        time.sleep(0.7)
        # A handshake is left behind, an answer is not waited for.
        assert sender.stop(timeout=60 if stage == "answer" else 2) or stage == "handshake"
        # A thread that was left behind must also find its way out of a closed journal.
        journal.close()
    sender._thread.join(60)
    assert not sender._thread.is_alive()


def test_a_sender_that_was_never_started_can_be_stopped_and_asked(journal: Journal) -> None:
    append(journal, 2)
    sender = make_sender(journal, RollcallSettings(url="https://c.example/x"))
    assert sender.status().backlog == 2
    assert not sender.flush(1)
    assert sender.stop()


def test_a_fault_inside_a_target_does_not_end_the_thread(journal: Journal) -> None:
    class Broken(Picky):
        def send(self, batch: Batch) -> Outcome:
            if self.asked < 2:
                self.asked += 1
                raise RuntimeError("canary")
            return super().send(batch)

    append(journal, 2)
    sender = Sender(journal, Broken(), SETTINGS)
    sender.start()
    assert sender.flush(5)
    sender.stop()


def test_a_gap_in_the_journal_is_reported_and_never_sent(journal: Journal) -> None:
    append(journal, 5)
    with journal.transaction() as tx:
        tx.connection.execute("DELETE FROM entries WHERE seq = 3")
    target = Picky()
    sender = Sender(journal, target, SETTINGS)
    sender.start()
    assert wait_for(lambda: "entry 3 is missing" in (sender.status().last_error or ""))
    assert target.took == []
    assert sender.stop()


def test_a_one_shot_run_delivers_from_memory(receiver: RunningReceiver, settings_for: SettingsFor) -> None:
    journal = Journal.open(":memory:", "f" * 32)
    append(journal, 700)
    sender = make_sender(journal, settings_for(receiver))
    sender.start()
    assert sender.flush(20)
    assert receiver.lines(journal.chain) == bodies(journal)
    assert sender.stop()
    journal.close()


def test_two_targets_each_get_everything(journal: Journal) -> None:
    append(journal, 50)
    targets = [Picky(), Picky(7)]
    targets[1].name = "other"
    senders = [Sender(journal, target, SETTINGS) for target in targets]
    for sender in senders:
        sender.start()
    assert all(sender.flush(5) for sender in senders)
    assert targets[0].took[:50] == list(range(1, 51))
    assert set(targets[1].took) >= {n for n in range(1, 51) if n != 7}
    assert 7 not in targets[1].took
    for sender in senders:
        sender.stop()


def test_an_idle_sender_sleeps(journal: Journal) -> None:
    sender = Sender(journal, Picky(), SETTINGS)
    turns = []
    sender._step = lambda: turns.append(1)  # type: ignore[assignment]  # none is nothing to do, as in the original
    sender.start()
    time.sleep(1)
    assert turns == [1]
    sender.stop()
