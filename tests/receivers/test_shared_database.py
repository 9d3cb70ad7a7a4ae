"""Several receivers on one PostgreSQL, as behind a load balancer."""

from __future__ import annotations

from pathlib import Path

from agent.delivery.senders import make_sender
from agent.delivery.targets.rollcall import RollcallSettings
from agent.journal.journal import Journal
from tests.receivers.postgresql import postgresql
from tests.receivers.running import RunningReceiver


def test_what_comes_to_two_receivers_at_once_is_kept_once_though_one_is_killed(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "journal.db", "e" * 32)
    with journal.transaction() as step:
        for number in range(1500):
            step.append("discovered", {"kind": "mcp_server", "id": str(number), "owner": "a"})
    with postgresql() as database:
        receivers = [RunningReceiver(tmp_path / name, database=database).start() for name in ("one", "other")]
        senders = [make_sender(journal, to(receiver)) for receiver in receivers]
        for sender in senders:
            sender.start()
        receivers[0].kill()
        receivers[0].start()
        assert all(sender.flush(60) for sender in senders)
        for sender in senders:
            sender.stop()
        assert receivers[1].lines(journal.chain) == [line.body for line in journal.lines(0, 2000, 1 << 40)]
        assert len(receivers[0].get("/v1/servers")) == 1500
        for receiver in receivers:
            receiver.kill()
    journal.close()


def to(receiver: RunningReceiver) -> RollcallSettings:
    return RollcallSettings(
        name=receiver.folder.name, url=receiver.url, token_file=receiver.token_file, ca_file=receiver.ca_file,
        backoff_cap=0.2, max_records=25,
    )  # fmt: skip
