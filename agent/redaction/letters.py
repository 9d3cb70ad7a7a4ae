"""Whether letters follow each other as they do in names that people give, or as a generator throws them.

A run of letters and digits without a break is measured by how likely each letter is after the one before it, learned
from the 1.1 million names of packages on npm and PyPI.
"""

from __future__ import annotations

import re
from itertools import pairwise

_LIKELIHOOD = (
    "njghomipiqlgifohqggfjllnkmfkklfnnnglpglnfkqghlgppokrgplmgnpgjrggmpeishjgjpqqmsfjlhekkogiijlmfmrjjmjoools"
    "hkhijllompohifljneghnklimpgnlmgiooeqnflnfmrhjiiqonishnkmdnjjfqqikjfkqgjliponmqemmlenopgqolknelljlhipnqjr"
    "jigiijiroqmhhegjpjhgnjqlqldomnfopoipnnlphllndnholpoqfkljdljleonjlkikqkgjinmpkqfmkjennqermhkpfktohjhnpqjr"
    "ejhkenmpgqniinfgomjmjpppksgnhhfjfohoklnjhlrngekkpnlpkkihomjplmkhhehisfihiljloqgolkfonigrmgmogirgjijqpqes"
    "jmjllnnojqpelnlkmjjhcolopqfmijellpgqjlikfkqkihjjpqisimhifmnhgqjjkmhhlnhejmlpjrgnjmemnhfpoklnflsghjjpmoiq"
    "iijhhmhqhqnhhgnisggfpoqkqofokncoloeromlnhmrmklioqpnsfnllemnjfqnkmiflriglnrooorhlhkhllmgnojimjfpkjdkonmhq"
    "hjijikjmlnmiihifnjgekmlnolgmkmdmnjgolkkkglomllgonnhh"
)
"""26 characters for each first letter, one for each second: -2.5 times the natural logarithm of its share."""
_PAIRS = {
    first + second: -(ord(_LIKELIHOOD[26 * row + column]) - 97) / 2.5
    for row, first in enumerate("abcdefghijklmnopqrstuvwxyz")
    for column, second in enumerate("abcdefghijklmnopqrstuvwxyz")
}
_RUN = re.compile(r"[A-Za-z0-9]{16,}+")
_BROKEN_RUN = re.compile(r"[A-Za-z0-9_-]{18,}+")
_ALL_KINDS = re.compile(r"(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9])")
_HUMPS = re.compile(r"[A-Z]?[a-z]{2,}+(?:[A-Z]{1,3}[a-z]{2,}+)++")
_LONG = 20
_UNLIKELY, _UNLIKELY_LONG, _UNLIKELY_HUMPS = -3.1, -2.7, -3.5
"""Generated letters lie at -3.9, names at -2.3. At these borders all but 0.3 % of keys of 16 characters and 0.1 % of
those of 20 are below, and of the package names 0.2 %."""


def holds_unlikely_run(text: str) -> bool:
    """Whether 16 or more letters and digits without a break are more likely generated than a name."""
    if any(_is_unlikely(run[0]) for run in _RUN.finditer(text)):
        return True
    # Some generators use `_` and `-` like letters; names that have these have seldom all kinds of characters.
    return any(
        _ALL_KINDS.match(run[0]) is not None and _likelihood(re.sub("[_-]", "", run[0])) < _UNLIKELY
        for run in _BROKEN_RUN.finditer(text)
    )


def without_unlikely_runs(text: str, instead: str) -> str:
    """The text with something else in the place of what is more likely generated than a name."""
    if not holds_unlikely_run(text):
        return text
    text = _RUN.sub(lambda run: instead if _is_unlikely(run[0]) else run[0], text)
    return _BROKEN_RUN.sub(lambda run: instead if holds_unlikely_run(run[0]) else run[0], text)


def _is_unlikely(run: str) -> bool:
    if run.isdigit():
        return False
    if _HUMPS.fullmatch(run):
        return _likelihood(run) < _UNLIKELY_HUMPS
    return _likelihood(run) < (_UNLIKELY_LONG if len(run) >= _LONG else _UNLIKELY)


def _likelihood(run: str) -> float:
    """The mean over neighbouring letters. Between two words of `camelCase` any letter may follow."""
    pairs = (pair for pair in map("".join, pairwise(run)) if not (pair[0].islower() and pair[1].isupper()))
    steps = [_PAIRS[pair] for pair in map(str.lower, pairs) if pair in _PAIRS]
    return sum(steps) / len(steps) if steps else -4.0
