import os
from pathlib import Path

import pytest

from agent.runtime.ownership import UnsafeError, demand_ours


def test_a_private_folder_is_ours(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir(mode=0o700)
    demand_ours(tmp_path / "state")
    demand_ours(tmp_path / "state/not there yet")


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777, 0o1777])
def test_what_others_may_write_to_is_not(tmp_path: Path, as_root: None, mode: int) -> None:
    folder = tmp_path / "state"
    folder.mkdir()
    os.chown(folder, -1, 12345)
    folder.chmod(mode)
    with pytest.raises(UnsafeError, match="chmod"):
        demand_ours(folder)


def test_a_folder_above_counts_too_but_for_the_sticky_bit(tmp_path: Path) -> None:
    (tmp_path / "open/state").mkdir(parents=True, mode=0o700)
    (tmp_path / "open").chmod(0o777)
    with pytest.raises(UnsafeError, match="open can be written"):
        demand_ours(tmp_path / "open/state")
    (tmp_path / "open").chmod(0o1777)
    demand_ours(tmp_path / "open/state")


def test_another_accounts_folder_and_link_are_not_ours(tmp_path: Path, as_root: None) -> None:
    (tmp_path / "theirs").mkdir(mode=0o700)
    (tmp_path / "ours").mkdir(mode=0o700)
    os.chown(tmp_path / "theirs", 12345, 12345)
    (tmp_path / "link").symlink_to(tmp_path / "theirs")
    (tmp_path / "their link").symlink_to(tmp_path / "ours")
    os.lchown(tmp_path / "their link", 12345, 12345)
    for name in ("theirs", "link", "their link"):
        with pytest.raises(UnsafeError, match="12345"):
            demand_ours(tmp_path / name)
