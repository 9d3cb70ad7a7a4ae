"""Debian machines of our own, made by debootstrap and kept for the next run, for tests that need a whole one."""

from __future__ import annotations

import ast
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from configparser import RawConfigParser
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rollcall-tests"
_PROXIES = ("http_proxy", "https_proxy", "no_proxy")
ENVIRONMENT = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
    "TERM": "xterm",
    **{name: value for name, value in os.environ.items() if name.lower() in _PROXIES},
}


class System(NamedTuple):
    """A distribution that debootstrap makes."""

    suite: str
    mirror: str = "http://deb.debian.org/debian"
    unsigned: bool = False
    """Debian has no key of its archive."""


BOOKWORM = System("bookworm")


def skip_unless_possible(*programs: str) -> None:
    """Skip where this machine cannot make another one."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("needs root on Linux")
    for program in ("debootstrap", "git", "unshare", *programs):
        if not shutil.which(program):
            pytest.skip(f"needs {program}")
    if subprocess.run(["unshare", "--mount", "--pid", "--fork", "true"], stderr=subprocess.DEVNULL).returncode:
        pytest.skip("may not make namespaces here")


def debian(folder: Path, *packages: str, system: System = BOOKWORM) -> Path:
    """A fresh system in `folder`, with this checkout in /src, and this machine's way to the package registries."""
    subprocess.run(["cp", "-a", "--reflink=auto", _base(packages, system), folder], check=True)
    listed = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=REPOSITORY, check=True, capture_output=True).stdout.decode().split("\0")
    for name in filter(None, names):
        if (REPOSITORY / name).is_file():
            (folder / "src" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, folder / "src" / name)
    _borrow_network(folder)
    return folder


def _base(packages: tuple[str, ...], system: System) -> Path:
    """The cached root with exactly these packages on top of the minimal ones."""
    base = CACHE / f"{system.suite}-{hashlib.sha256(' '.join(packages).encode()).hexdigest()[:12]}"
    downloads, unfinished = CACHE / "downloads", base.with_suffix(".unfinished")
    downloads.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not base.exists():
            shutil.rmtree(unfinished, ignore_errors=True)
            # In a mount namespace of its own: what it mounts in there is gone with it, also where it is killed.
            command = ["unshare", "--mount", "debootstrap", "--variant=minbase", f"--include={','.join(packages)}"]
            command += ["--no-check-gpg"] * system.unsigned
            command += [f"--cache-dir={downloads}", system.suite, str(unfinished), system.mirror]
            made = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
            if made.returncode:
                pytest.skip(f"debootstrap failed here: {made.stdout[-300:]} {made.stderr[-300:]}")
            unfinished.rename(base)
    return base


def _borrow_network(root: Path) -> None:
    """Names, proxies, authorities and pip settings of this machine: what lies around Rollcall, not what is tested."""
    shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
    apt = subprocess.run(["apt-config", "dump"], capture_output=True, text=True).stdout.splitlines()
    lines = [line for line in apt if line.lower().startswith(("acquire::http", "acquire::https"))]
    (root / "etc/apt/apt.conf.d/99test").write_text("".join(line + "\n" for line in lines))
    with (root / "etc/pip.conf").open("w") as file:
        _pip_settings().write(file)
    for path in _named_paths():
        if path.is_file():
            (root / path.relative_to("/")).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, root / path.relative_to("/"))


def mirrors() -> list[Path]:
    """Folders that the pip settings name, to be mounted: they are too large to copy."""
    folders = {path.parent if path.name == "simple" else path for path in _named_paths() if path.is_dir()}
    return sorted(folders - {Path("/")})


def _pip_settings() -> RawConfigParser:
    """The settings in force, read as `pip config` prints them: `global.cert='/etc/…'`, `:env:.cert='/etc/…'`."""
    settings = RawConfigParser()
    listed = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True).stdout
    for line in listed.splitlines():
        name, _, value = line.partition("=")
        section, _, key = name.replace(":env:", "global").rpartition(".")
        settings.read_dict({section: {key: " ".join(str(ast.literal_eval(value)).split())}})
    return settings


def _named_paths() -> Iterator[Path]:
    """Files and folders of this machine that the pip settings name."""
    settings = _pip_settings()
    for word in " ".join(value for name in settings.sections() for value in settings[name].values()).split():
        path = Path(unquote(urlsplit(word).path) if word.startswith("file://") else word)
        if path.is_absolute() and path.exists():
            yield path
