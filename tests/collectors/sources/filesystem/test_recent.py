"""The files that were written last, by a pattern."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from collectors.sources.filesystem.file_tree import FileTree, UnreadableError
from collectors.sources.filesystem.recent import recent_files


def write(root: Path, *paths: str) -> None:
    """Files, each a second older than the one before."""
    now = time.time()
    for age, path in enumerate(paths):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("x")
        os.utime(root / path, (now - age, now - age))


def found(root: Path, pattern: str, most: int = 10, since: int = 0) -> list[str]:
    return [file.path for file in recent_files(FileTree(str(root)), pattern, None, since, most)]


def test_the_latest_come_first_and_no_more_than_wanted(tmp_path: Path) -> None:
    write(tmp_path, "h/b/new.jsonl", "h/a/mid.jsonl", "h/b/old.jsonl")
    assert found(tmp_path, "/h/*/*.jsonl", most=2) == ["/h/b/new.jsonl", "/h/a/mid.jsonl"]


def test_names_may_stand_between_and_after_patterns(tmp_path: Path) -> None:
    write(tmp_path, "h/s/2026/11/x/r-1.jsonl", "h/s/2026/11/y/r-2.jsonl", "h/s/2026/11/x/other.jsonl", "h/t/e.jsonl")
    assert found(tmp_path, "/h/s/*/11/*/r-*.jsonl") == ["/h/s/2026/11/x/r-1.jsonl", "/h/s/2026/11/y/r-2.jsonl"]
    assert found(tmp_path, "/h/*/e.jsonl") == ["/h/t/e.jsonl"]


def test_old_files_are_none(tmp_path: Path) -> None:
    write(tmp_path, "h/new.jsonl", "h/old.jsonl")
    since = (tmp_path / "h/new.jsonl").stat().st_mtime_ns
    assert found(tmp_path, "/h/*.jsonl", since=since) == ["/h/new.jsonl"]


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert found(tmp_path, "/h/*.jsonl") == []
    write(tmp_path, "h")
    assert found(tmp_path, "/h/*.jsonl") == []


def test_links_pipes_and_folders_are_no_files(tmp_path: Path) -> None:
    write(tmp_path, "secret/s.jsonl", "h/a/real.jsonl")
    (tmp_path / "h/link").symlink_to("/secret")
    (tmp_path / "h/a/link.jsonl").symlink_to("/secret/s.jsonl")
    (tmp_path / "h/a/folder.jsonl").mkdir()
    os.mkfifo(tmp_path / "h/a/pipe.jsonl")
    assert found(tmp_path, "/h/*/*.jsonl") == ["/h/a/real.jsonl"]


def test_names_that_hold_a_star_or_no_text_are_names(tmp_path: Path) -> None:
    write(tmp_path, "h/*/x.jsonl", "h/b/x.jsonl")
    (tmp_path / "h" / os.fsdecode(b"\xff")).mkdir()
    assert found(tmp_path, "/h/*/x.jsonl") == ["/h/*/x.jsonl", "/h/b/x.jsonl"]


def test_a_folder_that_cannot_be_listed_is_passed_over_below_but_not_at_the_start(tmp_path: Path) -> None:
    write(tmp_path, "h/a/x.jsonl", "h/b/x.jsonl")
    tree = FileTree(str(tmp_path))

    class Guarded(FileTree):
        def folder(self, path: str, home: object = None):  # type: ignore[no-untyped-def]  # as the one it stands for
            if path == closed:
                raise UnreadableError("file.not_permitted", "no")
            return tree.folder(path)

    guarded, closed = Guarded(str(tmp_path)), "/h/a"
    assert [file.path for file in recent_files(guarded, "/h/*/*.jsonl", None, 0, 9)] == ["/h/b/x.jsonl"]
    closed = "/h"
    with pytest.raises(UnreadableError):
        recent_files(guarded, "/h/*/*.jsonl", None, 0, 9)
