"""The words for a service manager, on real sockets, and the lock that lets one daemon run."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.runtime.lock import AlreadyRunningError, lock
from agent.service import systemd

pytestmark = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="needs Unix sockets")


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    if request.param == "abstract" and sys.platform != "linux":
        pytest.skip("only Linux has abstract sockets")
    address = f"@rollcall-test-{os.getpid()}" if request.param == "abstract" else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(address.replace("@", "\0", 1))
        listener.settimeout(60)
        monkeypatch.setenv("NOTIFY_SOCKET", address)
        yield listener


def test_a_service_manager_hears_each_word_as_one_message(manager: socket.socket) -> None:
    for word in ("READY=1", "WATCHDOG=1", "STOPPING=1"):
        systemd.notify(word)
        assert manager.recv(100) == word.encode()


def test_nobody_to_tell_is_no_trouble(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    systemd.notify("READY=1")
    for address in (str(tmp_path / "nothing"), "@nothing-there", "x" * 300, "vsock:2:1234"):
        monkeypatch.setenv("NOTIFY_SOCKET", address)
        systemd.notify("READY=1")


def test_a_service_manager_that_does_not_listen_is_not_waited_for(
    manager: socket.socket,
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        other.setblocking(False)
        with pytest.raises(BlockingIOError):
            while True:
                other.sendto(b"x", manager.getsockname())
    systemd.notify("WATCHDOG=1")


@pytest.mark.parametrize(
    ("microseconds", "pid", "seconds"),
    [("120000000", "mine", 60.0), ("600000", None, 0.3), ("600000", "1", None), (None, None, None), ("x", None, None),
     ("", None, None)],
)  # fmt: skip
def test_the_watchdog_hears_twice_within_its_patience(
    monkeypatch: pytest.MonkeyPatch, microseconds: str | None, pid: str | None, seconds: float | None
) -> None:
    for name, value in (("WATCHDOG_USEC", microseconds), ("WATCHDOG_PID", str(os.getpid()) if pid == "mine" else pid)):
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, value)
    assert systemd.watchdog_seconds() == seconds


HOLDER = """
import sys, time
from pathlib import Path
from agent.runtime.lock import AlreadyRunningError, lock
try:
    held = lock(Path(sys.argv[1]))
except AlreadyRunningError:
    print("refused", flush=True)
else:
    print("held", flush=True)
    time.sleep(60)
"""


def hold(path: Path) -> tuple[subprocess.Popen[str], str]:
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout
    return holder, holder.stdout.readline().strip()


def test_the_lock_is_held_by_one_process_and_free_when_that_is_killed(tmp_path: Path) -> None:
    first, said = hold(tmp_path / "lock")
    assert said == "held"
    second, said = hold(tmp_path / "lock")
    assert said == "refused"
    second.wait(60)
    with pytest.raises(AlreadyRunningError):
        lock(tmp_path / "lock")
    first.kill()
    first.wait(60)
    lock(tmp_path / "lock").close()


def test_a_lock_that_is_closed_is_free(tmp_path: Path) -> None:
    lock(tmp_path / "lock").close()
    lock(tmp_path / "lock").close()
