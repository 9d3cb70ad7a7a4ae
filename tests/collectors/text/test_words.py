"""The words that a text holds are found as by looking for each in the whole text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from collectors.text.words import Vocabulary

WORDS = ("ssh", "id_rsa", "-o ", "login data", "@", "<!--", "sshd", "é", "http")
VOCABULARY = Vocabulary(WORDS)
_PIECE = st.one_of(
    st.sampled_from((*WORDS, "curl -o x", "logindata", "passive", "s", "sh")), st.text("shidlog @<!-é", max_size=50)
)


@given(st.lists(_PIECE, max_size=12).map("".join))
def test_a_word_that_is_there_is_never_missed(text: str) -> None:
    held = VOCABULARY.held(text)
    for word in WORDS:
        if word in text:
            assert held & VOCABULARY.bits([word]), word


@given(st.lists(_PIECE, max_size=12).map("".join))
def test_what_is_told_stands_there(text: str) -> None:
    held = VOCABULARY.held(text)
    for word in WORDS:
        if held & VOCABULARY.bits([word]):
            assert max(word.split(), key=len) in text


def test_long_pieces_are_told() -> None:
    assert not VOCABULARY.held("x" * 23 + " y") & VOCABULARY.long
    assert VOCABULARY.held("a " + "x" * 24) & VOCABULARY.long


def test_many_pieces_do_not_stay() -> None:
    small = Vocabulary(WORDS)
    for number in range(10_000):
        assert not small.held(f"n{number}q")
    assert len(small._plain) + len(small._telling) <= 8_192
