"""`rollcall report`: which options go together."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.cli.main import main


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "which report"),
        (["--html", "{0}/a", "--since", "2026-01-01"], "are for --evidence"),
        (["--evidence", "{0}/a", "--owner", "dev"], "takes no --html, --owner or --root"),
        (["--evidence", "{0}/a", "--root", "{0}"], "takes no --html, --owner or --root"),
        (["--root", "{0}", "--owner", "nobody"], "nothing is known of an account nobody"),
    ],
)
def test_what_does_not_go_together_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    assert main(["report", *(argument.format(tmp_path) for argument in arguments)]) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "a").exists()


def test_a_page_is_written_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    assert main(["--root", str(tmp_path), "report", "--html", str(file)]) == 0
    assert file.read_text().startswith("<!doctype html>") and file.stat().st_mode & 0o777 == 0o600
    assert main(["--root", str(tmp_path), "report", "--html", str(tmp_path / "no/page.html")]) == 1


def test_a_folder_is_no_file_to_write_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(tmp_path), "report", "--html", str(tmp_path)]) == 1
    assert f"{tmp_path}: Is a directory" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
