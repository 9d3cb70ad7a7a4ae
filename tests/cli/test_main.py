"""One command line: an option means the same before and after its command, or is refused in both places."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from agent.cli.common import COMPLETE, FAILURE, FINDINGS, USAGE
from agent.cli.main import INTERRUPTED, main

SERVER = {"mcpServers": {"files": {"command": "npx", "args": ["-y", "some-mcp@1.0.0"]}}}
RISK = {"mcpServers": {"plain": {"url": "http://plain.example.com/mcp"}}}


@pytest.fixture
def image(tmp_path: Path) -> Path:
    home = tmp_path / "image/home/dev"
    home.mkdir(parents=True)
    (home / ".claude.json").write_text(json.dumps(SERVER), encoding="utf-8")
    (home / ".cursor").mkdir()
    (home / ".cursor/mcp.json").write_text(json.dumps(RISK), encoding="utf-8")
    return tmp_path / "image"


def run(*arguments: object) -> int:
    try:
        return main([str(argument) for argument in arguments])
    except SystemExit as ended:
        return int(ended.code or 0)


@pytest.mark.parametrize("command", [["graph"], ["owners"], ["controls"], ["policy", "explain"]])
def test_a_root_before_its_command_is_the_same_root(
    command: list[str], image: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--root", image, *command) == COMPLETE
    before = capsys.readouterr().out
    assert run(*command, "--root", image) == COMPLETE
    assert capsys.readouterr().out == before
    assert any(word in before for word in ("files", "dev", str(image)))


@pytest.mark.parametrize(
    "command", [["baseline", "accept"], ["baseline", "diff"], ["status"], ["audit", "verify"], ["rules", "list"]]
)
def test_a_root_is_refused_where_it_would_be_another_machine(
    command: list[str], image: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--root", image, *command) == USAGE
    assert f"{' '.join(command)} takes no --root" in capsys.readouterr().err
    assert run(*command, "--root", image) == USAGE


def test_a_format_that_a_command_does_not_print_is_refused(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["--format", "ndjson", "graph"], ["graph", "--format", "ndjson"]):
        assert run(*arguments, "--root", image) == USAGE
        assert "choose from text, dot, json" in capsys.readouterr().err
    assert run("--format", "json", "graph", "--root", image) == COMPLETE
    assert json.loads(capsys.readouterr().out)["nodes"]


def test_a_root_that_is_no_folder_is_an_error_of_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    for command in (["--once"], ["graph"], ["owners"], ["controls"]):
        assert run("--root", "/nowhere/at/all", *command) == USAGE
        assert capsys.readouterr().err == "/nowhere/at/all: no such folder\n"


def test_without_a_command_it_looks_once(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--root", image, "--format", "table") == COMPLETE
    assert "Claude Code" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--fail-on", "low", "findings"], ["findings", "--fail-on", "low"]])
def test_a_pipeline_stops_wherever_its_option_stands(arguments: list[str], image: Path) -> None:
    assert run("--root", image, *arguments) == FINDINGS
    assert run("--fail-on", "low", "status") == USAGE


def test_a_file_that_is_not_there_is_no_file_that_nobody_reads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("explain", tmp_path / "none.json") == FAILURE
    assert capsys.readouterr().err == f"rollcall: {tmp_path}/none.json: No such file or directory\n"


@pytest.mark.parametrize("command", ["owners", "controls", "policy explain", "list servers", "findings"])
def test_a_program_reads_the_same_as_json_and_csv(
    command: str, image: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*command.split(), "--root", image, "--format", "json") == COMPLETE
    assert json.loads(capsys.readouterr().out)
    assert run(*command.split(), "--root", image, "--format", "csv") == COMPLETE
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert rows and None not in rows[0] and None not in rows[0].values()


def test_a_list_is_filtered_and_sorted(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def listed(*options: str) -> str:
        assert run("list", "servers", "--root", image, "--format", "csv", *options) == COMPLETE
        return capsys.readouterr().out

    assert "files" in listed("--owner", "dev", "--agent", "claude*", "--sort", "owner")
    assert "files" not in listed("--owner", "nobody")
    assert "plain" in (grave := listed("--severity", "high")) and "files" not in grave
    assert run("list", "servers", "--root", image, "--sort", "colour") == USAGE
    assert "choose from agent, server" in capsys.readouterr().err


def test_colour_is_for_a_terminal_or_for_who_asks(
    image: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def shown(*options: str) -> str:
        assert run("findings", "--root", image, *options) == COMPLETE
        return capsys.readouterr().out

    assert "\x1b" not in shown()
    coloured = shown("--color", "always")
    assert re.sub("\x1b\\[[0-9;]*m", "", coloured) == shown("--color", "never")
    assert "\x1b[" in coloured
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in shown()


def test_no_fault_shows_a_traceback(tmp_path: Path) -> None:
    """Each as a process: what Python itself would add at the end counts too."""
    broken = tmp_path / "state/baseline.json"
    broken.parent.mkdir()
    broken.write_text('{"accepted"\n: nothing')
    config = tmp_path / "config.toml"
    config.write_text(f'[state]\ndir = "{broken.parent}"\n')
    command = [sys.executable, "-m", "agent", "--config", str(config)]
    with open("/dev/full", "w") as full:
        done = subprocess.run([*command, "rules", "list"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr) == (FAILURE, "rollcall: standard output: No space left on device\n")
    done = subprocess.run([*command, "baseline", "diff"], capture_output=True, text=True)
    assert done.returncode == USAGE
    assert done.stderr.startswith(f"{broken}:2: not JSON; put the accepted file back") and done.stderr.count("\n") == 1
    started = subprocess.Popen([*command, "status"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert started.stdout
    started.stdout.close()
    assert started.communicate()[1] == b"" and started.returncode == FAILURE


def test_the_keyboard_ends_a_command_without_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("agent.service.status.report", interrupted)
    assert run("status") == INTERRUPTED


def test_a_fault_of_its_own_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(*_: object) -> int:
        raise TypeError("hunter2")

    monkeypatch.setattr("agent.service.status.report", broken)
    assert run("status") == FAILURE
    said = capsys.readouterr().err
    assert said.startswith("rollcall: a fault of its own, please report it: TypeError at test_main.py:")
    assert "hunter2" not in said


def test_a_finding_is_acknowledged_by_what_the_policy_reads(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["ack", "server.plain_http", "--root", image, "--reason", "a test", "--until", "9d", "--by", "Dana"]
    assert run(*command) == COMPLETE
    said = capsys.readouterr()
    assert 'server = "plain"' in said.out and "1 exceptions for 1 findings" in said.err
    assert run("ack", "server.none", *command[2:]) == USAGE
    assert run(*command[:6], "--until", "2020-01-01") == USAGE


def test_every_help_has_its_exit_statuses_and_examples_that_exist() -> None:
    from agent.cli.help import EXAMPLES
    from agent.cli.parser import parser

    whole = parser()
    for words, examples in EXAMPLES.items():
        for example in examples:
            line = shlex.split(example.split("   ")[0], comments=True)
            line = line[: next((n for n, word in enumerate(line) if word in (">", ">>", "|")), len(line))]
            given = whole.parse_args(line[1:])
            command = " ".join(filter(None, (given.command, getattr(given, "action", None))))
            assert not words or command in ("", words)
    assert "exit status:" in whole.format_help()
