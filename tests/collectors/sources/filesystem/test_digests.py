import hashlib
import os
import time
from pathlib import Path

import pytest

from collectors.sources.filesystem.digests import Digest, Digests
from collectors.sources.filesystem.unreadable import UnreadableError


def digest(digests: Digests, path: Path, most: int = 1000) -> Digest:
    file = os.open(path, os.O_RDONLY)
    try:
        return digests.of(file, most)
    finally:
        os.close(file)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: now + 10**10)


def test_a_file_with_many_names_is_read_once(tmp_path: Path, later: None, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "one").write_bytes(b"content")
    for number in range(20):
        os.link(tmp_path / "one", tmp_path / f"link{number}")
    digests, reads = Digests(), []
    really = os.read
    monkeypatch.setattr(os, "read", lambda file, size: reads.append(file) or really(file, size))
    told = {digest(digests, path) for path in tmp_path.iterdir()}
    assert told == {Digest(hashlib.sha256(b"content").hexdigest(), 7)}
    assert len(reads) == 2


def test_what_was_written_since_is_read_again(tmp_path: Path, later: None) -> None:
    digests, path = Digests(), tmp_path / "file"
    path.write_bytes(b"one")
    first = digest(digests, path)
    path.write_bytes(b"two")
    assert digest(digests, path) != first


def test_what_was_written_a_moment_ago_is_not_remembered(tmp_path: Path) -> None:
    digests, path = Digests(), tmp_path / "file"
    path.write_bytes(b"one")
    digest(digests, path)
    assert not digests._known


def test_a_larger_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * 1001)
    with pytest.raises(UnreadableError, match="too_large"):
        digest(Digests(), tmp_path / "file")
