"""What Rollcall says of one place, and how far it is from what the client does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from agent.records.posture import ApprovalMode, Network, Sandbox
from tests.conformance.combination import Behaviour

Record = dict[str, Any]
Direction = Literal["dangerous", "cautious"]
_ORDERS = {"mode": get_args(ApprovalMode), "sandbox": get_args(Sandbox), "network": get_args(Network)}


@dataclass(frozen=True)
class Claim:
    """Rollcall's answer for one place."""

    mode: ApprovalMode
    sandbox: Sandbox
    network: Network
    rules: tuple[Record, ...]
    servers: Mapping[str, str]
    """The transport of each server in effect."""
    denied: frozenset[str]


@dataclass(frozen=True)
class Difference:
    """One thing that is not as Rollcall says; dangerous where Rollcall says what is safer than the truth."""

    direction: Direction
    text: str


def claim(records: list[Record], agent: str, owner: str, project: str) -> Claim:
    """What the records say of an agent of an owner in a project."""
    own = [r for r in records if r.get("agent") == agent and r.get("owner") in (owner, None)]
    effective = [r for r in own if r["kind"] == "posture" and r["basis"] == "effective" and r["owner"] == owner]
    postures = {r["project"]: r for r in effective}
    posture = postures.get(project) or postures[None]
    servers = [r for r in own if r["kind"] == "mcp_server" and r["project"] in (project, None)]
    states = {r["server_id"]: r["state"] for r in own if r["kind"] == "approval"}
    on = {s["name"]: s["transport"] for s in servers if s["effective"] and project not in _lost(s, servers)}
    denied = {s["name"] for s in servers if s["effective"] and states.get(s["id"]) == "denied"}
    return Claim(
        posture["approval_mode"], posture["sandbox"], posture["network"], tuple(posture["rules"]), on, frozenset(denied)
    )


def _lost(server: Record, servers: list[Record]) -> set[str]:
    """Projects in which another definition of the name stands before this one."""
    return {s["project"] for s in servers if s["id"] in server["shadowed_by"] and s["project"]}


def differences(said: Claim, done: Behaviour) -> Iterator[Difference]:
    """Where the two part."""
    if done.refused:
        return
    for aspect in ("mode", "sandbox", "network"):
        truth, told = getattr(done, aspect), getattr(said, aspect)
        if truth is not None:
            yield from _ordered(aspect, told, truth)
    told = {"command": ("command",), "edit": ("path",), "server": ("server", "tool")}
    for probe in sorted(done.unasked) if said.mode in ("asks_always", "asks_risky") else ():
        if not _names(said.rules, told[probe]):
            yield Difference("dangerous", f"mode {said.mode} and no rule for it, but {probe} unasked")
    if done.mode is None and not done.unasked and said.mode in ("auto_approves", "bypasses"):
        yield Difference("cautious", f"mode {said.mode}, but nothing ran unasked")
    if done.servers is not None:
        yield from _servers(said, done.servers)


def _ordered(aspect: str, told: str, truth: str) -> Iterator[Difference]:
    order = _ORDERS[aspect]
    if order.index(told) != order.index(truth):
        direction: Direction = "dangerous" if order.index(told) < order.index(truth) else "cautious"
        if told == "unknown":
            direction = "cautious"
        yield Difference(direction, f"{aspect} {told}, but {truth}")


def _names(rules: tuple[Record, ...], subjects: tuple[str, ...]) -> bool:
    """Whether a rule allows just what was probed; one that allows everything is a mode, and must be told as one."""
    probes = ("note", "edited", "probe")
    allowed = (rule["pattern"] for rule in rules if rule["effect"] == "allow" and rule["subject"] in subjects)
    return any(probe in pattern for pattern in allowed for probe in probes)


def _servers(said: Claim, truth: Mapping[str, str]) -> Iterator[Difference]:
    for name, transport in truth.items():
        if name not in said.servers:
            yield Difference("dangerous", f"server {name} is on, but not in effect")
        elif name in said.denied:
            yield Difference("dangerous", f"server {name} is on, but denied")
        elif said.servers[name] != transport:
            unknown = said.servers[name] == "unknown"
            yield Difference(
                "cautious" if unknown else "dangerous", f"server {name} is {transport}, but {said.servers[name]}"
            )
    for name in said.servers.keys() - truth.keys() - said.denied:
        yield Difference("cautious", f"server {name} in effect, but off")
