"""Finding project folders in a large home, beside `fd` on the same pruned search, and what one change costs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median

from agent.config.settings import Settings
from agent.inventory.context import Surroundings
from agent.inventory.inventory import Inventory
from agent.inventory.runner import Engine
from agent.service.setup import load_catalog
from collectors.contract import Context, Scope
from collectors.registry import all_collectors
from collectors.sources.filesystem.project_walk import _OPAQUE, _PRUNED, find_projects
from tests.bench import machine, trees
from tests.bench.table import Row

_listed = 0


def run(quick: bool) -> list[Row]:
    """Warm, the two in turn, medians; the processor has two threads for `fd` and one for us."""
    projects = trees.large_home(machine.HOME)
    for folder, folders, files in os.walk(machine.HOME):
        for name in (".", *folders, *files):
            os.chown(os.path.join(folder, name), machine.UID, machine.UID)
    engine = _engine()
    context = engine.context
    ours, theirs = [], []
    for _ in range(3 if quick else 15):
        ours.append(_seconds(lambda: _find(context, projects)))
        theirs.append(_seconds(lambda: _fd(context, projects)) if shutil.which("fdfind") else 0.0)
    _count_listings()
    listed_by_all = _listings(engine.reconcile)
    first = machine.HOME / "src/group0/team0/repo0/.mcp.json"
    first.write_text(first.read_text().replace("one", "two"))
    scope = Scope("configs", "bench", str(first))
    listed = _listings(lambda: engine.refresh([scope]))
    found = any(getattr(record, "name", "") == "two" for record in engine.inventory.records("mcp_server"))
    if not found:
        raise RuntimeError("the change was not seen")
    return [
        Row("220,000 files: projects found, warm", median(ours) * 1e3, "ms", median(theirs) * 1e3 or None,
            "fd, same search", 1, False, True),
        Row("220,000 files: folders listed by a full pass", listed_by_all, ""),
        Row("220,000 files: folders listed after one change", listed, "", goal=0, strictly=False),
    ]  # fmt: skip


def _engine() -> Engine:
    settings = Settings()
    inventory = Inventory(lambda facts: {record.id: record for record in facts})
    surroundings = Surroundings(settings.collect, settings.limits, load_catalog(settings), inventory)
    engine = Engine(all_collectors(("processes", "sockets")), inventory, surroundings)
    engine.reconcile()
    return engine


def _find(context: Context, expected: int) -> None:
    home = next(home for home in context.homes if home.owner == "bench")
    walk = find_projects(context.files, home, context.catalog.project_markers, context.limits)
    if len(walk.projects) < expected or walk.truncated:
        raise RuntimeError(f"{len(walk.projects)} of {expected} projects, {walk.truncated or 'whole'}")


def _fd(context: Context, expected: int) -> None:
    """The same names, depth and folders left out; what lies in hidden folders is left out by the last pattern."""
    names = "|".join(map(re.escape, sorted(context.catalog.project_markers)))
    left_out = [word for name in (*_PRUNED, *_OPAQUE, "**/.*/*") for word in ("--exclude", name)]
    depth = str(context.limits.walk_depth + 1)
    command = [
        "fdfind",
        "--hidden",
        "--no-ignore",
        "--max-depth",
        depth,
        *left_out,
        f"^(?:{names})$",
        str(machine.HOME),
    ]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    if done.stdout.count(b"\n") < expected:
        raise RuntimeError(f"fd found {done.stdout.count(10)} of {expected}")


def _count_listings() -> None:
    """From here on every folder that this process lists is counted."""

    def hear(event: str, _: object) -> None:
        global _listed
        if event in ("os.scandir", "os.listdir"):
            _listed += 1

    sys.addaudithook(hear)


def _listings(work: Callable[[], object]) -> int:
    before = _listed
    work()
    return _listed - before


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
