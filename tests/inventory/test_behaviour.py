"""What the inventory adds to what agents did: the hosts that their processes are connected to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from agent.inventory.behaviour import Behaviour, supervision
from agent.journal.journal import Journal
from agent.records import Connection, Evidence, Instance, Record
from agent.records.action import Action
from tests.collectors.transcripts.driven_homes import context_of

NOW = datetime.now(UTC)
PROOF = Evidence(collector="test")


@dataclass
class Known:
    known: tuple[Record, ...]

    def records(self, kind: str) -> Iterable[Record]:
        return [record for record in self.known if record.kind == kind]


def instance(pid: int, project: str | None, subject: str = "agent") -> Instance:
    return Instance.model_validate(
        {
            "endpoint_id": "e", "owner": "dev", "evidence": PROOF, "subject": subject, "agent": "codex",
            "name": "codex", "pid": pid, "started_at": NOW, "project": project,
        }
    )  # fmt: skip


def edge(of: Instance, remote: str, host: str | None = None, purpose: str = "other") -> Connection:
    return Connection.model_validate(
        {
            "endpoint_id": "e", "evidence": PROOF, "relation": "established", "from_id": of.id, "remote": remote,
            "host": host, "purpose": purpose,
        }
    )  # fmt: skip


def test_hosts_of_an_agents_processes_are_learned_durably_and_told(tmp_path: Path) -> None:
    at_work, elsewhere, server = instance(1, "/p"), instance(2, "/other"), instance(3, "/p", "mcp_server")
    edges = (
        edge(at_work, "198.51.100.1:443", "api.example"),
        edge(at_work, "203.0.113.7:443"),
        edge(at_work, "127.0.0.1:80", purpose="local"),
        edge(elsewhere, "203.0.113.8:443"),
        edge(server, "203.0.113.9:443"),
    )
    context = replace(context_of(tmp_path), view=Known((at_work, elsewhere, server, *edges)))
    journal = Journal.open(":memory:", "e")
    behaviour = Behaviour(journal, {}, {}, timedelta(0))
    assert behaviour.new_hosts(context) == {}  # nothing was done yet
    calls = [
        Action(
            endpoint_id="e", owner="dev", evidence=PROOF, agent="codex", action="shell", call_id=f"c{number}",
            at=NOW - timedelta(days=1), project="/p",
        )
        for number in range(60)
    ]  # fmt: skip
    with journal.transaction() as step:
        behaviour.add(step, calls)
    key = ("dev", "codex", "/p")
    new = behaviour.new_hosts(context)
    assert new == {key: {"api.example", "203.0.113.7", "203.0.113.8"}}
    with journal.transaction() as step:
        behaviour.add_hosts(step, new)
    behaviour.written()
    assert behaviour.new_hosts(context) == {}
    again = Behaviour(journal, {}, {}, timedelta(0))
    assert again.new_hosts(context) == {}
    told = supervision(context, key, again._profiles[key])
    assert told.hosts == ("203.0.113.7", "203.0.113.8", "api.example")
    assert {one.subject for one in told.deviations if one.kind == "first_host"} == set(told.hosts)
    journal.close()
