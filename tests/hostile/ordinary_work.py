"""What bob changes in a day of ordinary work, each thing under a name of its own, and when the journal knew of it."""

from __future__ import annotations

import itertools
import json
import re
import time
from collections import defaultdict, deque
from collections.abc import Callable
from datetime import UTC, datetime

from tests.hostile.world import Daemon, World

_NAME = re.compile(rb"bobs-[a-z]+-\d+")
_KEPT = 12
"""Servers and rules that stay in a file of his."""


class OrdinaryWork:
    """One deed after the other; `told` and `waiting` hold what became of each."""

    def __init__(self, world: World, daemon: Daemon) -> None:
        self._world, self._daemon = world, daemon
        self._numbers = itertools.count(1)
        self._names: dict[str, deque[str]] = defaultdict(lambda: deque(maxlen=_KEPT))
        self._seen = 0
        self.waiting: dict[str, float] = {}
        self.told: dict[str, float] = {}
        """Seconds until the journal knew."""
        self._deeds: tuple[Callable[[str], None], ...] = (
            self._server, self._project, self._skill, self._rule, self._codex, self._agent, self._editor, self._call,
        )  # fmt: skip

    def next(self) -> None:
        """The next deed."""
        number = next(self._numbers)
        deed = self._deeds[number % len(self._deeds)]
        name = f"bobs-{deed.__name__.strip('_')}-{number}"
        self.waiting[name] = time.monotonic()
        deed(name)

    def look(self) -> None:
        """Read what came into the journal, and take off what waits for it."""
        for body in self._daemon.bodies(self._seen):
            self._seen += 1
            for found in _NAME.findall(body):
                begun = self.waiting.pop(found.decode(), None)
                if begun is not None:
                    self.told[found.decode()] = time.monotonic() - begun

    def _kept(self, place: str, name: str) -> list[str]:
        self._names[place].append(name)
        return list(self._names[place])

    def _servers(self, place: str, *names: str) -> dict[str, object]:
        kept = [self._kept(place, name) for name in names] or [list(self._names[place])]
        return {"mcpServers": {each: {"command": "npx", "args": [each]} for each in kept[-1]}}

    def _server(self, *names: str) -> None:
        """A server of his own; the client keeps the projects that it was started in in the same file."""
        projects = {f"/home/bob/src/{each}": {} for each in self._names["projects"]}
        self._world.write("bob", ".claude.json", {**self._servers("user", *names), "projects": projects})

    def _project(self, name: str) -> None:
        self._world.write("bob", f"src/{name}/.git/HEAD", "ref: refs/heads/main\n")
        self._world.write("bob", f"src/{name}/.mcp.json", self._servers(name, name))
        self._kept("projects", name)
        self._server()

    def _skill(self, name: str) -> None:
        self._world.write("bob", f".claude/skills/{name}/SKILL.md", f"---\nname: {name}\n---\nText.\n")

    def _rule(self, name: str) -> None:
        allow = [f"Bash({each} *)" for each in self._kept("rules", name)]
        self._world.write("bob", ".claude/settings.json", {"permissions": {"allow": allow}})

    def _codex(self, name: str) -> None:
        sections = (f'[mcp_servers.{each}]\ncommand = "npx"\n' for each in self._kept("codex", name))
        self._world.write("bob", ".codex/config.toml", "".join(sections))

    def _editor(self, name: str) -> None:
        self._world.write("bob", ".cursor/mcp.json", self._servers("cursor", name))

    def _agent(self, name: str) -> None:
        agent = f"/home/bob/.local/share/claude/versions/{name}"
        self._world.start("bob", "/bin/sh", "-c", f"install -D /bin/sleep {agent} && exec {agent} 20")

    def _call(self, name: str) -> None:
        """A call of his agent's, in its transcript."""
        use = {"type": "tool_use", "id": f"toolu_{name}", "name": f"mcp__{name}__read", "input": {}}
        result = {"type": "tool_result", "tool_use_id": f"toolu_{name}", "content": "text"}
        common = {
            "sessionId": name, "cwd": "/home/bob/src", "version": "2.0.1",
            "timestamp": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        }  # fmt: skip
        lines = (
            {"type": "assistant", "uuid": "1", **common, "message": {"role": "assistant", "content": [use]}},
            {"type": "user", "uuid": "2", **common, "message": {"role": "user", "content": [result]}},
        )
        text = "".join(json.dumps(line) + "\n" for line in lines)
        self._world.write("bob", f".claude/projects/-home-bob-src/{name}.jsonl", text)
