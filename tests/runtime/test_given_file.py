import os
import threading
from pathlib import Path

import pytest

from agent.runtime import given_file
from agent.runtime.given_file import read_given


def test_a_file_and_a_pipe_are_read_whole(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * 1_000_000)
    assert read_given(tmp_path / "file") == b"x" * 1_000_000
    reader, writer = os.pipe()
    threading.Thread(target=lambda: (os.write(writer, b"y" * 300_000), os.close(writer))).start()
    assert read_given(Path(f"/dev/fd/{reader}")) == b"y" * 300_000
    os.close(reader)


def test_what_never_ends_is_too_large() -> None:
    with pytest.raises(OSError, match="too large"):
        read_given(Path("/dev/zero"), 1_000_000)


def test_a_pipe_that_says_nothing_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(given_file, "_SECONDS", 0.1)
    os.mkfifo(tmp_path / "pipe")
    assert read_given(tmp_path / "pipe") == b""
    writer = os.open(tmp_path / "pipe", os.O_RDWR)
    with pytest.raises(TimeoutError, match="nothing comes"):
        read_given(tmp_path / "pipe")
    os.close(writer)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        read_given(tmp_path)
