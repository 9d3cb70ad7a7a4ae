"""Thirty days of three developers: what was planted is found, and next to nothing else is."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from agent.governance.behaviour.deviations import Deviation
from agent.governance.behaviour.replay import lines, replay
from agent.records import Evidence
from agent.records.action import Action
from collectors.transcripts.programs import risks

START = datetime(2026, 10, 1).astimezone()
DAYS, DEVELOPERS = 30, ("ada", "bob", "cyd")
TOOLS = [("shell", "Bash"), ("file_read", "Read"), ("file_read", "Grep"), ("file_write", "Edit"),
         ("file_write", "Write"), ("tool", "TodoWrite"), ("subagent", "Agent"), ("web", "WebFetch")]  # fmt: skip
PROGRAMS = ["git", "npm", "pytest", "ls", "cat", "grep", "python3", "make", "sed", "docker", "curl", "gh", "jq", "node",
            "mkdir", "cargo", "go", "rm", "find", "touch"]  # fmt: skip
SERVERS = {"tracker": ["find", "get", "comment"], "docs": ["search", "read"], "files": ["list", "read", "write"]}


@dataclass
class Developer:
    """One who works with one agent in two projects."""

    name: str
    dice: random.Random
    number: int = 0

    def action(self, at: datetime, session: str, project: str, **fields: Any) -> Action:
        self.number += 1
        told = {"action": "shell", "tool": "Bash", "decision": "rule", "result": "ok", "mode": "default", **fields}
        return Action(
            endpoint_id="e",
            owner=self.name,
            evidence=Evidence(collector="actions"),
            observed_at=at,
            agent="claude-code",
            session_id=session,
            call_id=f"{self.name}-{self.number}",
            at=at,
            project=project,
            **told,
        )

    def ordinary(self, at: datetime, session: str, project: str) -> Action:
        dice = self.dice
        result = dice.choices(["ok", "error", "denied"], [91, 8, 1])[0]
        ending = {
            "result": result,
            "decision": "denied" if result == "denied" else dice.choice(["rule", "auto", "user"]),
        }
        if dice.random() < 0.12:
            server = dice.choices([*SERVERS], [6, 3, 1])[0]
            tool = dice.choice(SERVERS[server])
            return self.action(
                at,
                session,
                project,
                action="mcp",
                tool=f"mcp__{server}__{tool}",
                mcp_server=server,
                mcp_tool=tool,
                **ending,
            )
        kind, tool = dice.choices(TOOLS, [40, 30, 15, 20, 5, 6, 1, 2])[0]
        programs = (
            dice.choices(PROGRAMS, [1 / (rank + 1) for rank in range(len(PROGRAMS))])[:1] if kind == "shell" else []
        )
        return self.action(at, session, project, action=kind, tool=tool, programs=tuple(programs), **ending)

    def month(self) -> Iterator[Action]:
        for day in range(DAYS):
            morning = START + timedelta(days=day)
            if morning.weekday() >= 5 and self.dice.random() < 0.9:
                continue
            for number in range(self.dice.randint(3, 8)):
                at = morning + timedelta(hours=self.dice.triangular(8, 20, 11), minutes=self.dice.random() * 30)
                project = self.dice.choices(["/code/app", "/code/lib"], [4, 1])[0]
                for _ in range(self.dice.randint(8, 60)):
                    at += timedelta(seconds=self.dice.expovariate(1 / 25) + 1)
                    yield self.ordinary(at, f"{self.name}-{day}-{number}", project)

    def planted(self) -> list[tuple[str, list[Action]]]:
        """What should be found, by its kind."""
        day = START + timedelta(days=24, hours=14)

        def do(offset: float, session: str, **fields: Any) -> Action:
            return self.action(day + timedelta(minutes=offset), f"{self.name}-x-{session}", "/code/app", **fields)

        mcp = {"action": "mcp", "tool": "mcp__m__t", "programs": ()}
        refused = {"decision": "denied", "denied_by": "user", "result": "denied"}
        return {
            "ada": [
                ("first_server", [do(0, "a", **mcp, mcp_server="ledger", mcp_tool="balance")]),
                ("destructive_tool", [do(60, "b", **mcp, mcp_server="files", mcp_tool="delete_all")]),
                ("burst", [do(120 + n / 60, "c", action="file_read", tool="Read") for n in range(400)]),
                ("failing_loop", [do(180 + n, "d", tool="Other", result="error") for n in range(9)]),
            ],
            "bob": [
                ("risky_program", [do(0, "a", programs=("twine",))]),
                ("risky_program", [do(30, "b", programs=("kubectl",))]),
                ("risky_program", [do(60, "c", programs=("scp",))]),
                ("denied_then_otherwise", [do(90, "d", action="web", tool="WebFetch", programs=(), **refused),
                                           do(92, "d", programs=("wget",))]),
            ],
            "cyd": [
                ("unusual_hour", [do(-11 * 60, "a", action="file_read", tool="Read")]),
                ("first_bypass", [do(30, "b", mode="bypassPermissions", decision="auto")]),
                ("denied_then_otherwise", [do(60, "c", action="file_write", tool="Write", programs=(), **refused),
                                           do(61, "c", programs=("tee",))]),
                ("after_new_server", [do(90, "d", **mcp, mcp_server="weather", mcp_tool="get"),
                                      do(93, "d", programs=("rclone",))]),
            ],
        }[self.name]  # fmt: skip


def found(actions: list[Action]) -> list[Deviation]:
    ordered = sorted(actions, key=lambda action: action.at or action.observed_at)
    return list(replay(ordered, risks(), {"claude-code": ("bypassPermissions",)}))


def test_what_is_planted_is_found_and_next_to_nothing_else() -> None:
    planted, missed, false = 0, [], 0
    for number, name in enumerate(DEVELOPERS):
        developer = Developer(name, random.Random(number))
        month = list(developer.month())
        alarms = found(month)
        false += len(alarms)
        print("\n".join(lines(alarms)))
        cases = developer.planted()
        deviations = found([*month, *(action for _, actions in cases for action in actions)])
        for kind, actions in cases:
            ids = {action.call_id for action in actions}
            planted += 1
            if not any(one.kind == kind and one.action.call_id in ids for one in deviations):
                missed.append((name, kind))
    weeks = len(DEVELOPERS) * DAYS / 7
    print(
        f"{planted - len(missed)} of {planted} planted deviations found;",
        f"{false / weeks:.2f} false alarms a developer and week",
    )
    assert planted == 12 and not missed
    assert false / weeks <= 1
