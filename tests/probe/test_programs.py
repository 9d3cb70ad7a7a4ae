"""What lies in a home is looked at without waiting for it, and whatever it is."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from agent.probe.programs import on_disk, visible

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pipes and modes")


def package(home: Path, told: str | None) -> Path:
    folder = home / ".npm-global/lib/node_modules/thing"
    folder.mkdir(parents=True)
    file = folder / "package.json"
    os.mkfifo(file) if told is None else file.write_text(told)
    return folder


def test_the_program_of_a_package_is_the_one_it_names(tmp_path: Path) -> None:
    folder = package(tmp_path, '{"version": "1.0.0", "bin": "run.js"}')
    argv = ["npx", "-y", "thing@1.0.0"]
    assert on_disk(argv, "pkg:npm/thing@1.0.0", str(tmp_path), None) == ["node", f"{folder}/run.js"]


@pytest.mark.timeout(20)
@pytest.mark.parametrize("told", [None, "[" * 200_000, "\0", '{"bin": []}', "{}"])
def test_a_package_that_is_none_is_passed_over(tmp_path: Path, told: str | None) -> None:
    package(tmp_path, told)
    assert on_disk(["npx", "thing"], "pkg:npm/thing", str(tmp_path), None) is None


@pytest.mark.timeout(20)
def test_a_pipe_and_strange_bytes_beside_a_program_stop_nothing(tmp_path: Path) -> None:
    program = tmp_path / "env/bin/server"
    program.parent.mkdir(parents=True)
    program.write_bytes(b"#!/bin/sh\n")
    program.chmod(0o755)
    os.mkfifo(tmp_path / "env/pyvenv.cfg")
    assert visible([str(program)], None, "/usr/bin:/bin")[0]
    (tmp_path / "env/pyvenv.cfg").unlink()
    (tmp_path / "env/pyvenv.cfg").write_bytes(b"\xff\xfe home = x")
    assert visible([str(program)], None, "/usr/bin:/bin")[0]
    program.unlink()
    os.mkfifo(program, 0o755)
    assert visible([str(program)], None, "/usr/bin:/bin")[0]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_program_that_may_only_be_run_is_shown_all_the_same(tmp_path: Path) -> None:
    program = tmp_path / "server"
    program.write_bytes(b"\x7fELF")
    program.chmod(0o111)
    assert visible([str(program)], None, "/usr/bin:/bin")[0] == (str(program),)
