"""Rollcall and the locked versions of what it needs, as wheels unpacked into the tree."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from target import Target

FOLDER = "lib/python3/dist-packages"
"""Where Debian's interpreter looks."""
_SOURCE = ("agent", "collectors", "LICENSE", "README.md", "pyproject.toml")
_PLATFORMS = ("manylinux_2_28", "manylinux_2_27", "manylinux_2_24", "manylinux_2_17", "manylinux2014", "manylinux_2_12",
              "manylinux2010", "manylinux_2_5", "manylinux1")  # fmt: skip
"""Built against a C library that is not newer than RHEL 8's."""


def put_libraries(checkout: Path, target: Target, tree: Path, work: Path) -> None:
    """Into the folder where the interpreter looks; nothing of the build machine stays in it."""
    folder = tree / FOLDER
    platforms = [word for name in _PLATFORMS for word in ("--platform", f"{name}_{target.machine}")]
    _pip("install", "--require-hashes", "--requirement", checkout / "requirements.lock", "--target", folder,
         "--no-deps", "--no-build-isolation", "--no-compile", "--python-version", "3.11", "--implementation", "cp",
         *platforms)  # fmt: skip
    _put_json_parser(checkout, target, folder, work)
    source = work / "source"
    source.mkdir()
    for name in _SOURCE:
        if (checkout / name).is_dir():
            shutil.copytree(checkout / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(checkout / name, source)
    init = source / "agent/__init__.py"
    init.write_text(re.sub("(?m)^__version__ = .*$", f'__version__ = "{target.version}"', init.read_text()))
    _pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", work / "wheel", source)
    _pip("install", "--no-deps", "--no-index", "--no-compile", "--target", folder, *(work / "wheel").glob("*.whl"))
    shutil.rmtree(folder / "bin", ignore_errors=True)
    for path in [*folder.rglob("direct_url.json"), *folder.rglob("RECORD"), *folder.rglob("REQUESTED")]:
        path.unlink()


def _put_json_parser(checkout: Path, target: Target, folder: Path, work: Path) -> None:
    """jsonyx comes as source only: its part in C is compiled here, in a way that gives the same bytes each time.

    For another architecture it is left out, and JSON is read more slowly: build there for full speed.
    """
    for compiled in folder.glob("_jsonyx*.so"):
        compiled.unlink()
    if target.machine != platform.machine():
        return
    lock = (checkout / "requirements.lock").read_text()
    block = re.search(r"(?m)^jsonyx==.*?(?=^\S)", lock, re.DOTALL)
    assert block
    (work / "jsonyx.lock").write_text(block[0])
    _pip("wheel", "--require-hashes", "--requirement", work / "jsonyx.lock", "--no-deps", "--no-build-isolation",
         "--no-cache-dir", "--wheel-dir", work / "jsonyx",
         CFLAGS="-g0 -O2", LDFLAGS="-s -Wl,--build-id=none")  # fmt: skip
    (wheel,) = (work / "jsonyx").glob("*.whl")
    with zipfile.ZipFile(wheel) as content:
        (name,) = (name for name in content.namelist() if name.startswith("_jsonyx"))
        content.extract(name, folder)


def _pip(*arguments: object, **environment: str) -> None:
    command = [sys.executable, "-m", "pip", "--quiet", "--no-input", "--disable-pip-version-check"]
    subprocess.run([*command, *map(str, arguments)], check=True, stdout=sys.stderr, env={**os.environ, **environment})
