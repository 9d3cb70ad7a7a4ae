"""Hosts that an agent connects to, beside those that it is known to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from agent.governance.behaviour.egress import OTHERS, add_hosts
from agent.governance.behaviour.profile import Profile

AT = datetime(2026, 11, 28, 12, tzinfo=UTC)
LEARNED = timedelta(days=14)


def profile(days: int = 20, calls: int = 60, **facts: object) -> Profile:
    made = Profile(first_at=AT - timedelta(days=days), calls=calls, hosts={"api.example": "2026-11-08"})
    for name, value in facts.items():
        setattr(made, name, value)
    return made


def test_a_host_that_was_never_connected_to_is_told_once_with_the_numbers() -> None:
    one = profile()
    assert add_hosts(one, ["api.example", "203.0.113.7"], AT, LEARNED)
    assert [(noted.kind, noted.subject) for noted in one.unusual] == [("first_host", "203.0.113.7")]
    assert one.unusual[0].why.startswith("not connected to in 20 days; 1 other hosts were")
    assert not add_hosts(one, ["203.0.113.7"], AT, LEARNED)
    assert len(one.unusual) == 1 and one.hosts["203.0.113.7"] == "2026-11-28"


def test_while_it_is_learned_and_after_a_page_was_fetched_a_new_host_is_nothing_unusual() -> None:
    for one in (profile(days=3), profile(calls=10), profile(last_web_at=AT - timedelta(minutes=2))):
        assert add_hosts(one, ["new.example"], AT, LEARNED)
        assert not one.unusual and "new.example" in one.hosts
    late = profile(last_web_at=AT - timedelta(minutes=20))
    assert add_hosts(late, ["new.example"], AT, LEARNED) and late.unusual


def test_a_profile_holds_so_many_hosts_and_survives_its_text() -> None:
    one = profile(days=1)
    add_hosts(one, [f"h{number}.example" for number in range(1000)], AT, LEARNED)
    assert len(one.hosts) == 201
    assert Profile.from_json(one.to_json()).hosts == one.hosts


def test_more_hosts_than_a_profile_holds_are_told_as_others_and_once_as_unusual() -> None:
    one = profile()
    one.hosts = {f"h{number}.example": "2026-11-08" for number in range(200)}
    assert add_hosts(one, ["evil.example", "worse.example"], AT, LEARNED)
    assert [noted.subject for noted in one.unusual] == [OTHERS] and OTHERS in one.hosts
    assert not add_hosts(one, ["another.example"], AT, LEARNED)
