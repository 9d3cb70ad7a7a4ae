"""What lines of scripts start, and what they only speak of."""

from __future__ import annotations

import pytest

from collectors.launch.started import Started, started

NAMES = frozenset({"demo", "@vendor/demo-cli"})
X = [Started("demo", ("--x",), ())]


@pytest.mark.parametrize(
    "line",
    [
        "demo --x",
        'exec /opt/demo/demo --x "$@"',
        'exec -a "$0" "/nix/store/abc/bin/.demo-wrapped"  --x "$@"',
        "alias d='demo --x'",
        'alias demo="demo --x" ls="ls -l"',
        "abbr -a d demo --x",
        "demo() { command demo --x $argv; }",
        "function d; demo --x $argv; end",
        "function d { demo.exe --x @args }",
        "[ -x /opt/demo ] && sudo -u dev nice -n 10 demo --x",
        "timeout 10m demo --x | tee log",
        "out=$(demo --x)",
        'tmux new-session -s work "demo --x"',
        "bash -lc 'demo --x'",
        "if true; then exec demo --x; fi",
        "demo \\\n  --x",
        "cat <<EOF\ndemo --y\nEOF\ndemo --x",
        "env -u A demo --x # demo --y",
        "start demo --x %U",
    ],
)  # fmt: skip
def test_it_starts_the_program(line: str) -> None:
    assert [start for start in started(line, NAMES) if start.args] == X


@pytest.mark.parametrize(
    "line",
    ["echo 'demo --x'", "# demo --x", "git commit -m 'demo --x'", "grep demo --x", "cat <<'END'\ndemo --x\nEND",
     "mydemo --x", "rm demo", 'printf "use demo --x"', "demo=--x", "cd demo && ls"],
)  # fmt: skip
def test_it_only_speaks_of_it(line: str) -> None:
    assert list(started(line, NAMES)) == []


def test_variables_of_the_line_and_packages() -> None:
    line = """A=1 B='{"*":"allow"}' npx -y @vendor/demo-cli@latest run"""
    assert list(started(line, NAMES)) == [Started("@vendor/demo-cli", ("run",), (("A", "1"), ("B", '{"*":"allow"}')))]


def test_an_open_quotation_mark_and_very_long_lines_end() -> None:
    assert list(started('demo --x "' + "a" * 100_000, NAMES)) == X
    assert next(started("demo " * 100_000, NAMES)).program == "demo"
