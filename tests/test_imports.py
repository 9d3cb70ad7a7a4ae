"""The import arrows: each folder imports what the plan in `tests/house.py` allows, and nothing goes in circles."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.house import ROOMS

REPOSITORY = Path(__file__).resolve().parent.parent
OURS = ("agent", "collectors", "tests")


def imported(file: Path) -> Iterator[str]:
    """Modules a file imports anywhere in it, relative ones made absolute."""
    package = ".".join(file.relative_to(REPOSITORY).parent.parts)
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            module = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


def below(module: str, *packages: str) -> bool:
    return any(module == package or module.startswith(package + ".") for package in packages)


def wrong(folder: str, *allowed: str) -> list[tuple[str, str]]:
    files = sorted((REPOSITORY / folder).rglob("*.py"))
    assert files, f"nothing in {folder}"
    return [
        (str(file.relative_to(REPOSITORY)), module)
        for file in files
        for module in imported(file)
        if below(module, *OURS) and not below(module, *allowed)
    ]


def files_of(room: str) -> list[Path]:
    place = REPOSITORY / room
    return [place] if place.is_file() else sorted(place.rglob("*.py"))


def as_path(module: str) -> str:
    """Where a module or a name in one is, as the plan spells it; a package's own version is everybody's."""
    path = module.replace(".", "/")
    return next((room for room in ROOMS if room.endswith(".py") and f"{path}/".startswith(f"{room[:-3]}/")), path)


@pytest.mark.parametrize("room", ROOMS)
def test_a_folder_imports_what_the_plan_allows(room: str) -> None:
    files = files_of(room)
    assert files, f"nothing in {room}"
    allowed = (room, *ROOMS[room].imports)
    wrong = {
        (str(file.relative_to(REPOSITORY)), module)
        for file in files
        for module in imported(file)
        if below(module, *OURS) and module != "agent.__version__"
        if not any(as_path(module) == name or as_path(module).startswith(f"{name}/") for name in allowed)
    }
    assert wrong == set()


def test_every_file_has_its_room_in_the_plan() -> None:
    # These know all rooms: the entry points and the list of collectors, and a collector that is one file.
    apart = {
        "agent/__init__.py",
        "agent/__main__.py",
        "collectors/__init__.py",
        "collectors/registry.py",
        "collectors/host.py",
    }
    placed = {file for room in ROOMS for file in files_of(room)}
    shipped = {file for top in ("agent", "collectors") for file in (REPOSITORY / top).rglob("*.py")}
    assert {str(file.relative_to(REPOSITORY)) for file in shipped - placed} == apart


def test_no_folder_needs_itself_on_the_way() -> None:
    graph = {room: {name for name in about.imports if name in ROOMS} for room, about in ROOMS.items()}
    assert list(TopologicalSorter(graph).static_order())


def test_no_file_needs_itself_on_the_way() -> None:
    """Also not for the sake of types alone."""
    files = {file for top in ("agent", "collectors") for file in (REPOSITORY / top).rglob("*.py")}
    modules = {".".join(file.relative_to(REPOSITORY).with_suffix("").parts): file for file in files}
    graph = {
        module: {found for name in imported(file) if (found := name if name in modules else name.rpartition(".")[0])}
        for module, file in modules.items()
        if file.name != "__init__.py"
    }
    assert list(TopologicalSorter(graph).static_order())


def test_no_collector_knows_the_agent_behind_it() -> None:
    assert wrong("collectors", "agent.records", "agent.redaction", "collectors") == []


def test_nothing_that_is_shipped_imports_tests() -> None:
    shipped = [*wrong("agent", "agent", "collectors"), *wrong("collectors", "agent", "collectors")]
    assert shipped == []


def python(code: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, env={**os.environ, **environment}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("agent.records", ["collectors", "agent.config.load", "httpx", "yaml", "structlog", "psutil", "sqlite3"]),
        (
            "agent.cli.main",
            [
                "pydantic",
                "httpx",
                "yaml",
                "psutil",
                "watchdog",
                "jsonyx",
                "packageurl",
                "structlog",
                "agent.delivery.sender",
                "agent.service.daemon",
            ],
        ),
        (
            "agent.service.scan",
            [
                "httpx",
                "yaml",
                "psutil",
                "watchdog",
                "agent.delivery.sender",
                "agent.reports.table",
                "agent.service.daemon",
            ],
        ),
        ("collectors.registry", ["httpx", "yaml", "psutil", "watchdog", "agent.config.load", "agent.inventory.runner"]),
    ],
)
def test_what_is_not_needed_at_the_start_is_not_imported(module: str, heavy: list[str]) -> None:
    before = python("import sys; print(*sys.modules)").split()
    loaded = python(f"import {module}, sys; print(*sys.modules)").split()
    assert [name for name in heavy if any(below(found, name) for found in loaded) and name not in before] == []


def test_no_module_of_another_system_is_imported_on_this_one() -> None:
    loaded = python("import agent.service.scan, agent.service.daemon, sys; print(*sys.modules)").split()
    others = {"linux": ("macos", "windows"), "darwin": ("linux", "windows"), "win32": ("linux", "macos")}[sys.platform]
    assert [name for name in loaded if below(name, *(f"agent.platform.{other}" for other in others))] == []


def needed(file: Path, modules: set[str]) -> Iterator[str]:
    """Modules of ours that must be there before a file's own names are: what it imports at its top level."""
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = (f"{node.module}.{alias.name}" for alias in node.names)
            yield from (name if name in modules else node.module for name in names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_no_module_needs_itself_on_the_way() -> None:
    files = [file for folder in ("agent", "collectors") for file in (REPOSITORY / folder).rglob("*.py")]
    name = {
        file: ".".join(file.relative_to(REPOSITORY).with_suffix("").parts).removesuffix(".__init__") for file in files
    }
    graph = {name[file]: set(needed(file, set(name.values()))) & set(name.values()) for file in files}
    assert list(TopologicalSorter(graph).static_order())
