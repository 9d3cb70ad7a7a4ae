"""Findings over real files of strangers: all of them, as they were looked through by a person."""

from __future__ import annotations

import difflib
from collections import Counter

import pytest

from tests.golden.corpus import GOLDEN, SHARED, findings, lines

pytestmark = pytest.mark.skipif(not SHARED.exists(), reason="the corpus of real files is not on this machine")


def test_the_findings_over_the_corpus_are_the_golden_ones() -> None:
    found = findings()
    expected = GOLDEN.read_text(encoding="utf-8").splitlines()
    difference = list(difflib.unified_diff(expected, lines(found), "golden", "now", lineterm="", n=0))
    assert not difference, "\n".join([*difference[:20], "python -m tests.golden.update writes them anew"])
    # Nothing in those files imitates anything: each of these would be a false alarm.
    counted = Counter(finding["rule"] for finding in found)
    assert not counted.keys() & {"server.look_alike", "server.confusable", "server.same_tools", "server.impostor"}
