"""Hosts that an agent connects to, learned with the rest of what is usual for it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from agent.governance.behaviour.profile import Noted, Profile

_MOST_HOSTS = 200
_BY_TOOL = timedelta(minutes=10)
"""For so long after a call of a tool for the web a new host is what somebody asked for."""
_LEAST_CALLS = 50


def add_hosts(profile: Profile, hosts: Iterable[str], at: datetime, learned: timedelta) -> bool:
    """Take in the hosts of connections that there are now, and note those that are unusual; whether any was new."""
    new = [host for host in hosts if host not in profile.hosts][: _MOST_HOSTS - len(profile.hosts)]
    is_learned = profile.age(at) >= learned and profile.calls >= _LEAST_CALLS
    by_tool = profile.last_web_at is not None and at - profile.last_web_at <= _BY_TOOL
    for host in new:
        if is_learned and not by_tool:
            why = f"not connected to in {profile.age(at).days} days; {len(profile.hosts)} other hosts were"
            profile.note(Noted("first_host", host, f"{why}, and no tool for the web was called just before", at))
        profile.hosts[host] = at.date().isoformat()
    return bool(new)
