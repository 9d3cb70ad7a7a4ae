"""Names that would drive the terminal of whoever looks at them: no command prints them as they are."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
NAME = "\x1b]0;own\x07\x1b[2J\x1b[31mred\x9b31m\r\nFAKE ROW\u202egnirts\u2028x\u2066y\x7f\x08"
SERVER = {"command": "/bin/" + NAME, "args": [NAME], "env": {NAME: "1"}}
COMMANDS = [
    ["--once", "--format", "table"],
    ["--once", "--format", "json"],
    ["--once", "--format", "ndjson"],
    ["graph"],
    ["graph", "--format", "dot"],
    ["graph", "--format", "json"],
    ["policy", "init"],
    ["policy", "explain"],
    ["policy", "explain", NAME.replace("\0", "")],
    ["policy", "explain", "--format", "json"],
    ["owners"],
    ["controls"],
    ["controls", "A.3", "A.4", "A.5", "A.6", "A.7", "A.9", "A.10", "clause 9", "clause 10"],
    ["baseline", "accept"],
    ["rules", "show", NAME],
    ["catalog", "show", NAME],
    ["status"],
]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    (home / ".claude/agents").mkdir(parents=True)
    (home / ".claude/agents/a\x1b[31m\nq.md").write_text("x")
    write(home / ".claude.json", {"mcpServers": {NAME: SERVER, "u" + NAME: {"url": f"https://h{NAME}.example/{NAME}"}}})
    write(home / ".claude/settings.json", {"permissions": {"allow": [f"Bash({NAME})"], "deny": [NAME]}, "model": NAME})
    return home


def write(path: Path, document: object) -> None:
    path.write_text(json.dumps(document))


def run(home: Path, *words: str) -> str:
    """All that a command prints."""
    environment = {**os.environ, "HOME": str(home), "ROLLCALL_STATE__DIR": str(home.parent / "state")}
    environment["PYTHONPATH"] = str(REPOSITORY)
    done = subprocess.run([sys.executable, "-m", "agent", *words], env=environment, capture_output=True, timeout=120)
    assert b"Traceback" not in done.stderr
    return (done.stdout + done.stderr).decode("utf-8")


def dangerous(text: str) -> set[str]:
    return {
        char for char in text if char != "\n" and unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp", "Cs", "Co")
    }


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words)[:40].encode("ascii", "replace").decode())
def test_no_command_prints_a_foreign_name_as_it_is(home: Path, words: list[str]) -> None:
    text = run(home, *words)
    assert not dangerous(text)
    assert not any(line.startswith("FAKE ROW") for line in text.splitlines())


def test_neither_does_the_difference_to_a_baseline(home: Path) -> None:
    run(home, "baseline", "accept")
    write(home / ".claude.json", {"mcpServers": {"new" + NAME: SERVER}})
    text = run(home, "baseline", "diff")
    assert "new" in text and "gone" in text
    assert not dangerous(text)
    assert not any(line.startswith("FAKE ROW") for line in text.splitlines())


@pytest.mark.parametrize("form", ["table", "ndjson"])
def test_neither_does_an_explanation(home: Path, form: str) -> None:
    files = [str(home / ".claude.json"), str(home / ".claude/settings.json"), "/nowhere/x\x1b[31m\nFAKE ROW"]
    text = run(home, "explain", "--format", form, *files)
    assert "claude" in text.lower()
    assert not dangerous(text)
    assert not any(line.startswith("FAKE ROW") for line in text.splitlines())
