"""A link of another account leads no further than that account could go itself, whoever's eyes are used."""

import os
import tempfile
from pathlib import Path

import pytest

from collectors.sources.account import Home
from collectors.sources.filesystem.file_tree import FileTree, UnreadableError

ALICE = 61001


@pytest.fixture
def place(tmp_path: Path, as_root: None) -> Path:
    """A folder of alice's, one of root's that is closed to her, and one that is open to all."""
    tmp_path.chmod(0o755)
    for name, mode in (("alice", 0o755), ("closed", 0o700), ("open", 0o755)):
        (tmp_path / name).mkdir(mode=mode)
        (tmp_path / name).chmod(mode)
    for folder in tmp_path.parents[: -len(Path(tempfile.gettempdir()).parts)]:
        folder.chmod(0o755)
    for name, mode in (("closed/secret", 0o644), ("open/secret", 0o600), ("open/public", 0o644)):
        (tmp_path / name).write_text(name)
        (tmp_path / name).chmod(mode)
    os.chown(tmp_path / "alice", ALICE, ALICE)
    return tmp_path


def read(path: Path) -> bytes:
    return FileTree().read(str(path), Home("root", "/root", 0))


@pytest.mark.parametrize("target", ["closed/secret", "open/secret"])
@pytest.mark.parametrize("owner", [ALICE, 0])
def test_what_its_maker_could_not_read_is_not_read(place: Path, target: str, owner: int) -> None:
    link = place / "alice/link"
    link.symlink_to(place / target)
    os.lchown(link, owner, owner)
    with pytest.raises(UnreadableError, match="not_owners"):
        read(link)


def test_a_linked_folder_is_no_way_in_either(place: Path) -> None:
    (place / "alice/folder").symlink_to(place / "closed")
    os.lchown(place / "alice/folder", ALICE, ALICE)
    with pytest.raises(UnreadableError, match="not_owners"):
        read(place / "alice/folder/secret")
    assert FileTree().status(str(place / "alice/folder/secret"), Home("root", "/root", 0)) is None


def test_what_its_maker_could_read_is(place: Path) -> None:
    (place / "alice/link").symlink_to(place / "open/public")
    os.lchown(place / "alice/link", ALICE, ALICE)
    assert read(place / "alice/link") == b"open/public"


def test_a_link_of_roots_own_leads_where_root_may_go(place: Path) -> None:
    (place / "open/link").symlink_to(place / "closed/secret")
    assert read(place / "open/link") == b"closed/secret"
