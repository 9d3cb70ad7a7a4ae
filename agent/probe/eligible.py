"""Which servers may be asked: those that the policy sanctions, and that somebody set up who may."""

from __future__ import annotations

from collections.abc import Iterable

from agent.records import Approval, McpServer


def refusal(server: McpServer, approvals: Iterable[Approval]) -> str:
    """Why a server is not asked, in words; empty: it may be."""
    if server.sanction != "sanctioned":
        return f"the policy does not sanction it ({server.sanction})"
    if not server.effective:
        return "its client does not use this definition"
    approval = next((each for each in approvals if each.server_id == server.id), None)
    if approval and approval.state in ("denied", "pending"):
        return f"its client may not start it: {approval.state}"
    if server.scope == "project" and (approval is None or approval.state != "approved"):
        return "it comes with a project, and nobody is known to have approved it"
    if server.transport not in ("stdio", "http", "sse"):
        return "how to talk to it is not known"
    return ""
