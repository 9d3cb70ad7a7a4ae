"""Whatever a user can write is opened through one door, which checks what it opened on the descriptor.

Every call in the collectors that takes a path to the file system is listed here, with the reason why it may.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]

DOOR = "collectors/sources/filesystem/"
ALLOWED = {
    f"{DOOR}lookup.py": "the door: opens what it walked to, and checks the descriptor",
    f"{DOOR}resolve.py": "the walk to it, by descriptors of the folders above",
    f"{DOOR}file_tree.py": "lists and reads by descriptors of the door",
    f"{DOOR}project_walk.py": "opens folders below a descriptor of the door, without links, and checks each",
    f"{DOOR}recent.py": "lists by a descriptor of the door",
    f"{DOOR}mounts.py": "the kernel's own table of mounts",
    "collectors/sources/process/procfs.py": "the kernel's files of a process",
    "collectors/sources/process/context.py": "the kernel's files of a process",
    "collectors/sources/process/arguments.py": "the kernel's files of a process",
    "collectors/sources/process/environment.py": "the kernel's files of a process",
    "collectors/sources/socket/proc_sockets.py": "the kernel's files of a process",
    "collectors/sources/watching/observer.py": "watches folders: nothing is opened to be read",
    "collectors/sources/watching/inotify_paths.py": "watches folders: nothing is opened to be read",
    "collectors/sources/formats/sqlite_file.py": "a database in memory, and reads of open descriptors",
    "collectors/catalog/catalog.py": "the catalog's own files",
    "collectors/catalog/editors.py": "a table of ours",
    "collectors/reach/services.py": "a table of ours",
    "collectors/text/patterns.py": "a table of ours",
    "collectors/text/phrases.py": "a table of ours",
    "collectors/tools/effects.py": "a table of ours",
    "collectors/transcripts/programs.py": "a table of ours",
    "collectors/sources/formats/apart.py": "where our own modules lie",
}
OPENS = {
    "os": {"open", "stat", "lstat", "listdir", "scandir", "readlink", "walk", "fwalk", "access", "statvfs", "getxattr"},
    "os.path": {"exists", "lexists", "isfile", "isdir", "islink", "realpath", "getsize", "getmtime", "samefile"},
    "io": {"open"},
    "sqlite3": {"connect"},
    "shutil": {"copy", "copyfile", "copytree", "disk_usage", "which"},
    "glob": {"glob", "iglob"},
    "zipfile": {"ZipFile"},
    "tarfile": {"open"},
}
OF_A_PATH = {"read_text", "read_bytes", "iterdir", "rglob", "lstat", "is_file", "is_dir", "is_symlink", "resolve"}


def opening(path: Path) -> Iterator[str]:
    """Calls of a module that hand a path to the system."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        module, _, name = called.rpartition(".")
        if called == "open" or name in OPENS.get(module, ()) or (module and name in OF_A_PATH):
            yield f"{called}, line {node.lineno}"


def modules() -> Iterator[Path]:
    yield from (REPOSITORY / "collectors").rglob("*.py")


def test_only_the_door_opens_a_path() -> None:
    found = {str(path.relative_to(REPOSITORY)): list(opening(path)) for path in modules()}
    assert {name: calls for name, calls in found.items() if calls and name not in ALLOWED} == {}


def test_every_exemption_is_needed() -> None:
    assert [name for name in ALLOWED if not any(opening(REPOSITORY / name))] == []


def test_a_call_that_opens_is_seen(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text("open('/x')\nos.scandir('/x')\nPath('/x').read_text()\nfiles.read('/x')\n")
    assert len(list(opening(module))) == 3
