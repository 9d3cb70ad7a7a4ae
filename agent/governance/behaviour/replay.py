"""Runs actions through profiles from their beginning, as the daemon would have, and says what would have been found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta

from agent.governance.behaviour.deviations import LEARNED, Deviation, Watch
from agent.governance.behaviour.profile import Key, Noted, Profile, key_of
from agent.records.action import Action


def replay(
    actions: Iterable[Action],
    risks: Mapping[str, str],
    unasked: Mapping[str, tuple[str, ...]],
    learned: timedelta = LEARNED,
) -> Iterator[Deviation]:
    """Deviations in the order of the actions, which is that of their time. `unasked`: by client the modes in which
    nobody is asked."""
    profiles: dict[Key, Profile] = {}
    watch = Watch(risks, learned)
    for action in actions:
        yield from take_in(action, profiles.setdefault(key_of(action), Profile()), watch, unasked)


def take_in(
    action: Action, profile: Profile, watch: Watch, unasked: Mapping[str, tuple[str, ...]]
) -> tuple[Deviation, ...]:
    """Add an action to its profile, which also notes what was unusual about it."""
    is_unasked = action.mode in unasked.get(action.agent, ())
    found = tuple(watch.judge(action, profile, unasked_mode=is_unasked))
    at = action.at or action.observed_at
    for one in found:
        profile.note(Noted(one.kind, one.subject, one.why, at, action.session_id or ""))
    profile.add(action, unasked_mode=is_unasked)
    return found


def lines(deviations: Iterable[Deviation]) -> Iterator[str]:
    """A line each."""
    for deviation in deviations:
        action = deviation.action
        at = (action.at or action.observed_at).astimezone()
        where = f"{action.agent} ({action.owner or '-'}) in {action.project or 'no project'}"
        yield f"{at:%Y-%m-%d %H:%M}  {deviation.kind.replace('_', ' ')}: {deviation.subject}  {where}  {deviation.why}"
