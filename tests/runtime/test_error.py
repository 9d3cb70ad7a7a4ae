"""All errors of the agent have one base, and say by their name that they are errors."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.config.error import ConfigError
from agent.journal.errors import JournalError, JournalFullError
from agent.runtime.error import RollcallError

REPOSITORY = Path(__file__).resolve().parents[2]


def exceptions(folder: str) -> Iterator[tuple[str, str]]:
    """Name and base of each class that derives from an exception of Python or an error of ours."""
    for file in sorted((REPOSITORY / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            for base in (ast.unparse(each) for each in getattr(node, "bases", ())):
                known = getattr(builtins, base, None)
                if base.endswith("Error") or (isinstance(known, type) and issubclass(known, BaseException)):
                    assert isinstance(node, ast.ClassDef)
                    yield node.name, base


@pytest.mark.parametrize("folder", ["agent", "collectors"])
def test_an_error_is_called_one(folder: str) -> None:
    found = list(exceptions(folder))
    assert found
    assert [name for name, _ in found if not name.endswith("Error")] == []


def test_all_errors_of_the_agent_have_one_base() -> None:
    ours = dict(exceptions("agent"))
    assert {name for name, base in ours.items() if base not in ours} == {"RollcallError"}


def test_an_error_says_what_a_command_prints_and_how_it_ends() -> None:
    about_input, failure = ConfigError("rollcall.toml:3: log.level: not one of these"), JournalFullError("disk full")
    assert (about_input.text, about_input.status) == ("rollcall.toml:3: log.level: not one of these", 2)
    assert (failure.text, failure.status) == ("rollcall: disk full", 1)
    assert isinstance(failure, JournalError) and isinstance(failure, RollcallError)
