from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from agent.delivery.contract import Accepted
from agent.delivery.targets.stdout import StdoutSettings, StdoutTarget
from agent.journal.journal import Journal
from tests.delivery.targets.every_kind import journal_of_everything

_DAEMON = """
import sys, time
from pathlib import Path
from agent.delivery.supervisor import DeliverySupervisor
from agent.delivery.targets.stdout import StdoutSettings
from agent.journal.journal import Journal
from agent.runtime.logs import LogSettings
file = Path(sys.argv[1])
journal = Journal.open(file, "e" * 32)
courier = DeliverySupervisor(journal, file, (StdoutSettings(name="out"),), LogSettings(), lambda *_: None, 0.2)
courier.start()
while courier.status()[0].backlog:
    time.sleep(0.05)
courier.stop(5)
journal.close()
"""


def test_what_the_process_writes_is_on_the_daemons_own_output(journal: Journal, tmp_path: Path) -> None:
    batches = journal_of_everything(journal)
    command = [sys.executable, "-c", _DAEMON, str(tmp_path / "state/journal.db")]
    done = subprocess.run(command, env=os.environ, capture_output=True, timeout=60, check=True)
    assert done.stdout.splitlines() == [line for batch in batches for line in batch.lines]


def test_an_attempt_after_one_that_was_cut_off_begins_on_a_line_of_its_own(
    journal: Journal, capfd: pytest.CaptureFixture[str]
) -> None:
    (batch, *_) = journal_of_everything(journal)
    target = StdoutTarget(StdoutSettings(), lambda *_: None)
    os.write(1, batch.lines[0][:50])
    assert target.send(replace(batch, again=True)) == Accepted()
    torn, *lines = capfd.readouterr().out.encode().splitlines()
    assert torn == batch.lines[0][:50]
    assert lines == list(batch.lines)
