"""Whatever a server does when it is asked, the answer is bounded, in our words, and nothing of it goes on living."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path

import psutil
import pytest

from agent.probe.enter import _SPARE_USER
from agent.probe.messages import MAX_TOOLS, Answer, Question
from agent.probe.programs import visible
from agent.probe.run import ProbeRun

SERVER = Path(__file__).with_name("hostile_server.py")
pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="the sandbox is made of what Linux has"),
    pytest.mark.timeout(300),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The server at a place of its own, so that nothing of this tree has to be shown to it."""
    place = tmp_path_factory.mktemp("server") / "server.py"
    place.write_bytes(SERVER.read_bytes())
    place.chmod(0o644)
    for folder in (place.parent, place.parent.parent, place.parent.parent.parent):
        folder.chmod(0o755)
    return place


def ask(server: Path, what: str, *more: str, seconds: float = 150.0) -> Answer:
    argv = (os.path.realpath(sys.executable), str(server), what, *more)
    shown, path = visible(argv, os.path.expanduser("~"), os.environ["PATH"])
    run = ProbeRun(Question("stdio", argv, visible=shown, path=path, seconds=seconds))
    try:
        answer = run.answer(seconds + 30)
    finally:
        run.close()
    assert answer is not None
    if "sandbox:" in answer.said:
        pytest.skip(f"no sandbox here: {answer.said}")
    return answer


def test_an_ordinary_server_is_understood(server: Path) -> None:
    answer = ask(server, "ordinary")
    assert (answer.kind, answer.protocol, answer.complete) == ("tools", "2025-06-18", True), answer
    assert [tool.name for tool in answer.tools] == ["ordinary"]


@pytest.mark.parametrize(
    "what, reason",
    [
        ("huge_description", "line of more than 8 MB"),
        ("endless_output", "line of more than 8 MB"),
        ("endless_lines", "messages in place of an answer"),
        ("ends", "ended, with status 3"),
        ("forks", "more than 64 processes"),
        ("memory", "of memory"),
        ("silent", "did not answer in time"),
    ],
)
def test_what_is_no_answer_is_a_reason(server: Path, what: str, reason: str) -> None:
    answer = ask(server, what, seconds=10 if what == "silent" else 150)
    if what == "memory" and "signal 9" in answer.reason:
        pytest.skip("the system was faster")
    assert answer.kind == "failed" and reason in answer.reason, answer
    assert answer.tools == ()


@pytest.mark.parametrize("what", ["endless_pages", "same_page", "million_tools"])
def test_a_list_without_end_is_cut_and_said_to_be(server: Path, what: str) -> None:
    answer = ask(server, what)
    assert answer.kind == "tools" and not answer.complete, answer
    assert 1 <= len(answer.tools) <= MAX_TOOLS


def test_what_a_server_asks_of_its_client_is_refused(server: Path) -> None:
    answer = ask(server, "asks_back")
    assert sorted(answer.notes) == [f"it asked for {what}: refused" for what in ("elicitation", "roots", "sampling")]
    (tool,) = answer.tools
    # Its description is what it was told: three refusals, and an answer to the ping.
    assert tool.description_hash == sha256(b"-32601 -32601 -32601 None").hexdigest()


def test_values_of_any_type_are_borne(server: Path) -> None:
    names = [tool.name for tool in ask(server, "wrong_types").tools]
    assert names[-1] == "fine" and all(len(name) <= 200 for name in names)
    assert [tool.name for tool in ask(server, "deep").tools] == ["after"]


def test_what_a_definition_hides_is_marked(server: Path) -> None:
    (tool,) = ask(server, "poisoned").tools
    assert {mark.mark for mark in tool.marks} == {"addressed", "secrets"}
    assert {mark.at for mark in tool.marks} == {"description"}


def test_nothing_of_this_machine_is_seen(server: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANTED_SECRET", "Zq7planted5x")
    (tmp_path / "private").write_text("Zq7planted5x")
    for name in ("folder", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "private.txt").write_text("Zq7planted5x")
    (tool,) = ask(server, "looks_around", str(tmp_path / "private"), str(tmp_path / "folder"), "/home", "/mnt").tools
    # Its parameters are what it saw: nothing, but that there is no network.
    assert tool.parameters == ("network_ENETUNREACH",)


def test_what_a_server_writes_is_gone_and_what_it_starts_ends(server: Path) -> None:
    assert ask(server, "writes").kind in ("tools", "failed")
    assert ask(server, "leaves_a_child").kind == "tools"
    left = [process for process in psutil.process_iter(["cmdline", "uids"])
            if str(server) in (process.info["cmdline"] or []) and process.status() != psutil.STATUS_ZOMBIE]  # fmt: skip
    assert left == []
    assert not list(Path("/tmp").glob("rollcall-probe-*/*"))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can mount")
def test_what_is_mounted_inside_a_shown_folder_is_read_only_too(tmp_path: Path) -> None:
    inside = tmp_path / "shown/in side"
    inside.mkdir(parents=True)
    for folder in (tmp_path, *tmp_path.parents[:-2]):
        folder.chmod(folder.stat().st_mode | 0o055)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=777,noexec", "none", inside], check=False).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        script = f'touch "{inside}/written" && echo WRITTEN >&2; ls -d "{inside}" >&2; sleep 1'
        run = ProbeRun(Question("stdio", ("/bin/sh", "-c", script), visible=(str(inside.parent),), seconds=5))
        answer = run.answer(30)
        assert not list(inside.iterdir())
        assert answer and "WRITTEN" not in answer.said and f"\n{inside}\n" in answer.said, answer
    finally:
        run.close()
        subprocess.run(["umount", inside], check=True)


def test_giving_up_ends_the_server(server: Path) -> None:
    argv = (os.path.realpath(sys.executable), str(server), "silent")
    shown, path = visible(argv, os.path.expanduser("~"), os.environ["PATH"])
    run = ProbeRun(Question("stdio", argv, visible=shown, path=path, seconds=60))

    def living() -> list[psutil.Process]:
        return [p for p in psutil.process_iter(["cmdline"]) if str(server) in (p.info["cmdline"] or [])
                and p.status() != psutil.STATUS_ZOMBIE]  # fmt: skip

    deadline = time.monotonic() + 60
    while not living() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert living()
    if os.geteuid() == 0:
        assert {p.uids().real for p in living()} <= {_SPARE_USER, 65534, 0}
    run.close()
    while living() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not living()
