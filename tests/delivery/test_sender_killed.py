"""The promise of the whole path: whatever is killed when, the receiver ends with exactly the journal."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from agent.delivery.settings import TargetSettings
from agent.journal.journal import Journal
from tests.receivers.running import RunningReceiver

SCRIPT = Path(__file__).with_name("killed_sender.py")
KILLS = int(os.environ.get("ROLLCALL_TEST_KILLS", "20"))


def test_a_sender_killed_at_random_moments_delivers_exactly_the_journal(
    receiver: RunningReceiver, settings_for: Callable[..., TargetSettings], tmp_path: Path
) -> None:
    path = tmp_path / "state/journal.db"
    command = [sys.executable, str(SCRIPT), str(path), settings_for(receiver, max_records=40).model_dump_json()]
    heads = []
    for _ in range(KILLS):
        if random.random() < 0.3:
            receiver.faults({"drop": random.choice(["before", "after"])})
        with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == b"ready\n"
            # The first request leaves some 0.2 s after the start, with the import of the HTTP library.
            time.sleep(random.uniform(0, 0.6))
            child.kill()
        journal = Journal.open(path, "e" * 32)
        heads.append(journal.head().seq)
        assert journal.verify().ok
        journal.close()
    receiver.faults({"clear": True})
    assert subprocess.run([*command, "--drain"], stdout=subprocess.DEVNULL, timeout=90, check=False).returncode == 0
    journal = Journal.open(path, "e" * 32)
    assert len(set(heads)) > KILLS // 2
    with journal.reading() as connection:
        facts = connection.execute("SELECT count(*), max(seq) FROM extra").fetchone()
    assert facts == (journal.head().seq, journal.head().seq)
    assert receiver.lines(journal.chain) == [line.body for line in journal.lines(0, 1_000_000, 1 << 40)]
    journal.close()
