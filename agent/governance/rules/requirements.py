"""Rules about controls that the policy requires and that are off: missing, ignored or overridden."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from agent.governance.policy.requirements import RequiredHook
from agent.governance.rules.rule import Rule, RuleContext, proof
from agent.records import AiAgent, Artifact, Posture, Proof
from agent.records.posture import Setting

_OFF = "disableAllHooks"
_MANAGED_ONLY = "allowManagedHooksOnly"


def _hooks(agent: AiAgent, facts: RuleContext) -> Iterable[Proof]:
    # What is merely installed for everybody runs under accounts, and is asked about there.
    for wanted in facts.policy.require.hook if agent.owner is not None else ():
        if fnmatchcase(agent.agent, wanted.agent):
            yield from _hook(agent, wanted, facts)


def _hook(agent: AiAgent, wanted: RequiredHook, facts: RuleContext) -> Iterator[Proof]:
    what = f"{wanted.program} at {wanted.event}"
    found = [hook for hook in facts.of("artifact") if _is_it(hook, agent, wanted)]
    settings = _settings_of(agent, facts)
    if not found:
        yield proof("the policy requires a hook that is not there", what)
    elif settings.get(_OFF) is True:
        yield proof("all hooks are switched off", what)
    elif settings.get(_MANAGED_ONLY) is True and not any(hook.scope == "managed" for hook in found):
        yield proof("only hooks of administrators run, and it is none", what)
    elif start := next(_starts_without_hooks(agent, facts), None):
        yield proof("all hooks are switched off where it is started by", start.evidence.source)


def _starts_without_hooks(agent: AiAgent, facts: RuleContext) -> Iterator[Posture]:
    """What starts of the agent bring in that switches hooks off."""
    for posture in facts.of("posture"):
        mine = (posture.owner, posture.agent, posture.basis) == (agent.owner, agent.agent, "configured")
        if mine and posture.set_by == "flag" and any((s.key, s.value) == (_OFF, True) for s in posture.settings):
            yield posture


def _is_it(hook: Artifact, agent: AiAgent, wanted: RequiredHook) -> bool:
    return (
        hook.artifact == "hook"
        and hook.agent == agent.agent
        and hook.owner in (agent.owner, None)
        # One of a project runs nowhere else.
        and (hook.scope == wanted.scope if wanted.scope else hook.scope not in ("project", "local"))
        and hook.name == wanted.event
        and fnmatchcase(hook.program or "", wanted.program)
    )


def _settings_of(agent: AiAgent, facts: RuleContext) -> dict[str, object]:
    postures = (p for p in facts.of("posture") if (p.owner, p.agent, p.project) == (agent.owner, agent.agent, None))
    return {s.key: s.value for p in postures if p.basis == "effective" for s in p.settings}


def _settings(posture: Posture, facts: RuleContext) -> Iterable[Proof]:
    for wanted in facts.policy.require.setting if posture.basis == "effective" and posture.owner else ():
        if not fnmatchcase(posture.agent, wanted.agent):
            continue
        if wanted.key not in _told(posture, facts):
            yield proof(f"whether {wanted.key} holds cannot be seen of", posture.agent)
            continue
        held = next((setting for setting in posture.settings if setting.key == wanted.key), None)
        if held is None:
            yield proof(f"{wanted.key} is not set; the policy requires", wanted.value)
        elif held.value != wanted.value:
            yield proof(f"{wanted.key} is {held.value}, set by {held.set_by}; the policy requires", wanted.value)


def _telemetry(posture: Posture, facts: RuleContext) -> Iterable[Proof]:
    asked = any(fnmatchcase(posture.agent, wanted.agent) for wanted in facts.policy.require.telemetry)
    if not asked or posture.basis != "effective" or not posture.owner:
        return
    client = facts.catalog.clients.get(posture.agent)
    switches = client.permissions.telemetry if client and client.permissions else {}
    if not switches:
        yield proof("whether it reports what it does cannot be seen of", posture.agent)
    elif not any(_is_on(setting, switches) for setting in posture.settings):
        yield proof("does not report what it does; it would by", " or ".join(switches))


def _unverified(posture: Posture, facts: RuleContext) -> Iterable[Proof]:
    if posture.basis != "effective" or not posture.owner or posture.project or posture.version_known is not False:
        return
    wanted = facts.policy.require
    agents = [*(hook.agent for hook in wanted.hook), *(setting.agent for setting in wanted.setting)]
    agents += [telemetry.agent for telemetry in wanted.telemetry]
    if any(fnmatchcase(posture.agent, agent) for agent in agents):
        yield proof("nobody has checked that this version still does what the policy requires", posture.client_version)


def _is_on(setting: Setting, switches: dict[str, tuple[str, ...]]) -> bool:
    word = str(setting.value).lower()
    values = switches.get(setting.key, ())
    return word in values or ("*" in values and word not in ("", "none", "false", "0"))


def _told(posture: Posture, facts: RuleContext) -> frozenset[str]:
    client = facts.catalog.clients.get(posture.agent)
    return frozenset(key for part in (client.posture if client else ()) for key in part.tells)


_CONTROLS = ("A.6", "A.9", "clause 9")

RULES = (
    Rule("require.hook", "Required hook that does not run", "high", "ai_agent", _CONTROLS,
         "Put the hook back, in managed settings so that it stays; look at what ran without it.", _hooks,
         cross_record=True),
    Rule("require.setting", "Required setting that is not in force", "high", "posture", _CONTROLS,
         "Set it in managed settings, and find out who overrode it.", _settings),
    Rule("require.telemetry", "Required telemetry that is off", "high", "posture", _CONTROLS,
         "Switch it on in managed settings.", _telemetry),
    Rule("require.unverified", "Required control not verified since an update", "medium", "posture", _CONTROLS,
         "See with this version that hooks run and settings hold, and update Rollcall.", _unverified),
)  # fmt: skip
