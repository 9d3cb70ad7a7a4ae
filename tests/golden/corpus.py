"""The findings over the shared corpus of real files, on a machine where each repository is an account of its own.

The golden file holds a rule, a client and an id a line: nothing of the files themselves. `python -m
tests.golden.corpus SEED` prints a sample with file and proof, for a person to judge.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from collectors.catalog.catalog import Catalog
from collectors.catalog.client import Client
from tests.golden.answer import PATIENT

FOLDER = Path(__file__).resolve().parent
GOLDEN = FOLDER / "corpus_findings.txt"
REPOSITORY = FOLDER.parents[1]
SHARED = REPOSITORY.parent / "shared"
SAMPLE = 100


def make_machine(root: Path) -> None:
    """One home for each folder of the corpus and for each recorded client."""
    clients = Catalog.load().clients
    for line in (SHARED / "corpus/index.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        source = SHARED / "corpus" / row["file"]
        project, path = _place(row["path"], row["role"] == "project", clients.get(row["client"]))
        if source.exists():
            home = root / "home" / row["dir"]
            _copy(source, home / project / path)
            if project:
                (home / project / ".git").mkdir(exist_ok=True)
    for recorded in (SHARED / "clients").iterdir():
        for source in recorded.rglob("*"):
            if source.is_file():
                _copy(source, root / "home" / f"client-{recorded.name}" / source.relative_to(recorded))


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(0o644)


def _place(path: str, in_project: bool, client: Client | None) -> tuple[str, str]:
    """Project below the home, or "", and the path in it: where it lay, or else where this client looks for it."""
    parts = (*client.config, *client.artifact) if client else ()
    templates = [t.replace("{config}", "~/.config") for part in parts for t in part.on("linux")]
    projects = [t.removeprefix("{project}/") for t in templates if t.startswith("{project}/")]
    homes = [t.removeprefix("~/") for t in templates if t.startswith("~/")]
    for inside, wanted in sorted([(True, projects), (False, homes)], reverse=in_project):
        for template in wanted:
            before, found = _tail(path, template)
            if fnmatchcase(found, template):
                return (_project(before) if inside else "", found)
    named = [t for t in homes if t.rpartition("/")[2] == path.rpartition("/")[2]]
    if named:
        return "", named[0].replace("*", _project(path.rpartition("/")[0]).rpartition("/")[2])
    return (_project(""), path) if in_project else ("", path)


def _project(folder: str) -> str:
    """Each one beside the others: below a repository nobody looks for another."""
    return "code/" + (folder.replace("/", "-") or "top")


def _tail(path: str, template: str) -> tuple[str, str]:
    """The path, cut before as many components as the template has."""
    parts = path.split("/")
    cut = max(0, len(parts) - template.count("/") - 1)
    return "/".join(parts[:cut]), "/".join(parts[cut:])


def findings() -> list[dict[str, Any]]:
    """What the command finds there under the golden policy."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "root"
        make_machine(root)
        (root / "etc").mkdir()
        (root / "etc/machine-id").write_text("corpus\n")
        config = Path(folder) / "config.toml"
        config.write_text(f"{PATIENT}[policy]\nfile = {json.dumps(str(FOLDER / 'corpus_policy.toml'))}\n")
        command = [sys.executable, "-m", "agent", "--config", str(config), "--once", "--root", str(root)]
        done = subprocess.run(
            [*command, "--format", "ndjson", "--no-deliver"], cwd=REPOSITORY, capture_output=True, check=False,
            env={"PATH": os.environ["PATH"], "HOME": folder, "LANG": "C.UTF-8"},
        )  # fmt: skip
    # Some files of the corpus cannot be parsed: that makes it partial.
    assert done.returncode == 3, done.stderr.decode()[-2000:]
    return [record for record in map(json.loads, done.stdout.splitlines()) if record["kind"] == "finding"]


def lines(found: list[dict[str, Any]]) -> list[str]:
    """Rule, client and the beginning of the finding's id, one a line."""
    return sorted(f"{finding['rule']} {finding['agent'] or '-'} {_mark(finding)}" for finding in found)


def _mark(finding: dict[str, Any]) -> str:
    # The machine has an id of its own, so the ids of its records are the same in every run.
    return str(finding["id"])[:12]


def sample(found: list[dict[str, Any]], seed: int) -> Iterator[str]:
    """Some findings at random, in words."""
    ordered = sorted(found, key=lambda f: (f["rule"], _mark(f)))
    for finding in random.Random(seed).sample(ordered, min(SAMPLE, len(ordered))):
        proofs = "; ".join(f"{p['what']} {p['value']}" for p in finding["evidence_for"])
        yield f"{finding['rule']} | {finding['evidence']['source']} | {finding['subject']} | {proofs}"


if __name__ == "__main__":
    print(*sorted(sample(findings(), int(sys.argv[1]))), sep="\n")
