"""Names that would drive the terminal of whoever looks at them: no command prints them as they are."""

from __future__ import annotations

import json
import subprocess
import sys
import unicodedata

from tests.hostile.world import World

NAME = (
    "\x1b]0;own\x07\x1b[2J\x1b[31mred\x9b31m\x85\x90\r\nFAKE ROW\u202egnirts\u2028x\u2066y\x7f\x08\t\x0b"
    "\u061c\u200b\u200d\ufeff\u00ad\U000e0041\U000e007f\U0001f468\u200d\U0001f4bb"
)
SERVER = {"command": "/bin/" + NAME, "args": [NAME], "env": {NAME: "1"}}
SERVERS = {NAME: SERVER, "u" + NAME: {"url": f"https://h{NAME}.example/{NAME}", "headers": {NAME: "1"}}}
FILES = {
    ".claude.json": {"mcpServers": SERVERS, "projects": {"/home/alice/" + NAME: {"mcpServers": SERVERS}}},
    ".claude/settings.json": {
        "permissions": {"allow": [f"Bash({NAME})", f"mcp__{NAME}"], "deny": [NAME]},
        "model": NAME,
    },
    ".claude/agents/a\x1b[31m\nFAKE ROW.md": "x",
}
COMMANDS = (
    ("--once", "--format", "table"),
    ("--once", "--format", "json"),
    ("--once", "--format", "ndjson"),
    ("--once", "--all", "--color", "never"),
    ("--once", "--format", "cyclonedx"),
    ("--once", "--format", "ocsf"),
    ("findings", "--all", "--severity", "info"),
    ("findings", "server.missing", "server.no_identity"),
    ("findings", "--format", "csv"),
    ("findings", "--format", "sarif"),
    ("list", "servers"),
    ("list", "subagents", "--format", "csv"),
    ("ack", "server.missing", "server.no_identity", "--reason", NAME, "--until", "9d", "--by", NAME),
    ("owners", "--all"),
    ("graph",),
    ("graph", "--format", "dot"),
    ("graph", "--format", "json"),
    ("policy", "init"),
    ("policy", "explain"),
    ("policy", "explain", NAME),
    ("policy", "explain", "--format", "json"),
    ("owners",),
    ("graph", "--format", NAME),
    ("--root", "/home/alice/x\nFAKE ROW"),
    ("tools", "show", NAME),
    ("reach", NAME),
    ("policy", "check", "/home/alice/x\nFAKE ROW"),
    ("controls", "A.3", "A.4", "A.5", "A.6", "A.7", "A.9", "A.10", "clause 9", "clause 10"),
    ("rules", "show", NAME),
    ("catalog", "show", NAME),
    ("explain", "/home/alice/.claude.json", "/home/alice/.claude/settings.json", "/nowhere/x\x1b[31m\nFAKE ROW"),
    ("explain", "--format", "ndjson", "/home/alice/.claude.json"),
    ("baseline", "accept"),
)


def printed(world: World, *words: str) -> str:
    """All that a command prints."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LANG": "C.UTF-8"}
    environment["ROLLCALL_STATE__DIR"] = str(world.folder / "state")
    done = subprocess.run(
        world.command("root", sys.executable, "-m", "agent", *words),
        env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    assert b"Traceback" not in done.stderr
    return (done.stdout + done.stderr).decode("utf-8")


def faults(text: str) -> set[str]:
    """What may drive a terminal, and a line that a name has begun."""
    kinds = ("Cc", "Cf", "Zl", "Zp", "Cs", "Co")
    found = {f"U+{ord(char):04X}" for char in text if char != "\n" and unicodedata.category(char) in kinds}
    return found | {line for line in text.splitlines() if line.startswith("FAKE ROW")}


def test_no_command_prints_a_foreign_name_as_it_is(world: World) -> None:
    world.put("alice", FILES)
    told = {words: printed(world, *words) for words in COMMANDS}
    assert {words: faults(text) for words, text in told.items() if faults(text)} == {}
    names = [json.loads(line).get("name") for line in told["--once", "--format", "ndjson"].splitlines()]
    assert NAME in names and "red" in told["--once", "--format", "table"]
    world.put("alice", {".claude.json": {"mcpServers": {"new" + NAME: SERVER}}})
    difference = printed(world, "baseline", "diff")
    assert "new      mcp_server" in difference and "\ngone     " in difference
    assert faults(difference) == set()
