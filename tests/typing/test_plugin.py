"""The plug-in of CONTRIBUTING.md as it stands there: built, installed beside Rollcall, type-checked, and run."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
_EXAMPLE = re.compile(r"<!-- example: (\S+) -->\n```\w+\n(.*?)```", re.DOTALL)
_PIP = ("install", "-q", "--no-input", "--no-deps", "--no-build-isolation", "--no-index", "--no-compile", "--target")
_MYPY = ("--strict", "--config-file=", "--follow-imports=silent")


@pytest.fixture(scope="module")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plugin")
    for name, text in _EXAMPLE.findall((REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")):
        (folder / name).write_text(text, encoding="utf-8")
    assert {path.name for path in folder.iterdir()} == {"pyproject.toml", "rollcall_acme.py"}
    return folder


@pytest.fixture(scope="module")
def site(plugin: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that both are installed in, as they would be on a machine."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("site")
    for name in ("agent", "collectors"):
        shutil.copytree(REPOSITORY / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, source)
    for folder in (source, plugin):
        subprocess.run([sys.executable, "-m", "pip", *_PIP, str(target), str(folder)], check=True, capture_output=True)
    return target


def mypy(site: Path, folder: Path, file: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mypy", *_MYPY, f"--cache-dir={site}/.cache", file]
    return subprocess.run(
        command, cwd=folder, env={**os.environ, "MYPYPATH": str(site)}, capture_output=True, text=True
    )


def records(site: Path, root: Path, config: Path) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "agent", "--once", "--root", root, "--format", "ndjson", "--config", config]
    environment = {**os.environ, "PYTHONPATH": str(site)}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_what_a_plug_in_sees_is_typed(site: Path, plugin: Path, tmp_path: Path) -> None:
    assert (site / "agent/py.typed").exists() and (site / "collectors/py.typed").exists()
    done = mypy(site, plugin, "rollcall_acme.py")
    assert done.returncode == 0, done.stdout
    text = (plugin / "rollcall_acme.py").read_text()
    wrong = text.replace('agent_kind="cli"', "agent_kind=7").replace("import Collector,", "import Colector, Collector,")
    (tmp_path / "wrong.py").write_text(wrong)
    said = mypy(site, tmp_path, "wrong.py").stdout
    assert 'has no attribute "Colector"' in said and 'expected "str"' in said


def test_it_runs_beside_the_built_in_collectors_and_can_be_switched_off(site: Path, tmp_path: Path) -> None:
    root, config = tmp_path / "image", tmp_path / "rollcall.toml"
    (root / "etc").mkdir(parents=True)
    accounts = "dev:x:1000:1000::/home/dev:/bin/sh\neve:x:1001:1001::/home/eve:/bin/sh\n"
    (root / "etc/passwd").write_text(accounts)
    for name in ("dev", "eve"):
        (root / f"home/{name}/.acme").mkdir(parents=True)
    (root / "home/dev/.acme/version").write_text("7.1\n")
    os.mkfifo(root / "home/eve/.acme/version")
    config.write_text("")

    told = records(site, root, config)
    (agent,) = [record for record in told if record["kind"] == "ai_agent"]
    assert (agent["agent"], agent["version"], agent["owner"]) == ("acme-assistant", "7.1", "dev")
    (gap,) = [r for r in told if r["kind"] == "diagnostic" and r["evidence"]["collector"] == "acme"]
    assert (gap["code"], gap["owner"]) == ("file.not_regular", "eve")

    config.write_text('[collect]\ndisabled = ["acme"]\n')
    told = records(site, root, config)
    assert told and not [record for record in told if record["evidence"]["collector"] == "acme"]


def test_the_names_that_a_plug_in_needs_cost_nothing_until_they_are_used() -> None:
    code = "import sys, collectors; print(*sys.modules); [getattr(collectors, name) for name in collectors.__all__]"
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    loaded = done.stdout.split()
    assert "collectors" in loaded
    assert not [name for name in loaded if name.startswith(("collectors.", "agent", "pydantic"))]
