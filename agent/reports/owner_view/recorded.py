"""What is recorded of a person and what is not, a sentence each, as the settings of the machine make it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from agent.records import AiAgent, Artifact, Connection, Instance, McpServer, Owner, Posture, SignIn, Tool
from agent.reports.owner_view.subject import Keeping, OwnerView

_MOST_NAMES = 12

NOT_RECORDED = (
    "What you ask an AI agent, what it answers, and what it thinks: not a word, not even as a hash.",
    "What is in your files, and what agents changed in them.",
    "The text of commands, their output, and the paths of files that an agent opened.",
    "Passwords and keys: of variables and headers only the names; in command lines and addresses they are replaced "
    "where they are read.",
    "The content of skills, hooks and rules; of them only name, place and a checksum.",
    "Which web sites you visit, your mail and chats, your keystrokes, your screen, your location.",
    "Programs that have nothing to do with AI agents or MCP servers.",
)


def recorded(view: OwnerView) -> Iterator[str]:
    """What there is now, with the names."""
    machine = view.machine
    for owner in machine.of(Owner):
        name = f", full name {owner.full_name}" if owner.full_name else ""
        groups = f", groups {_names(owner.groups)}" if owner.groups else ""
        yield f"Your account: {owner.owner}{name}, home {owner.home}{groups}."
    yield f"AI agents: {_names(agent.name for agent in machine.of(AiAgent))}; with version and where they were seen."
    yield f"MCP servers: {_names(server.name for server in machine.of(McpServer))}; with what they start and reach."
    settings = len([posture for posture in machine.of(Posture) if posture.basis == "configured"])
    yield f"What your agents may do without asking, from {settings} settings."
    if signed_in := machine.of(SignIn):
        yield f"Who you are signed in as: {_names(sign_in.account for sign_in in signed_in)}."
    if artifacts := machine.of(Artifact):
        yield f"Skills, hooks, plug-ins and rules of agents: {len(artifacts)}, by name, place and checksum."
    if tools := machine.of(Tool):
        yield f"Tools of MCP servers: {len(tools)}, by name."
    if running := machine.of(Instance):
        yield f"Running now: {_names(instance.name for instance in running)}; with the folder they work in."
    if hosts := {c.host or c.remote or "" for c in machine.of(Connection) if c.relation == "established"}:
        yield f"What those are connected to: {_names(hosts)}."
    yield actions(view)


def actions(view: OwnerView) -> str:
    """What is told of what agents did."""
    keeping = view.keeping
    if not (keeping.whole or keeping.journal):
        return "What your agents did: as the settings of the service say, which are not read here."
    if keeping.actions == "off" or not keeping.journal:
        return "What your agents did: nothing."
    if keeping.actions == "counts":
        return "What your agents did: only how many actions there were in an hour, and how they were decided."
    programs = " and of a shell command the names of well-known programs" if keeping.programs else ""
    count = sum(done.calls for done in view.machine.activities)
    return (
        f"What your agents did: of each action its time, its kind, the tool's name, the project's folder, whether "
        f"somebody was asked, how it ended{programs}. {count:,} in the last 30 days."
    )


def kept(keeping: Keeping) -> Iterator[str]:
    """Where it goes."""
    if not keeping.whole:
        yield _SERVICE
    if keeping.journal:
        yield f"It is kept on this machine, in {keeping.journal}, for {keeping.days:g} days; longer if unsent."
    else:
        yield "This page is from one look, of which nothing is kept."
    if keeping.sent_to:
        yield f"It is sent to {_names(keeping.sent_to)}, which your organisation set up."
    elif keeping.whole or keeping.journal:
        yield "It is sent to nobody."


_SERVICE = (
    "Where your organisation runs Rollcall as a service on this machine, that keeps and sends records by its own "
    "settings, which are not read here; an administrator can make this page from them."
)
OWN_EYES = (
    "`rollcall --once --format ndjson` shows every record as it is, `rollcall actions` each action, and "
    "`rollcall explain FILE` what is read from a file. docs/privacy.md says which settings make it less."
)


def _names(names: Iterable[str]) -> str:
    found = sorted(set(names))
    more = f" and {len(found) - _MOST_NAMES} more" if len(found) > _MOST_NAMES else ""
    return (", ".join(name if len(name) <= 80 else f"{name[:79]}…" for name in found[:_MOST_NAMES]) or "none") + more
