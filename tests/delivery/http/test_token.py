from __future__ import annotations

import os
from pathlib import Path

import pytest

from agent.delivery.http.token import Place, Token, TokenError


def from_file(path: Path, notices: list[tuple[str, str]] | None = None) -> Token:
    heard = notices if notices is not None else []
    return Token(Place(file=path), lambda code, message: heard.append((code, message)))


def test_the_file_is_read_again_when_it_changed(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("first\n")
    token = from_file(file)
    assert token.value() == "first"
    file.write_text("second-token\n")
    assert token.value() == "second-token"


def test_the_file_is_read_again_after_it_was_not_accepted(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("aaa")
    token = from_file(file)
    token.value()
    before = file.stat()
    file.write_text("bbb")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    token.forget()
    assert token.value() == "bbb"


@pytest.mark.parametrize(
    "content", ["", "  \n", "canary one", "canary\x00", "canär", "canary\r\nX-Evil: 1", "c" * 9000]
)
def test_an_unusable_token_is_an_error_that_does_not_quote_it(tmp_path: Path, content: str) -> None:
    file = tmp_path / "token"
    file.write_bytes(content.encode())
    with pytest.raises(TokenError) as caught:
        from_file(file).value()
    assert "can" not in str(caught.value).replace(str(file), "")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TokenError, match=r"gone: No such file"):
        from_file(tmp_path / "gone").value()


def test_a_file_everyone_can_read_is_used_and_reported_once(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("canary")
    file.chmod(0o644)
    notices: list[tuple[str, str]] = []
    token = from_file(file, notices)
    assert token.value() == token.value() == "canary"
    assert [code for code, _ in notices] == ["delivery.token_exposed"]
    assert "canary" not in notices[0][1]


def test_the_environment_can_hold_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    token = Token(Place(variable="TRIAL_TOKEN"), lambda code, message: None)
    monkeypatch.setenv("TRIAL_TOKEN", "from-env")
    assert token.value() == "from-env"
    monkeypatch.delenv("TRIAL_TOKEN")
    with pytest.raises(TokenError, match="TRIAL_TOKEN"):
        token.value()
    assert Token(Place(), lambda code, message: None).value() is None
