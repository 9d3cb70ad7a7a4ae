"""What tools cost: the rules over 10,000 of them, the memory they take, and what 60 servers add to one look."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from agent.config.settings import Settings
from agent.governance.findings import Assessor
from agent.governance.policy.in_force import InForce
from agent.governance.policy.model import Policy
from agent.governance.rules.registry import RULES
from agent.governance.rules.rule import RuleContext
from agent.inventory.context import Surroundings
from agent.inventory.inventory import Inventory
from agent.inventory.runner import Engine
from agent.service.setup import derivation, load_catalog
from collectors.registry import all_collectors
from tests.bench import machine
from tests.bench.table import Row

SERVERS, TOOLS, ACCOUNTS = 500, 20, 4
"""Of one account a look takes at most 5,000 tools."""
FEW, FEW_TOOLS = 60, 10
_VERBS = ("read", "write", "list", "search", "send", "create", "delete", "get", "update", "run")
_NOUNS = ("file", "message", "issue", "page", "record")


def run(quick: bool) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="rollcall-tools-") as place:
        many, bare = Path(place, "many"), Path(place, "bare")
        make(many, SERVERS, accounts=ACCOUNTS)
        make(bare, SERVERS, tools=0, accounts=ACCOUNTS)
        rules, written = _rules(many, 3 if quick else 9)
        weight, empty = (_held(root) for root in (many, bare))
        few, none = Path(place, "few"), Path(place, "none")
        make(few, FEW, FEW_TOOLS)
        make(none, FEW, tools=0)
        times = 4 if quick else 15
        pairs = [(_once(few), _once(none)) for _ in range(times + 1)][1:]
    with_tools, without = (min(times) for times in zip(*pairs, strict=True))
    added = with_tools - without
    more = f"without {FEW} lists of tools"
    return [
        Row(
            "all rules over 10,000 tools, processor time", rules * 1e3, "ms", written * 1e3, "writing them as JSON", 300
        ),
        Row("10,000 tools of 500 servers in memory", (weight - empty) / 1e6, "MB", empty / 1e6, "the rest", 6),
        Row("60 lists of tools on top of --once, processor time", added * 1e3, "ms", without * 1e3, more, 30),
    ]


def make(root: Path, servers: int, tools: int = TOOLS, accounts: int = 1) -> None:
    """A mounted image in which people have so many servers, and a client that wrote down what they offer."""
    (root / "etc").mkdir(parents=True)
    people = [f"dev{number}" for number in range(accounts)]
    lines = [f"{name}:x:{10_000 + n}:10000::/home/{name}:/bin/sh\n" for n, name in enumerate(people)]
    (root / "etc/passwd").write_text("".join(lines))
    for number, name in enumerate(people):
        _home(root / "home" / name, range(number, servers, accounts), tools)


def _home(home: Path, servers: range, tools: int) -> None:
    caches = home / ".cache/copilot/mcp-tools"
    caches.mkdir(parents=True)
    config = home / ".copilot/mcp-config.json"
    config.parent.mkdir()
    names = [f"server{number}" for number in servers]
    config.write_text(json.dumps({"mcpServers": {name: {"type": "local", "command": f"{name}-mcp"} for name in names}}))
    for number, name in zip(servers, names if tools else (), strict=False):
        offered = [_tool(number, each) for each in range(tools)]
        document = {"serverName": name, "updatedAt": "2026-11-20T10:00:00Z", "tools": offered}
        (caches / f"{number:064x}.json").write_text(json.dumps(document))


def _tool(server: int, number: int) -> dict[str, object]:
    name = f"{_VERBS[number % 10]}_{_NOUNS[(server + number) % 5]}_{'abcdefghij'[server % 10]}{'kl'[number // 10]}"
    properties = {"path": {"type": "string"}, "limit": {"type": "integer"}, f"option_{number}": {"type": "string"}}
    return {
        "name": name,
        "title": name.replace("_", " ").title(),
        "description": f"Does what number {number} of server {server} does. " * 8,
        "inputSchema": {"type": "object", "properties": properties, "required": ["path"]},
        "annotations": {"readOnlyHint": number % 2 == 0},
    }


def look(root: Path) -> Inventory:
    """The inventory of an image, twice derived: as a daemon holds it."""
    settings = Settings()
    catalog = load_catalog(settings)
    inventory = Inventory(derivation(settings, catalog, live=False, policy=InForce(Policy(), None)))
    surroundings = Surroundings(settings.collect, settings.limits, catalog, inventory, str(root))
    engine = Engine(all_collectors(), inventory, surroundings)
    for _ in range(2):
        engine.reconcile()
        inventory.settle()
        inventory.committed()
    _HELD.append(engine)
    return inventory


_HELD: list[Engine] = []
"""What a daemon would not let go of."""


def _rules(root: Path, times: int) -> tuple[float, float]:
    records = {record.id: record for record in look(root).all() if record.kind != "finding"}
    if sum(record.kind == "tool" for record in records.values()) != SERVERS * TOOLS:
        raise RuntimeError("tools are missing")
    catalog, policy = load_catalog(Settings()), Policy()
    rules = [
        _spent(lambda: Assessor(RULES, policy).assess(RuleContext(records, policy, catalog), {})) for _ in range(times)
    ]
    return min(rules), _spent(lambda: [record.to_json() for record in records.values()])


def _spent(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


_HOLD = """
import gc, sys
from pathlib import Path
from tests.bench import bench_tools
bench_tools.look(Path(sys.argv[1]))
gc.collect()
lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
print(next(int(line.split()[1]) for line in lines if line.startswith("Rss:")))
"""


def _held(root: Path) -> int:
    """Bytes that a process has in memory which knows this machine."""
    command = [sys.executable, "-c", _HOLD, str(root)]
    done = subprocess.run(command, cwd=machine.REPOSITORY, capture_output=True, check=True)
    return int(done.stdout) * 1024


def _once(root: Path) -> float:
    command = [sys.executable, "-m", "agent", "--once", "--root", str(root), "--no-deliver", "--format", "ndjson"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=machine.REPOSITORY, stdout=subprocess.DEVNULL, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
