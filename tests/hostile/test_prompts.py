"""What people write to their agents on the command line: counted, and nowhere told."""

from __future__ import annotations

import json

from tests.hostile.world import World

PROMPT = "Draft a warning letter to Jane Miller about her sick leave"
CLAUDE = ".local/share/claude/versions/2.0.1"
CODEX = "lib/node_modules/@openai/codex/bin/codex.js"
COPILOT = "lib/node_modules/@github/copilot/index.js"
CURSOR = ".local/share/cursor-agent/versions/1/index.js"
GOOSE = "Goose.app/Contents/goose.py"
FORMS = {
    (CLAUDE, "-p", PROMPT): ["-p"],
    (CLAUDE, PROMPT): [],
    (CLAUDE, "--append-system-prompt", PROMPT): ["--append-system-prompt"],
    (CLAUDE, "--resume", PROMPT): ["--resume"],
    (CLAUDE, "--model", "opus", PROMPT): ["--model", "opus"],
    (CODEX, "exec", PROMPT): ["exec"],
    (COPILOT, "-p", PROMPT): ["-p"],
    (CURSOR, PROMPT): [],
    (GOOSE, "run", "-t", PROMPT): ["run", "-t"],
}
"""Where an agent's program lies and its command line, and what may be told of that."""


def test_no_prompt_on_a_command_line_leaves(world: World) -> None:
    world.put("alice", {program: "import time\ntime.sleep(600)\n" for program, *_ in FORMS})
    for program, *words in FORMS:
        world.start("alice", "/usr/bin/python3", f"/home/alice/{program}", *words)
    with world.daemon() as daemon:
        daemon.wait(lambda: len({r["pid"] for r in daemon.journaled("instance")}) >= len(FORMS), 30)
        seen = {(r["args"][0].removeprefix("/home/alice/"), *r["args"][1:]) for r in daemon.journaled("instance")}
        assert seen == {(program, *FORMS[program, *words]) for program, *words in FORMS}
        assert all(record["args_withheld"] == 1 for record in daemon.journaled("instance"))
        everything = json.dumps(daemon.entries()) + (daemon.folder / "log").read_text() + daemon.status()
        assert "Jane" not in everything
