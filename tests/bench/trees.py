"""Homes as large as people's are: made outside the repository, with a count that is known."""

from __future__ import annotations

import json
import os
from pathlib import Path

FILES = 220_000
FOLDERS = 20_000
REPOSITORIES = 300
MONOREPOS = 20
"""Repositories with packages that have a configuration of their own."""
_PACKAGES = 5
_SERVERS = '{"mcpServers": {"one": {"command": "npx", "args": ["-y", "one-mcp"]}}}'


def large_home(home: Path) -> int:
    """300 repositories in nested groups, most of their files below `node_modules` and `.git`, and folders of documents
    that belong to none; the number of project folders with a configuration."""
    projects = 0
    for number in range(REPOSITORIES):
        repository = home / f"src/group{number % 20}/team{number % 7}/repo{number}"
        _repository(repository)
        if number % 3 == 0:
            (repository / ".mcp.json").write_text(_SERVERS)
            projects += 1
        if number < MONOREPOS:
            for package in range(_PACKAGES):
                (repository / f"packages/p{package}/.cursor").mkdir(parents=True)
                (repository / f"packages/p{package}/.cursor/mcp.json").write_text(_SERVERS)
            projects += _PACKAGES
    _fill(home / "Documents", FOLDERS - _count(home, folders=True), FILES - _count(home, folders=False))
    return projects


def fleet(root: Path, users: int = 100, per_user: int = 50) -> int:
    """A mounted image with so many users and configuration files; the number of servers in them."""
    accounts = "".join(f"u{n}:x:{10_000 + n}:{10_000 + n}::/home/u{n}:/bin/sh\n" for n in range(users))
    (root / "etc").mkdir(parents=True)
    (root / "etc/passwd").write_text(accounts)
    (root / "etc/machine-id").write_text("0123456789abcdef0123456789abcdef\n")
    for user in range(users):
        home = root / f"home/u{user}"
        projects = {f"/home/u{user}/src/p{number}": {} for number in range(per_user - 1)}
        home.mkdir(parents=True)
        (home / ".claude.json").write_text(json.dumps({"projects": projects, **json.loads(_SERVERS)}))
        for number in range(per_user - 1):
            (home / f"src/p{number}").mkdir(parents=True)
            (home / f"src/p{number}/.mcp.json").write_text(_SERVERS)
    return users * per_user


def _repository(folder: Path) -> None:
    """55 folders and 640 files, as a checkout of moderate size has."""
    for name in (".git/objects", ".git/refs/heads", "docs", "tests", *(f"src/part{n}" for n in range(8))):
        (folder / name).mkdir(parents=True)
    for number in range(40):
        (folder / f"node_modules/package{number}").mkdir(parents=True)
        for file in range(12):
            (folder / f"node_modules/package{number}/file{file}.js").touch()
    for number in range(8):
        for file in range(12):
            (folder / f"src/part{number}/file{file}.py").touch()
    for number in range(64):
        (folder / f".git/objects/{number:02x}").touch()


def _fill(folder: Path, folders: int, files: int) -> None:
    for number in range(max(folders - 1, 1)):
        place = folder / f"area{number % 50}/topic{number}"
        place.mkdir(parents=True, exist_ok=True)
        for file in range(number, max(files, 0), max(folders - 1, 1)):
            (place / f"note{file}.txt").touch()


def _count(folder: Path, folders: bool) -> int:
    return sum(len(inside if folders else files) for _, inside, files in os.walk(folder))
