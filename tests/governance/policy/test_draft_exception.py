"""The exception for a finding: read back by the policy it covers that one, and says what else it would."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from agent.governance.policy.draft_exception import covered, draft_exception
from agent.governance.policy.model import parse_policy
from agent.records import Finding, McpServer
from tests import made
from tests.reports.test_findings import finding

UNTIL = (datetime.now(UTC) + timedelta(days=3)).date()


def about(server: McpServer) -> Finding:
    return finding(server.id, owner=server.owner, agent=server.agent)


def test_what_is_printed_is_a_policy_whatever_the_names_hold() -> None:
    for name in ("plain", 'a "b" \\ c', "x*[1]?", "tab\tnew\nline\x7f\u202e", "\U0001f600"):
        server = made.server(name)
        draft = draft_exception(about(server), server, name, UNTIL, name)
        text = "\n".join(draft.toml())
        assert all(line.isprintable() for line in text.split("\n"))
        (read,) = parse_policy(f'version = "1"\n{text}', "policy.toml").exception
        assert read == draft.exception and (read.reason, read.owner) == (name, name)
        other = made.server(f"{name}1")
        records = [server, other, about(server), about(other)]
        assert [one.subject_id for one in covered([draft], records)] == [server.id]


def test_what_else_it_would_cover_is_known() -> None:
    here, there = made.server("same", path="/a.json"), made.server("same", path="/b.json")
    draft = draft_exception(about(here), here, "r", UNTIL, "Dana")
    assert len(covered([draft], [here, there, about(here), about(there)])) == 2
    resolved = about(there).changed(state="resolved")
    assert covered([draft], [there, resolved]) == []
