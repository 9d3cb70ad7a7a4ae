"""What the command says of a made tree, with all that differs between two runs made constant."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from collectors.catalog.catalog import Catalog
from collectors.sources.account import Os
from tests.golden.make_tree import make_tree

FOLDER = Path(__file__).resolve().parent
REPOSITORY = FOLDER.parents[1]
_CONSTANT = {
    "observed_at": "then",
    "endpoint_id": "here",
    "rollcall_version": "now",
    "duration_seconds": 0,
    "opened_at": "then",
}
PATIENT = (
    "[limits]\naccount_seconds = 3600\nwalk_seconds = 3600\naccount_records = 100_000\nmachine_records = 100_000\n"
    "account_bytes = 1_000_000_000\nmachine_bytes = 1_000_000_000\n"
)
"""However busy the machine is and whatever all that is known takes, nothing is left out."""


def answer(system: Os) -> list[str]:
    """One line a record, in the order of the command."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "root"
        make_tree(root, system, Catalog.load())
        (Path(folder) / "config.toml").write_text(PATIENT)
        command = [sys.executable, "-m", "agent", "--config", f"{folder}/config.toml", "--once", "--root", str(root)]
        done = subprocess.run(
            [*command, "--format", "ndjson", "--no-deliver"], cwd=REPOSITORY, capture_output=True, check=False,
            env={"PATH": os.environ["PATH"], "HOME": folder, "LANG": "C.UTF-8"},
        )  # fmt: skip
    # Two files of the second account are damaged: that makes it partial, whatever else there is.
    assert done.returncode == 3, done.stderr.decode()[-2000:]
    assert b"Zq7planted5x" not in done.stdout + done.stderr
    return [_line(json.loads(line)) for line in done.stdout.splitlines()]


def _line(record: dict[str, Any]) -> str:
    record |= {name: value for name, value in _CONSTANT.items() if name in record}
    if record["kind"] == "owner":
        record["uid"] = 0  # of whoever made the tree
    if record["kind"] == "summary":
        record["collector_seconds"] = dict.fromkeys(record["collector_seconds"], 0)
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))


def golden(system: Os) -> Path:
    return FOLDER / f"{system}.ndjson"
