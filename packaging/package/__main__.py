"""Builds packages: the tree that is installed, its bill of materials, then a deb or an rpm of it."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from bytecode import compile_tree
from interpreter import debian_packages, put_interpreter
from libraries import put_libraries
from nfpm_package import write_package
from sbom import write_sbom
from target import Target

CHECKOUT = Path(__file__).resolve().parents[2]
FORMATS = ("deb", "rpm")


def main() -> None:
    parser = argparse.ArgumentParser(prog="packaging/build", description="Build packages with their own interpreter.")
    parser.add_argument("format", choices=(*FORMATS, "all", "tree"))
    parser.add_argument("--arch", choices=("amd64", "arm64"), default=_own_architecture())
    parser.add_argument("--output", type=Path, default=CHECKOUT / "dist")
    parser.add_argument("--version", default=_version(), help="default: that of the checkout")
    parser.add_argument("--compression", choices=("xz", "gzip"), default="xz", help="gzip is larger and sooner done")
    given = parser.parse_args()
    if sys.version_info[:2] != (3, 11):
        parser.error("needs Python 3.11, the one of Debian 12, to compile for it")
    target = Target(given.arch, given.version, _committed_at())
    given.output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        tree = build_tree(target, Path(work))
        if given.format == "tree":
            shutil.copytree(tree, given.output / "tree", symlinks=True, dirs_exist_ok=True)
            return
        for name in FORMATS if given.format == "all" else (given.format,):
            print(write_package(CHECKOUT, tree, target, name, given.compression, given.output))


def build_tree(target: Target, work: Path) -> Path:
    """What is installed as /opt/rollcall."""
    tree = work / "tree"
    packages = debian_packages(target, work)
    put_interpreter(packages, target, tree, work)
    put_libraries(CHECKOUT, target, tree, work)
    shutil.copy(CHECKOUT / "LICENSE", tree / "share/licenses/LICENSE")
    shutil.copy(CHECKOUT / "config.example.toml", tree / "share")
    for script, place in (("rollcall.sh", "bin/rollcall"), ("choose-libc.sh", "lib/choose-libc")):
        shutil.copy(CHECKOUT / "packaging/linux" / script, tree / place)
        (tree / place).chmod(0o755)
    compile_tree(tree, target)
    write_sbom(tree, packages, target)
    for path in (tree, *tree.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        os.utime(path, (target.made_at, target.made_at), follow_symlinks=False)
    return tree


def _own_architecture() -> str:
    return subprocess.run(["dpkg", "--print-architecture"], check=True, capture_output=True, text=True).stdout.strip()


def _version() -> str:
    found = re.search(r'__version__ = "([^"]+)"', (CHECKOUT / "agent/__init__.py").read_text())
    assert found
    return found[1]


def _committed_at() -> int:
    """SOURCE_DATE_EPOCH, or when the checkout was committed: the one time that stands in what is built."""
    if given := os.environ.get("SOURCE_DATE_EPOCH"):
        return int(given)
    command = ["git", "-c", "safe.directory=*", "-C", str(CHECKOUT), "log", "-1", "--format=%ct"]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


main()
