"""Accounts and identity of a Linux machine, on this one and on a private one."""

from __future__ import annotations

import grp
import json
import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest

from agent.platform import linux

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux only")
REPOSITORY = Path(__file__).resolve().parents[2]


def test_this_account_has_its_home_and_its_groups() -> None:
    me = pwd.getpwuid(os.getuid())
    if not Path(me.pw_dir).is_dir() or me.pw_dir == "/":
        pytest.skip("this account has no home")
    (home,) = [home for home in linux.homes() if home.path == me.pw_dir.rstrip("/")]
    assert (home.uid, home.reachable) == (me.pw_uid, True)
    assert set(os.getgrouplist(me.pw_name, me.pw_gid)) == home.gids
    assert grp.getgrgid(me.pw_gid).gr_name in home.groups


def test_every_home_exists_and_counts_once() -> None:
    paths = [home.path for home in linux.homes()]
    assert len(paths) == len(set(paths)) and all(Path(path).is_dir() for path in paths)


PRIVATE = """
set -e
mount -t tmpfs none /home
mkdir -p /home/listed /home/unlisted /home/stranger /home/closed /home/target
ln -s target /home/linked
chown 4242 /home/unlisted; chown 4243 /home/stranger
printf 'root:x:0:0::/root:/bin/sh\\nlisted:x:4241:4241::/home/listed/:/bin/sh\\n' > $1/passwd
printf 'ldap:x:4242:4242::/elsewhere:/bin/sh\\n' >> $1/passwd
mount --bind $1/passwd /etc/passwd
exec $2 -c '
import json
from agent.platform import linux
print(json.dumps([[h.owner, h.path, h.uid, h.account] for h in linux.homes()]))'
"""


def test_owners_of_folders_that_the_name_service_does_not_list_have_homes_too(as_root: None, tmp_path: Path) -> None:
    done = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c", PRIVATE, "sh", tmp_path, sys.executable],
        cwd=REPOSITORY, capture_output=True, text=True,
    )  # fmt: skip
    if "unshare" in done.stderr:
        pytest.skip(done.stderr)
    assert done.returncode == 0, done.stderr
    found = {path: (owner, uid, account) for owner, path, uid, account in json.loads(done.stdout)}
    assert found["/home/listed"] == ("listed", 4241, "human")
    assert found["/home/unlisted"] == ("ldap", 4242, "human")
    assert found["/home/stranger"] == ("stranger", 4243, "unknown")
    assert "/home/linked" not in found


def test_the_machine_id_is_the_systems_or_none() -> None:
    files = [Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id")]
    texts = [path.read_text().strip() for path in files if path.exists()]
    assert linux.machine_id() == next((text for text in texts if text), None)


def test_the_version_is_the_distributions_own_name() -> None:
    release = Path("/etc/os-release")
    expected = release.read_text() if release.exists() else ""
    version = linux.version()
    assert version is None or version in expected
