"""A state folder that is a link to nothing: one line, a documented exit status, and nothing is made."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_a_link_to_nothing_is_refused_in_one_line(tmp_path: Path) -> None:
    place = tmp_path / "state"
    place.symlink_to(tmp_path / "missing")
    config = tmp_path / "config.toml"
    config.write_text(f'[state]\ndir = "{place}"\n')
    command = [sys.executable, "-m", "agent", "--config", str(config), "run"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [f"state.dir: {place} is no folder, or a link to nothing"]
    assert not (tmp_path / "missing").exists()
