import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from agent.service.pulse import FILE, Pulse, seconds_since


def test_a_beat_says_when_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    assert seconds_since(tmp_path) is None
    pulse = Pulse(tmp_path)
    pulse.beat()
    assert 0 <= (seconds_since(tmp_path) or 0) < 60
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600
    pulse.close()


def test_a_loop_that_stands_is_not_called_running(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(f"{int((time.monotonic() - 5) * 1000):020d}")
    assert 5 <= (seconds_since(tmp_path) or 0) < 65
    (tmp_path / FILE).write_text(f"{int((time.monotonic() + 9000) * 1000):020d}")
    assert seconds_since(tmp_path) is None, "said before the last boot"


BLOCKED = """
import signal, sqlite3, sys
from agent.service import daemon
signal.signal(signal.SIGTERM, lambda *_: None)
daemon._leave_when_told()
print("ready", flush=True)
sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True).execute("SELECT 1 FROM sqlite_master")
"""


def test_a_signal_ends_a_process_whose_main_thread_never_returns(tmp_path: Path) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("needs a pipe with a name")
    os.mkfifo(tmp_path / "pipe")
    words = [sys.executable, "-c", BLOCKED, str(tmp_path / "pipe")]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2])
    assert process.stdout and process.stdout.readline() == b"ready\n"
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
