"""Rollcall and the locked versions of what it needs, as wheels unpacked into the tree."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
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
    # An optional part in C would be of the build machine's architecture and compiler.
    _pip("install", "--require-hashes", "--requirement", checkout / "requirements.lock", "--target", folder,
         "--no-deps", "--no-build-isolation", "--no-compile", "--python-version", "3.11", "--implementation", "cp",
         *platforms, CC="/bin/false")  # fmt: skip
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


def _pip(*arguments: object, **environment: str) -> None:
    command = [sys.executable, "-m", "pip", "--quiet", "--no-input", "--disable-pip-version-check"]
    subprocess.run([*command, *map(str, arguments)], check=True, stdout=sys.stderr, env={**os.environ, **environment})
