import sys

from collectors.sources.process.words import LONGEST, MOST_WORDS, ROOM, kept

FLAG = "--dangerously-skip-permissions"


def weight(words):
    return sum(sys.getsizeof(word) for word in words if len(word) > 1)


def test_an_ordinary_command_line_is_kept_as_it_is():
    words = ("claude", "--model", "opus", "-p", "what is this?", "")
    assert kept(words) == words


def test_a_text_of_any_length_hides_no_option():
    for text in (["x" * 130_000], ["x" * 3_000] * 300, ["word"] * 4_000, ["\U0001f600" * 4_000] * 10):
        words = kept(["claude", *text, FLAG, "--permission-mode", "bypassPermissions", "text"])
        assert words[0] == "claude" and FLAG in words
        assert words[words.index("--permission-mode") + 1] == "bypassPermissions"


def test_what_a_command_line_takes_is_bounded_in_bytes():
    for word in ("xy", "x" * 100, "x" * 4_000, "\U0001f600" * 300, "--" + "o" * 200, "--o", "-" + "\U0001f600" * 3_000):
        words = kept([word] * MOST_WORDS)
        assert weight(words) < 2 * ROOM
        assert max(map(len, words)) <= LONGEST


def test_words_that_were_left_out_are_no_title():
    assert kept(["claude", "x" * 3_000, "y" * 3_000], 512, 512) == ("claude", "…")
