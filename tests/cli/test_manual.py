"""The manual page and the completions, as the shells and groff take them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from agent.cli.parser import parser

SCRIPT = Path(__file__).parents[2] / "packaging/manual.py"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("manual")
    subprocess.run([sys.executable, SCRIPT, folder], check=True)
    return folder


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("rollcall fin", {"findings"}),
        ("rollcall findings --format s", {"sarif"}),
        ("rollcall list p", {"providers", "plugins"}),
        ("rollcall policy ", {"check", "explain", "init"}),
        ("rollcall --fail-on c", {"critical"}),
    ],
)
def test_bash_completes(line: str, offered: set[str], made: Path) -> None:
    words = line.split(" ")
    listed = " ".join(f"'{word}'" for word in words)
    script = f"""source {made}/rollcall.bash
    COMP_WORDS=({listed}); COMP_CWORD={len(words) - 1}; _shtab_rollcall; printf '%s\\n' "${{COMPREPLY[@]}}" """
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert {word for word in done.stdout.split() if not word.startswith("-")} == offered


@pytest.mark.parametrize(("shell", "name"), [("zsh", "_rollcall"), ("fish", "rollcall.fish")])
def test_other_shells_can_read_theirs(shell: str, name: str, made: Path) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"needs {shell}")
    assert subprocess.run([shell, "-n", made / name], capture_output=True).returncode == 0


def test_every_command_has_its_part_in_the_page(made: Path) -> None:
    page = (made / "rollcall.1").read_text(encoding="ascii").replace("\\-", "-")
    (commands,) = [action.choices for action in parser()._actions if action.dest == "command"]
    assert commands and all(f"rollcall {name}" in page for name in map(str, commands))
    if shutil.which("groff"):
        said = subprocess.run(["groff", "-man", "-ww", "-z", made / "rollcall.1"], capture_output=True, text=True)
        assert (said.returncode, said.stderr) == (0, "")
