from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.config.settings import Settings
from agent.delivery.settings import TargetSettings
from agent.delivery.supervisor import DeliverySupervisor
from agent.journal.journal import Journal
from agent.runtime.logs import LogSettings
from tests.receivers.running import RunningReceiver
from tests.waiting import wait_for

SettingsFor = Callable[..., TargetSettings]
pytestmark = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks at its processes through /proc")


def append(journal: Journal, count: int) -> None:
    with journal.transaction() as step:
        for number in range(count):
            step.append("discovered", {"kind": "ai_agent", "id": str(number)})


def bodies(journal: Journal) -> list[bytes]:
    return [line.body for line in journal.lines(0, 1_000_000, 1 << 40)]


def deliverers(daemon: int | None = None) -> list[int]:
    """Processes that deliver for one daemon, by default for this process."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                argv = (entry / "cmdline").read_bytes().split(b"\0")
                parent = (entry / "stat").read_text().rpartition(") ")[2].split()[1]
            except OSError:
                continue
            if b"agent.delivery" in argv and int(parent) == (daemon or os.getpid()):
                found.append(int(entry.name))
    return found


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except OSError:
        return False


@contextmanager
def courier_for(
    journal: Journal, tmp_path: Path, target: TargetSettings, linger: float = 60.0
) -> Iterator[tuple[DeliverySupervisor, list[tuple[str, str]]]]:
    told: list[tuple[str, str]] = []
    courier = DeliverySupervisor(
        journal,
        tmp_path / "state/journal.db",
        (target,),
        LogSettings(),
        lambda code, text: told.append((code, text)),
        linger,
    )
    courier.start()
    try:
        yield courier, told
    finally:
        courier.stop(5)


def settled(courier: DeliverySupervisor) -> bool:
    return all(status.backlog == 0 for status in courier.status())


def test_it_delivers_and_leaves_no_process_behind_until_there_is_more(
    receiver: RunningReceiver, journal: Journal, settings_for: SettingsFor, tmp_path: Path
) -> None:
    append(journal, 700)
    with courier_for(journal, tmp_path, settings_for(receiver), linger=0.5) as (courier, told):
        assert wait_for(lambda: settled(courier), 200)
        assert wait_for(lambda: not deliverers(), 60)
        append(journal, 3)
        courier.wake()
        assert wait_for(lambda: settled(courier), 200)
        assert receiver.lines(journal.chain) == bodies(journal)
        assert told == []
        assert courier.status()[0].last_success is not None


def test_nothing_to_send_starts_no_process(
    receiver: RunningReceiver, journal: Journal, settings_for: SettingsFor, tmp_path: Path
) -> None:
    with courier_for(journal, tmp_path, settings_for(receiver)) as (courier, _):
        courier.wake()
        time.sleep(0.5)
        assert deliverers() == []


def test_a_killed_process_is_said_and_replaced_and_loses_nothing(
    receiver: RunningReceiver, journal: Journal, settings_for: SettingsFor, tmp_path: Path
) -> None:
    append(journal, 400)
    with courier_for(journal, tmp_path, settings_for(receiver, max_records=1)) as (courier, told):
        for _ in range(3):
            assert wait_for(deliverers, 60)
            time.sleep(0.5)
            for pid in deliverers():
                os.kill(pid, signal.SIGKILL)
            append(journal, 5)
            courier.wake()
        assert wait_for(lambda: settled(courier), 200)
        assert receiver.lines(journal.chain) == bodies(journal)
        assert told
        assert {code for code, _ in told} == {"delivery.process_failed"}
        assert courier.status()[0].last_error is None, "the one that runs now is well"


def test_what_is_wrong_with_a_target_reaches_the_daemon_and_goes_when_it_is_mended(
    mortal: RunningReceiver, journal: Journal, settings_for: SettingsFor, tmp_path: Path
) -> None:
    mortal.faults(*[{"status": 503}] * 3, {"status": 401})
    append(journal, 1)
    with courier_for(journal, tmp_path, settings_for(mortal, backoff_cap=1.0)) as (courier, told):
        assert wait_for(lambda: courier.status()[0].last_error == "HTTP 503", 60)
        assert wait_for(lambda: told == [("delivery.misconfigured", "target central: HTTP 401")], 60)
        assert wait_for(lambda: settled(courier) and courier.status()[0].last_error is None, 60)


def test_a_process_that_stands_still_holds_up_neither_a_wake_nor_the_stop(
    receiver: RunningReceiver, journal: Journal, settings_for: SettingsFor, tmp_path: Path
) -> None:
    append(journal, 1)
    with courier_for(journal, tmp_path, settings_for(receiver)) as (courier, _):
        assert wait_for(lambda: settled(courier), 200)
        [pid] = deliverers()
        os.kill(pid, signal.SIGSTOP)
        for _ in range(200_000):
            courier.wake()
        courier.stop(1)
        assert wait_for(lambda: pid not in deliverers(), 60)


def test_a_killed_daemon_takes_the_process_with_it(
    receiver: RunningReceiver, journal: Journal, settings_for: SettingsFor, tmp_path: Path
) -> None:
    append(journal, 1)
    code = """
import sys, time
from pathlib import Path
from agent.config.settings import Settings
from agent.delivery.supervisor import DeliverySupervisor
from agent.journal.journal import Journal
file = Path(sys.argv[1])
settings = Settings.model_validate_json(sys.argv[2])
DeliverySupervisor(Journal.open(file, "e" * 32), file, settings.target, settings.log, print).start()
time.sleep(60)
"""
    settings = Settings(target=(settings_for(receiver),)).model_dump_json()
    daemon = subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "state/journal.db"), settings])
    assert wait_for(lambda: deliverers(daemon.pid), 60)
    [pid] = deliverers(daemon.pid)
    daemon.kill()
    daemon.wait()
    assert wait_for(lambda: not runs(pid), 60)


def test_signals_meant_for_the_daemon_do_not_end_the_process(
    receiver: RunningReceiver, journal: Journal, settings_for: SettingsFor, tmp_path: Path
) -> None:
    append(journal, 1)
    with courier_for(journal, tmp_path, settings_for(receiver)) as (courier, told):
        assert wait_for(lambda: settled(courier), 200)
        [pid] = deliverers()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            os.kill(pid, number)
        append(journal, 1)
        courier.wake()
        assert wait_for(lambda: settled(courier), 200)
        assert deliverers() == [pid]
        assert told == []


def test_no_secret_of_a_broken_errand_is_printed(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "agent.delivery"],
        input=b'{"journal": "x", "canary-5f1c": "canary-77aa"}\n',
        capture_output=True,
        timeout=60,
    )
    assert done.returncode != 0
    assert b"canary-77aa" not in done.stdout + done.stderr


def test_many_threads_may_wake_while_the_process_comes_and_goes(
    receiver: RunningReceiver, journal: Journal, settings_for: SettingsFor, tmp_path: Path
) -> None:
    with courier_for(journal, tmp_path, settings_for(receiver), linger=0.0) as (courier, _):

        def work() -> None:
            for _ in range(20):
                append(journal, 2)
                courier.wake()
                time.sleep(0.05)
            journal.release()

        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wait_for(lambda: settled(courier), 200)
        assert receiver.lines(journal.chain) == bodies(journal)
