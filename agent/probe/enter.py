"""The way into the sandbox, as a process of its own: namespaces, an own root, bounds, an own user, then the server.

It imports next to nothing: it is started for every server, and what it maps stays until that one ends.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import re
import resource
import signal
import socket
import struct
import sys
from typing import Any, Final, NoReturn

from agent.runtime.capabilities import give_away

_NEW_MOUNTS, _NEW_NAME, _NEW_IPC, _NEW_USERS, _NEW_PROCESSES, _NEW_NETWORK = (
    0x00020000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000,
)  # fmt: skip
_READ_ONLY, _NO_SETUID, _NO_DEVICES, _NO_PROGRAMS, _REMOUNT, _BIND, _RECURSIVE, _PRIVATE, _DETACH = (
    1,
    2,
    4,
    8,
    32,
    4096,
    16384,
    1 << 18,
    2,
)
_NO_NEW_PRIVILEGES, _DIES_WITH_PARENT = 38, 1
_SYSTEM: Final = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc", "/opt", "/nix")
_DEVICES: Final = ("null", "zero", "full", "random", "urandom")
NO_SANDBOX: Final = 97
"""What this ends with where no sandbox could be made, or nothing be started in it."""
_HOME: Final = "/scratch"
_SPARE_USER: Final = 0x7A0C1E55
"""Where the caller is root: an account that no system gives to anybody."""
_NOBODY: Final = 65534
_DISK: Final = 256 << 20
"""Bytes that the server may write: they lie in memory and are gone with it."""
_LIMITS: Final = (
    (resource.RLIMIT_CORE, 0), (resource.RLIMIT_NOFILE, 1_024), (resource.RLIMIT_FSIZE, _DISK),
    (resource.RLIMIT_DATA, 2 << 30), (resource.RLIMIT_NPROC, 256),
)  # fmt: skip
_libc = ctypes.CDLL(None, use_errno=True)


def main() -> NoReturn:
    """Never returns: with what the server ends with, or `NO_SANDBOX`."""
    _end_with_parent()
    with os.fdopen(int(sys.argv[1])) as file:
        question: dict[str, Any] = json.load(file)
    try:
        _unshare(question["network"])
        inside = os.fork()
        if inside == 0:
            _inside(question, sys.argv[2])
    except OSError as error:
        print(f"sandbox: {error.strerror}: {error.filename}", file=sys.stderr)
        os._exit(NO_SANDBOX)
    # This one keeps no end of the server's pipes open.
    for descriptor in (0, 1, 2):
        os.close(descriptor)
    _, status = os.waitpid(inside, 0)
    code = os.waitstatus_to_exitcode(status)
    os._exit(code if code >= 0 else 128 - code)


def _inside(question: dict[str, Any], root: str) -> NoReturn:
    try:
        os.umask(0o022)  # folders on the way to what is shown are for the account in there
        _libc.sethostname(b"sandbox", 7)
        if not question["network"]:
            _loopback_up()
        _new_root(question, root)
        _bound(question["seconds"])
        _leave_rights()
        _end_with_parent()  # what was said before does not count for another account
        environment = {"PATH": question["path"], "HOME": _HOME, "TMPDIR": "/tmp", "LANG": "C.UTF-8"}  # noqa: S108 - its own
        os.execvpe(question["argv"][0], question["argv"], environment | dict(question["env"]))  # noqa: S606 - the point of it
    except OSError as error:
        print(f"sandbox: {error.strerror}: {error.filename}", file=sys.stderr)
    finally:
        os._exit(NO_SANDBOX)


def _end_with_parent() -> None:
    _libc.prctl(_DIES_WITH_PARENT, signal.SIGKILL)


def _unshare(network: bool) -> None:
    spaces = _NEW_MOUNTS | _NEW_NAME | _NEW_IPC | _NEW_PROCESSES | (0 if network else _NEW_NETWORK)
    user, group = os.geteuid(), os.getegid()
    if user != 0:
        spaces |= _NEW_USERS
    _call("unshare", spaces)
    if user != 0:
        for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)


def _loopback_up() -> None:
    """A network that leads nowhere still has this machine's own address."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh14x", b"lo", 0x41))


def _new_root(question: dict[str, Any], root: str) -> None:
    """A root in memory with the system's folders, what the server needs of its own, and nothing else."""
    _mount("none", "/", "", _RECURSIVE | _PRIVATE)
    _mount("tmpfs", root, "tmpfs", _NO_SETUID | _NO_DEVICES, f"size={_DISK},mode=755")
    for folder in _SYSTEM:
        if os.path.islink(folder):
            os.symlink(os.readlink(folder), root + folder)
        elif os.path.isdir(folder):
            _show(folder, root)
    for folder in (_HOME, "/tmp", "/var/tmp", "/dev/shm", "/run"):  # noqa: S108 - its own
        os.makedirs(root + folder)
        os.chmod(root + folder, 0o1777)  # noqa: S103 - there is one account in there
    for device in _DEVICES:
        open(f"{root}/dev/{device}", "w").close()
        _mount(f"/dev/{device}", f"{root}/dev/{device}", "", _BIND)
    os.symlink("/proc/self/fd", f"{root}/dev/fd")
    for path in map(os.path.normpath, question["visible"]):
        if os.path.exists(path) and not os.path.lexists(root + path):
            _show(path, root)
    for path in map(os.path.normpath, question["empty"]):
        if not os.path.lexists(root + path):
            os.makedirs(root + path)
            os.chmod(root + path, 0o1777)  # noqa: S103 - there is one account in there
    if question["network"]:
        _show("/run/systemd/resolve", root)
    os.makedirs(f"{root}/proc")
    _libc.mount(b"proc", f"{root}/proc".encode(), b"proc", _NO_SETUID | _NO_DEVICES, None)  # not in every container
    os.makedirs(f"{root}/old")
    _call("pivot_root", root.encode(), f"{root}/old".encode())
    os.chdir("/")
    _call("umount2", b"/old", _DETACH)
    os.rmdir("/old")
    os.chdir(_HOME)


def _show(path: str, root: str) -> None:
    """A file or folder at its own place, to be read only, with all that is mounted in it."""
    place = root + path
    if os.path.isdir(path):
        os.makedirs(place, exist_ok=True)
    elif os.path.exists(path):
        os.makedirs(os.path.dirname(place), exist_ok=True)
        open(place, "w").close()
    else:
        return
    _mount(path, place, "", _BIND | _RECURSIVE)
    for mounted, had in _mounts():
        if mounted == place or mounted.startswith(f"{place}/"):
            flags = _NO_PROGRAMS if "noexec" in had else 0  # what the mount has must stay
            _mount("none", mounted, "", _BIND | _REMOUNT | _READ_ONLY | _NO_SETUID | _NO_DEVICES | flags)


def _mounts() -> list[tuple[str, list[str]]]:
    """Place and options of each mount; of several at one place the last is the one that is seen."""
    with open("/proc/self/mountinfo", "rb") as file:
        found = [line.split(b" ")[4:6] for line in file]
    # A blank and the like stand there as three octal digits.
    return [
        (
            os.fsdecode(re.sub(rb"\\([0-7]{3})", lambda code: bytes([int(code[1], 8)]), place)),
            options.decode().split(","),
        )
        for place, options in found
    ]


def _bound(seconds: float) -> None:
    for limit, most in (*_LIMITS, (resource.RLIMIT_CPU, int(seconds) + 1)):
        hard = resource.getrlimit(limit)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(limit, (most, most))


def _leave_rights() -> None:
    os.umask(0o077)
    if os.geteuid() == 0:
        os.setgroups([])
        try:
            os.setresgid(_SPARE_USER, _SPARE_USER, _SPARE_USER)
            user = _SPARE_USER
        except OSError:  # a container that has few accounts
            user = _NOBODY
            os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    give_away()
    _call("prctl", _NO_NEW_PRIVILEGES, 1, 0, 0, 0)


def _mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    _call("mount", source.encode(), target.encode(), kind.encode() or None, flags, data.encode() or None)


def _call(name: str, *arguments: object) -> None:
    """A call of the C library. Raises `OSError`."""
    values = [ctypes.c_ulong(value) if isinstance(value, int) else value for value in arguments]
    if getattr(_libc, name)(*values) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), name)


if __name__ == "__main__":
    main()
