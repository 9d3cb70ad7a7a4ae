"""The quick way of taking a command apart says what `shlex` says."""

from __future__ import annotations

import shlex

from hypothesis import given
from hypothesis import strategies as some

from collectors.transcripts.programs import _words, programs_of


@given(some.text("ab=-/.$&|;()<>{}!* \t\n\r\x0b\u00e9\u3000", max_size=40))
def test_words_without_quotes(text: str) -> None:
    slow = shlex.shlex(text, posix=True, punctuation_chars=True)
    slow.whitespace_split = True
    assert list(_words(text)) == list(slow)


def test_programs_and_no_other_word() -> None:
    assert programs_of(["FOO=1 sudo -E git push && npm test | tee x; ./mine"]) == ("sudo", "git", "npm", "tee", "other")
    assert programs_of(["git commit -m 'rm -rf; npm' && cat <<E\nnpm\nE"]) == ("git", "cat")
    assert programs_of(["git commit -m 'no end"]) == ("git",)
