"""The service that asks for Rollcall's own, started for each question as systemd does, with a connection as streams."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.probe import helper
from agent.probe.helper import HelperRun
from agent.probe.messages import Answer, Question
from agent.probe.programs import visible
from tests.waiting import wait_for

SERVER = Path(__file__).with_name("hostile_server.py")
pytestmark = [
    pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="the service is root on Linux"),
    pytest.mark.timeout(120),
]
Serve = Callable[[list[str]], None]


@pytest.fixture
def serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Listens, and starts a command on each connection."""
    monkeypatch.setattr(helper, "SOCKET", str(tmp_path / "socket"))
    listener = socket.socket(socket.AF_UNIX)

    def accept(command: list[str]) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                subprocess.run(command, stdin=connection, stdout=connection)

    def start(command: list[str]) -> None:
        listener.bind(helper.SOCKET)
        listener.listen()
        threading.Thread(target=accept, args=(command,), daemon=True).start()

    yield start
    listener.close()


def answered(run: HelperRun) -> Answer:
    told: list[Answer] = []

    def asked() -> bool:
        answer = run.answer()
        if answer:
            told.append(answer)
        return bool(answer)

    assert wait_for(asked, 60)
    return told[0]


def test_a_question_is_answered_by_whoever_may_make_a_sandbox(serve: Serve, tmp_path: Path) -> None:
    assert not helper.is_there()
    serve([sys.executable, "-m", "agent.probe.serve"])
    assert helper.is_there()
    place = tmp_path / "server.py"
    shutil.copy(SERVER, place)
    for folder in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
        folder.chmod(0o755)
    argv = (os.path.realpath(sys.executable), str(place), "ordinary")
    shown, path = visible(argv, os.path.expanduser("~"), os.environ["PATH"])
    answer = answered(HelperRun(Question("stdio", argv, visible=shown, path=path, seconds=20)))
    assert "sandbox:" in answer.said or [tool.name for tool in answer.tools] == ["ordinary"], answer


def test_no_answer_is_a_failure_in_our_words(serve: Serve) -> None:
    with pytest.raises(OSError):
        HelperRun(Question("stdio", ("true",)))
    serve(["sh", "-c", "cat >/dev/null"])
    assert "gave no answer" in answered(HelperRun(Question("stdio", ("true",)))).reason


def test_somebody_else_gets_no_answer(tmp_path: Path) -> None:
    """Another account than root and the service's, even where it came to the socket."""
    place = tmp_path / "other"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(place))
        listener.listen()
        for folder in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
            folder.chmod(0o755)
        place.chmod(0o666)
        stranger = os.fork()
        if stranger == 0:
            os.setresuid(65534, 65534, 65534)
            with socket.socket(socket.AF_UNIX) as caller:
                caller.connect(str(place))
                caller.shutdown(socket.SHUT_WR)
                caller.recv(9)
            os._exit(0)
        connection, _ = listener.accept()
        with connection:
            serve = [sys.executable, "-m", "agent.probe.serve"]
            done = subprocess.run(serve, stdin=connection, capture_output=True, text=True)
        os.waitpid(stranger, 0)
    assert done.returncode == 1 and done.stdout == "" and "somebody else" in done.stderr
