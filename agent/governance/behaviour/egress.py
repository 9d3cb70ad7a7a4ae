"""Hosts that an agent connects to, learned with the rest of what is usual for it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from agent.governance.behaviour.profile import Noted, Profile

_MOST_HOSTS = 200
OTHERS = "(others)"
"""All hosts beyond those: that there are more is told, and not which."""
_BY_TOOL = timedelta(minutes=10)
"""For so long after a call of a tool for the web a new host is what somebody asked for."""
_LEAST_CALLS = 50


def known_as(profile: Profile, host: str) -> str:
    """What a host is called in the profile, whether it is there yet or not."""
    return host if host in profile.hosts or len(profile.hosts) < _MOST_HOSTS else OTHERS


def add_hosts(profile: Profile, hosts: Iterable[str], at: datetime, learned: timedelta) -> bool:
    """Take in the hosts of connections that there are now, and note those that are unusual; whether any was new."""
    before = len(profile.hosts)
    is_learned = profile.age(at) >= learned and profile.calls >= _LEAST_CALLS
    by_tool = profile.last_web_at is not None and at - profile.last_web_at <= _BY_TOOL
    for host in (known_as(profile, host) for host in hosts):
        if host in profile.hosts:
            continue
        if is_learned and not by_tool:
            why = f"not connected to in {profile.age(at).days} days; {len(profile.hosts)} other hosts were"
            profile.note(Noted("first_host", host, f"{why}, and no tool for the web was called just before", at))
        profile.hosts[host] = at.date().isoformat()
    return len(profile.hosts) > before
