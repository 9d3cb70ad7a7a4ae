import os
from pathlib import Path

import pytest

from agent.runtime.new_folder import new_folder


def test_files_go_into_the_folder_that_was_made_whatever_its_name_means_by_then(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    with new_folder(tmp_path / "made") as folder:
        (tmp_path / "made").rename(tmp_path / "moved")
        (tmp_path / "made").symlink_to("theirs")
        with os.fdopen(folder.create("file"), "wb") as file:
            file.write(b"x")
        with os.fdopen(folder.read("file"), "rb") as file:
            assert file.read() == b"x"
        assert folder.names() == ["file"]
    assert list((tmp_path / "theirs").iterdir()) == []
    assert (tmp_path / "moved/file").stat().st_mode & 0o777 == 0o600


def test_what_is_there_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    with pytest.raises(FileExistsError), new_folder(tmp_path / "made"):
        pass
