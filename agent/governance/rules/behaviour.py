"""Rules about what agents did: deviations from their own past, and what configuration does not show."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from agent.governance.rules.rule import Rule, RuleContext, proof
from agent.records import Proof
from agent.records.supervision import Supervision

if TYPE_CHECKING:
    from agent.governance.behaviour.deviations import Kind


def _seen(kind: Kind) -> Callable[[Supervision, RuleContext], Iterable[Proof]]:
    """Proof of each deviation of one kind."""

    def proofs(supervision: Supervision, facts: RuleContext) -> Iterable[Proof]:
        for deviation in supervision.deviations:
            if deviation.kind == kind:
                yield proof(f"{deviation.subject}: {deviation.why}", f"session {deviation.session_id or 'not told'}")

    return proofs


def _not_defined(supervision: Supervision, facts: RuleContext) -> Iterable[Proof]:
    for server in supervision.servers_not_defined:
        yield proof(f"{server} was called and is not defined")


_OPERATION = ("A.6", "clause 9")

RULES = (
    Rule("behaviour.first_bypass", "AI agent ran without approval checks for the first time", "high", "supervision",
         ("A.9", *_OPERATION), "Ask whether it was meant; lock the mode in managed settings.", _seen("first_bypass")),
    Rule("behaviour.denied_then_otherwise", "Refused action done by another way", "high", "supervision", _OPERATION,
         "Look at the session: a refusal was circumvented, or the refusal was too narrow.",
         _seen("denied_then_otherwise")),
    Rule("behaviour.after_new_server", "Risky action right after the first call of an MCP server", "high",
         "supervision", _OPERATION, "Check what the server answered: it may have injected an instruction.",
         _seen("after_new_server")),
    Rule("behaviour.destructive_tool", "First call of a destructive tool", "medium", "supervision", _OPERATION,
         "Ask whether it was meant; deny the tool where it is not needed.", _seen("destructive_tool")),
    Rule("behaviour.risky_program", "First program of a risky class", "medium", "supervision", _OPERATION,
         "Ask whether it was meant; deny the command where it is not needed.", _seen("risky_program")),
    Rule("behaviour.first_server", "First call of an MCP server", "low", "supervision", _OPERATION,
         "Check that the server is one that the work needs.", _seen("first_server")),
    Rule("behaviour.first_host", "First connection of an agent to a host", "low", "supervision", _OPERATION,
         "Find out what the host is for; allow only the hosts that are needed.", _seen("first_host")),
    Rule("behaviour.burst", "Burst of actions", "low", "supervision", _OPERATION,
         "Look at the session: the agent may be in a loop.", _seen("burst")),
    Rule("behaviour.failing_loop", "Loop of failing actions", "low", "supervision", _OPERATION,
         "Look at the session: the agent may be stuck, or try what it must not.", _seen("failing_loop")),
    Rule("behaviour.unusual_hour", "Actions at an unusual hour", "low", "supervision", _OPERATION,
         "Ask whether somebody was there.", _seen("unusual_hour")),
    Rule("behaviour.server_not_defined", "MCP server called that is not defined", "medium", "supervision",
         ("A.10", *_OPERATION), "Find out where the server was defined when it was called.", _not_defined),
)  # fmt: skip
