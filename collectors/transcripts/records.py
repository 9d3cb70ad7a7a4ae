"""Makes the records of actions out of joined calls: kinds, servers and modes by the client's catalog entry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypedDict

from agent.records import Evidence
from agent.records.action import Action, ActionKind, Decision, DeniedBy, Result, ToldBy
from agent.records.base import unchecked
from collectors.catalog.actions import Actions
from collectors.catalog.version_numbers import release
from collectors.transcripts.calls import TELEMETRY, Call, Calls, Event
from collectors.transcripts.mcp_names import Meant, resolve, tool_of

NAME = "actions"


_make = unchecked(Action)


class _Shared(TypedDict):
    """What calls and events of a session have in common."""

    endpoint_id: str
    owner: str
    evidence: Evidence
    agent: str
    told_by: tuple[ToldBy, ...]
    session_id: str | None
    at: datetime | None
    parent_session: str | None
    client_version: str | None
    project: str | None
    model: str | None
    provider: str | None
    mode: str | None


@dataclass(frozen=True, slots=True)
class Scene:
    """Where actions were read: what all of them have in common."""

    endpoint_id: str
    owner: str
    agent: str
    actions: Actions
    servers: Mapping[str, str]
    """Names of the servers that are defined for this agent and owner, by what the client calls them."""
    project: Callable[[str], str | None]
    """The project that a folder lies in."""
    evidence: Callable[[str], Evidence]
    """Of what a file tells; "" for what none does."""
    programs: bool = True
    """Whether the programs of shell actions are told."""
    own: dict[str, ActionKind] = field(init=False)
    """What the client's own tools do."""

    def __post_init__(self) -> None:
        kinds = reversed(self.actions.kinds.items())
        object.__setattr__(self, "own", {name: kind for kind, names in kinds for name in names})


def record(scene: Scene, calls: Calls, found: Call | Event) -> Action:
    """The record of a call or of an event of a session."""
    around = calls.around(found.session, found.group)
    mode = found.mode or around.mode
    shared = _Shared(
        endpoint_id=scene.endpoint_id,
        owner=scene.owner,
        evidence=scene.evidence("" if found.source == TELEMETRY else found.source),
        agent=scene.agent,
        told_by=_told_by(found),
        session_id=found.session or None,
        at=found.at,
        parent_session=around.parent_session,
        client_version=around.version,
        project=scene.project(around.folder) if around.folder else None,
        model=around.model,
        provider=around.provider,
        mode=mode if mode in scene.actions.modes else "unknown" if mode else None,
    )
    return _make(action=found.action, **shared) if isinstance(found, Event) else _call(scene, found, shared)


def _call(scene: Scene, call: Call, shared: _Shared) -> Action:
    """With what the call says."""
    meant = _meant(scene, call)
    kind = _kind(scene, call, meant)
    decision, denied_by, result = _judged(call, is_unasked=shared["mode"] in scene.actions.unasked)
    bare = meant is None and kind == "mcp"
    if result == "ok" and (bare or (kind == "mcp" and not _tells_errors(scene.actions, shared["client_version"]))):
        result = "unknown"
    return _make(
        **shared,
        action=kind,
        call_id=call.id,
        duration_ms=call.duration_ms if call.duration_ms is not None else _between(call),
        tool=call.tool,
        inner_tool=_inner_tool(call, meant),
        mcp_server=meant.server if meant else None,
        mcp_tool=meant.tool if meant else call.tool if bare else None,
        server_resolved=meant.resolved if meant else "ambiguous" if bare else None,
        decision=decision,
        denied_by=denied_by,
        result=result,
        programs=call.programs if kind == "shell" and scene.programs else (),
    )


def _judged(call: Call, is_unasked: bool) -> tuple[Decision, DeniedBy | None, Result]:
    """Decision, who refused it, and result: where nobody is asked no person refuses anything."""
    result = call.result or "unknown"
    if call.interrupted and result in ("denied", "unknown") and (is_unasked or call.ran):
        return "auto" if is_unasked else "unknown", None, "cancelled"
    if not is_unasked:
        return call.decision or "unknown", call.denied_by, result
    decision = call.decision or ("auto" if call.ran or result == "ok" else "unknown")
    return decision, "mode" if call.denied_by == "user" else call.denied_by, result


def _tells_errors(actions: Actions, version: str | None) -> bool:
    """Whether the client, in this version, notes what an MCP server called an error as one."""
    since, used = release(actions.mcp_errors_since), release(version or "")
    return since is None or (used is not None and used >= since)


def _told_by(found: Call | Event) -> tuple[ToldBy, ...]:
    if isinstance(found, Event) or not found.heard:
        return ("transcript",)
    return ("transcript", "telemetry") if found.read else ("telemetry",)


def _between(call: Call) -> int | None:
    """Milliseconds from the asking to the answer."""
    if call.asked_at is None or call.answered_at is None:
        return None
    return max(0, int((call.answered_at - call.asked_at).total_seconds() * 1000))


def _meant(scene: Scene, call: Call) -> Meant | None:
    if call.server:
        tool = call.mcp_tool or tool_of(call.inner_tool or call.tool, call.server, scene.actions.mcp)
        defined = scene.servers.get(call.server)
        return Meant(defined or call.server, tool, "definition" if defined else "name")
    name = call.inner_tool or call.tool
    if name and call.namespace:
        name = f"{call.namespace.removesuffix('__')}__{name}"
    if name and name not in scene.own:
        return resolve(name, scene.actions.mcp, scene.servers)
    return None


def _inner_tool(call: Call, meant: Meant | None) -> str | None:
    """What a bridge was asked for; a name taken out of a script counts only where it is that of a server's tool."""
    if call.inner_tool == call.tool or (call.namespace and not meant):
        return None
    return call.inner_tool


def _kind(scene: Scene, call: Call, meant: Meant | None) -> ActionKind:
    if call.action:
        return call.action
    if meant:
        return "mcp"
    names = [name for name in (call.inner_tool, call.tool) if name]
    known = next((kind for name in names if (kind := scene.own.get(name))), None)
    if known:
        return known
    return "mcp" if scene.actions.bare_mcp and call.tool and call.result == "ok" else "tool"
