"""All attacks of this folder at once, each going on until the world ends."""

from __future__ import annotations

from typing import NamedTuple

from tests.hostile.attacks import CONNECT, SWAP

_CLAUDE = "/home/carol/.local/share/claude/versions/2.0.1"
_FOREVER = "1000000"
_REWRITE = """
import json, os, sys, time
path, pause, begin = sys.argv[1], float(sys.argv[2]), time.time()
os.makedirs(os.path.dirname(path), exist_ok=True)
def keep(content):
    with open(path + ".partial", "w") as file:
        file.write(content if isinstance(content, str) else json.dumps(content))
    os.rename(path + ".partial", path)
    time.sleep(pause)
def servers(count, args=("x",), prefix="s"):
    return {"mcpServers": {f"{prefix}{n}": {"command": "npx", "args": list(args)} for n in range(count)}}
turn = 0
while True:
    turn += 1
"""
_IN_TURN = """
    for document in (
        servers(1, ["${a b}" * 500_000]),
        {"mcpServers": {"a": {"command": "npx " + "a" * 3_000_000}}},
        servers(40, ["-c", *["a=1;b:2," * 2000] * 20]),
        servers(40, ["a://b " * 2700] * 20),
        {"mcpServers": {f"s{n}": {"url": "https://x/" + "${a}/" * 3200} for n in range(400)}},
        servers(2000, ["a=b:c,d;e"] * 390),
        "[" * 8_000_000,
        '{"mcpServers":[' + "[]," * 1_900_000 + "1]}",
        {"projects": {f"/home/alice/{'./' * n}w/0/{n % 100}": {} for n in range(2000)}},
        {"projects": {f"/home/alice/{'a/' * 2000}{n}": {} for n in range(500)}},
        "",
        servers(3),
    ):
        keep(document)
"""
_SECTIONS = r"""
    keep("\n".join(f"[a{turn}x{n}.b.c.d.e.f.g.h]\nx=1" for n in range(40_000)))
"""
_MANY_FILES = """
import os, sys, json
home, count = "/home/alice", int(sys.argv[1])
os.makedirs(f"{home}/.claude/commands", exist_ok=True)
os.makedirs(f"{home}/.claude/skills", exist_ok=True)
with open(f"{home}/.claude/commands/0.md", "wb") as file:
    file.truncate(16_000_000)
for n in range(1, count):
    os.link(f"{home}/.claude/commands/0.md", f"{home}/.claude/commands/{n}.md")
for n in range(count * 2):
    os.makedirs(f"{home}/.claude/skills/{n}")
    open(f"{home}/.claude/skills/{n}/SKILL.md", "w").write("x")
for n in range(count * 5):
    os.makedirs(f"{home}/w/{n // 100}/{n % 100}")
    json.dump({"mcpServers": {"a": {"command": "npx"}}}, open(f"{home}/w/{n // 100}/{n % 100}/.mcp.json", "w"))
"""
_COME_AND_GO = """
import os, sys, time, shutil
agent, count = sys.argv[1], int(sys.argv[2])
os.makedirs(os.path.dirname(agent), exist_ok=True)
shutil.copy("/bin/sleep", agent)
for n in range(count):
    os.spawnl(os.P_NOWAIT, agent, agent, "1000000")
for n in range(count // 4):
    os.spawnl(os.P_NOWAIT, agent, agent, *['a=b;c:d,"e" ' * 1300] * 7, "1000000")
while True:
    os.waitpid(os.spawnl(os.P_NOWAIT, agent, agent, "0.02"), 0)
"""
_MANY_WORDS = """
import os, sys, shutil, time
agent, count = sys.argv[1], int(sys.argv[2])
os.makedirs(os.path.dirname(agent), exist_ok=True)
shutil.copy("/bin/sh", agent)
while True:
    for n in range(count):
        words = [f"{n}-{w} " + "a;b,c=" * 2600 for w in range(7)] if n % 2 else [f"{n}-{w}" for w in range(4000)]
        os.spawnl(os.P_NOWAIT, agent, agent, "-c", "sleep 60; exit", *words)
    for n in range(count):
        os.wait()
"""
_LINES = """
import json, os, time
folder = "/home/alice/.claude/projects/-home-alice-w"
os.makedirs(folder, exist_ok=True)
turn = 0
def call(name, content):
    use = {"type": "tool_use", "id": f"toolu_{turn}", "name": name, "input": {"command": content}}
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
    return json.dumps({"type": "assistant", "sessionId": f"s{turn % 50}", "uuid": f"u{turn}", "cwd": "/home/alice/w",
                       "version": "2.0.1", "timestamp": stamp, "message": {"role": "assistant", "content": [use]}})
while True:
    turn += 1
    with open(f"{folder}/s{turn % 50}.jsonl", "a") as file:
        for _ in range(20):
            turn += 50
            file.write(call(f"mcp__s{turn}__t", "x" * 100) + "\\n")
        if turn % 7 == 0:
            file.write(call("Bash", "y" * 3_000_000) + "\\n" + "{" * 1000 + "\\n")
    if turn % 500 == 0 or os.path.getsize(f"{folder}/s{turn % 50}.jsonl") > 20_000_000:
        os.unlink(f"{folder}/s{turn % 50}.jsonl")
    time.sleep(0.2)
"""
_POST = """
import gzip, json, os, socket, sys, time
port = int(sys.argv[1])
bomb = gzip.compress(b"0" * 50_000_000)
def head(size, *more):
    return ("POST /v1/logs HTTP/1.1\\r\\nHost: localhost\\r\\nContent-Type: application/json\\r\\n"
            f"Content-Length: {size}\\r\\n" + "".join(line + "\\r\\n" for line in more) + "\\r\\n").encode()
turn, open_ones = 0, []
while True:
    turn += 1
    nest = b"[" * 100_000
    for message in (
        head(len(bomb), "Content-Encoding: gzip") + bomb, head(len(nest)) + nest, os.urandom(3000), head(10 ** 12),
        head(4_000_000)[:20], b"GET / HTTP/1.1\\r\\n\\r\\n",
    ):
        try:
            connection = socket.create_connection(("127.0.0.1", port), 2)
            connection.settimeout(0.2)
            connection.sendall(message)
            open_ones.append(connection)
        except OSError:
            time.sleep(0.5)
    for one in open_ones[:-40]:
        one.close()
    del open_ones[:-40]
    time.sleep(0.3)
"""
_TURN_INTO = """
import os, sys, time
path, turn = sys.argv[1], 0
os.makedirs(os.path.dirname(path), exist_ok=True)
while True:
    turn += 1
    try:
        if turn % 5 == 0:
            os.symlink("/etc/shadow", path)
        elif turn % 5 == 1:
            os.mkfifo(path)
        elif turn % 5 == 2:
            os.mkdir(path)
        elif turn % 5 == 3:
            os.symlink(path, path)
        else:
            open(path, "w").write("{" * turn)
        time.sleep(0.02)
        os.rmdir(path) if turn % 5 == 2 else os.unlink(path)
    except OSError:
        pass
"""


class Attack(NamedTuple):
    """A script, by whom it is run, and its words."""

    by: str
    script: str
    words: tuple[str, ...] = ()


def everything(scale: int, port: int) -> dict[str, Attack]:
    """By what each does; `scale` says how many of each, `port` where telemetry is taken."""
    alice = "/home/alice"
    return {
        "a database that becomes a pipe": Attack(
            "alice", SWAP, (f"{alice}/.codex/state_5.sqlite", f"{alice}/.codex/pipe", _FOREVER)
        ),
        "bombs in turn": Attack("alice", _REWRITE + _IN_TURN, (f"{alice}/.claude.json", "15")),
        "a document that claims memory": Attack("alice", _REWRITE + _SECTIONS, (f"{alice}/.codex/config.toml", "20")),
        "a value that flips": Attack(
            "alice", _REWRITE + "    keep(servers(1, [str(turn)]))\n", (f"{alice}/.gemini/settings.json", "0.1")
        ),
        "servers that are renamed": Attack(
            "alice", _REWRITE + "    keep(servers(500, prefix=f't{turn}-'))\n", (f"{alice}/.cursor/mcp.json", "0.5")
        ),
        "links, projects and skills by the thousand": Attack("alice", _MANY_FILES, (str(scale * 4),)),
        "transcripts without end": Attack("alice", _LINES),
        "a file that is something else each time": Attack("alice", _TURN_INTO, (f"{alice}/.qwen/settings.json",)),
        "connections that come and go": Attack("carol", CONNECT, (str(scale * 3), "2", _FOREVER)),
        "agents that come and go, and many that stay": Attack("carol", _COME_AND_GO, (_CLAUDE, str(scale))),
        "agents whose words fill megabytes": Attack(
            "dave", _MANY_WORDS, ("/home/dave/.local/share/claude/versions/2.0.1", str(scale * 3))
        ),
        "a second account that has all it may": Attack(
            "dave", _REWRITE + "    keep(servers(2000, prefix=f't{turn // 4}-'))\n", ("/home/dave/.claude.json", "20")
        ),
        "a third account that has all it may, of the longest": Attack(
            "erin",
            _REWRITE + "    keep(servers(900, [f'{turn} ' + 'word ' * 1600], prefix=f't{turn // 4}-'))\n",
            ("/home/erin/.claude.json", "20"),
        ),
        "telemetry that is none": Attack("carol", _POST, (str(port),)),
        "servers of another that are renamed": Attack(
            "carol",
            _REWRITE + "    keep(servers(70, ['x' * 100 + str(turn)] * 199))\n",
            ("/home/carol/.claude.json", "1"),
        ),
    }
