"""Linux: whose login a process descends from, and which container or namespace it runs in."""

from __future__ import annotations

import os
import re
from typing import NamedTuple

_CONTAINER = re.compile(r"(?:^|[/:-])([0-9a-f]{64})(?:\.scope)?(?:/|$)", re.MULTILINE)
_UNSET = 4294967295


class ProcessContext(NamedTuple):
    """What the kernel tells of a process beyond its own program."""

    login_uid: int | None = None
    session: int | None = None
    container: str | None = None


def process_context(pid: int, proc: str = "/proc") -> ProcessContext:
    """The context of a process; empty where the system does not tell or this process may not ask."""
    return ProcessContext(
        login_uid=_number(f"{proc}/{pid}/loginuid"),
        session=_number(f"{proc}/{pid}/sessionid"),
        container=_container(pid, proc),
    )


def _number(path: str) -> int | None:
    text = _text(path)
    return int(text) if text.isdigit() and int(text) != _UNSET else None


def _container(pid: int, proc: str) -> str | None:
    """The id in the control group's name, as Docker, Podman, containerd and CRI-O write it; else the pid namespace."""
    match = _CONTAINER.search(_text(f"{proc}/{pid}/cgroup"))
    if match:
        return match[1]
    try:
        theirs, ours = os.readlink(f"{proc}/{pid}/ns/pid"), os.readlink(f"{proc}/self/ns/pid")
    except OSError:
        return None
    return None if theirs == ours else f"pid-namespace:{theirs.strip('pid:[]')}"


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(65_536).strip()
    except OSError:
        return ""
