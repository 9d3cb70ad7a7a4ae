"""A collector that fails or takes its time gets fewer looks, and full attention once it is well."""

from __future__ import annotations

from agent.inventory.patience import Patience


def test_failures_in_a_row_are_followed_by_growing_rests() -> None:
    now, looks = 0.0, []
    patience = Patience(lambda: now)
    for second in range(1200):
        now = float(second)
        if patience.may("broken"):
            looks.append(second)
            patience.looked("broken", ok=False, seconds=0.01)
        assert patience.may("other")
    assert looks[:6] == [0, 1, 2, 6, 14, 30]
    assert looks[-1] - looks[-2] == 300
    now += 300
    patience.looked("broken", ok=True, seconds=0.01)
    assert patience.may("broken")


def test_a_long_look_is_followed_by_a_long_rest_and_an_ordinary_one_by_none() -> None:
    now = 0.0
    patience = Patience(lambda: now)
    patience.looked("slow", ok=True, seconds=1.9)
    assert patience.may("slow")
    patience.looked("slow", ok=True, seconds=4)
    now = 39
    assert not patience.may("slow")
    now = 40
    assert patience.may("slow")
