"""A file that is replaced gets mode and owner while it is open, not by its name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agent.runtime.files import replace_file


def test_mode_and_owner_are_those_that_were_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "f"
    replace_file(file, ["x"])
    assert file.stat().st_mode & 0o777 == 0o600
    replace_file(file, ["x"], mode=0o644, owner=(os.geteuid(), os.getegid()))
    assert file.stat().st_mode & 0o777 == 0o644


def test_who_puts_a_link_there_at_once_changes_nothing_of_what_it_leads_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, foreign, replace = tmp_path / "f", tmp_path / "shadow", os.replace
    foreign.write_text("secret")
    foreign.chmod(0o600)

    def swapped(source: Path, target: Path) -> None:
        replace(source, target)
        target.unlink()
        target.symlink_to(foreign)

    monkeypatch.setattr(os, "replace", swapped)
    replace_file(file, ["x"], mode=0o644, owner=(os.geteuid(), os.getegid()))
    assert file.is_symlink() and foreign.stat().st_mode & 0o777 == 0o600
