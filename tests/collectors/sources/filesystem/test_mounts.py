import os
from pathlib import Path

import pytest

from collectors.sources.filesystem.file_tree import FileTree
from collectors.sources.filesystem.mounts import Mounts
from collectors.sources.filesystem.unreadable import UnreadableError

TABLE = r"""22 27 0:21 / /proc rw - proc proc rw
27 1 254:0 / / rw - ext4 /dev/vda rw
30 27 0:30 / /home/dev/my\040cloud rw shared:1 - fuse.sshfs host: rw
31 27 0:31 / /srv/nfs rw - nfs4 host:/x rw
32 27 0:32 / /net rw - autofs auto.net rw
33 32 254:1 / /net/local rw - ext4 /dev/vdb rw
34 27 0:34 / /mnt/twice rw - nfs4 host:/x rw
35 27 254:2 / /mnt/twice rw - ext4 /dev/vdc rw
broken line
"""


@pytest.fixture
def mounts(tmp_path: Path) -> Mounts:
    (tmp_path / "mountinfo").write_text(TABLE)
    return Mounts(str(tmp_path / "mountinfo"))


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/home/dev/my cloud", "file.remote"),
        ("/srv/nfs", "file.remote"),
        ("/net/unmounted", "file.remote"),
        ("/proc", "file.not_regular"),
    ],
)
def test_what_a_peer_or_the_kernel_answers_for_is_refused(mounts: Mounts, path: str, code: str) -> None:
    with pytest.raises(UnreadableError) as raised:
        mounts.check(path)
    assert raised.value.code == code


@pytest.mark.parametrize("path", ["/", "/home", "/home/dev/my", "/net", "/net/local", "/net/local/x", "/mnt/twice"])
def test_what_lies_on_a_disk_passes(mounts: Mounts, path: str) -> None:
    mounts.check(path)


def test_a_root_that_is_itself_remote_is_all_there_is(tmp_path: Path) -> None:
    (tmp_path / "mountinfo").write_text("27 1 0:1 / / rw - fuse.fuse-overlayfs x rw\n")
    mounts = Mounts(str(tmp_path / "mountinfo"))
    mounts.check("/")
    assert not mounts.waits


def test_without_a_mount_table_nothing_is_remote(tmp_path: Path) -> None:
    Mounts(str(tmp_path / "nope")).check("/srv/nfs")


def test_a_new_mount_is_seen_when_the_table_is_read_again(tmp_path: Path) -> None:
    table = tmp_path / "mountinfo"
    table.write_text("")
    eager, lazy = Mounts(str(table), fresh_seconds=-1), Mounts(str(table))
    eager.check("/mnt/x")
    lazy.check("/mnt/x")
    table.write_text("30 27 0:30 / /mnt/x rw - cifs //host/x rw\n")
    lazy.check("/mnt/x")
    with pytest.raises(UnreadableError):
        eager.check("/mnt/x")
    assert eager.waits


def test_a_link_into_a_remote_mount_is_refused_before_it_is_touched(tmp_path: Path) -> None:
    remote = tmp_path / "mnt"
    remote.mkdir()
    (remote / "x.json").write_text("{}")
    (tmp_path / "link").symlink_to("mnt/x.json")
    (tmp_path / "mountinfo").write_text(f"30 27 0:30 / {os.path.realpath(remote)} rw - fuse x rw\n")
    tree = FileTree()
    tree._lookup._mounts = Mounts(str(tmp_path / "mountinfo"))
    for path in (f"{tmp_path}/link", f"{remote}/x.json", f"{remote}/nope"):
        with pytest.raises(UnreadableError, match=r"file\.remote"):
            tree.read(path)
    assert tree.read(f"{tmp_path}/mountinfo")
