"""What judging costs: all rules over 2,000 servers, and what one changed definition costs after that."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from agent.config.settings import Settings
from agent.governance.findings import Assessor
from agent.governance.policy.in_force import InForce
from agent.governance.policy.model import load_policy
from agent.governance.rules.registry import RULES
from agent.governance.rules.rule import RuleContext
from agent.inventory.context import Surroundings
from agent.inventory.inventory import Inventory
from agent.inventory.runner import Engine
from agent.records import McpServer, Record
from agent.service.setup import derivation, load_catalog
from collectors.contract import Scope
from collectors.registry import all_collectors
from tests.bench import machine
from tests.bench.table import Row

SERVERS = 2_000
USERS = 40
_PER_USER = SERVERS // USERS
_NAMES = ("github", "files", "postgres", "slack", "memory", "fetch", "browser", "jira", "search", "notes")
_POLICY = machine.REPOSITORY / "policy.example.toml"


def run(quick: bool) -> list[Row]:
    times = 3 if quick else 9
    with tempfile.TemporaryDirectory(prefix="rollcall-governance-") as place:
        root = Path(place)
        _machine(root)
        settings = Settings()
        catalog = load_catalog(settings)
        policy = load_policy(_POLICY)
        derive = derivation(settings, catalog, live=False, policy=InForce(policy, str(_POLICY)))
        inventory = Inventory(derive)
        engine = Engine(
            all_collectors(), inventory, Surroundings(settings.collect, settings.limits, catalog, inventory, place)
        )
        engine.reconcile()
        first = _spent(inventory.settle)
        inventory.committed()
        records = {record.id: record for record in inventory.all() if record.kind != "finding"}
        _check(records)
        file = root / "home/u7/.claude.json"
        again = []
        for number in range(times):
            file.write_text(file.read_text().replace("1.0.0", f"1.0.{number + 1}", 1))
            engine.refresh([Scope("configs", "u7", "/home/u7/.claude.json")])
            again.append(_spent(inventory.settle))
            inventory.committed()
    rules = min(
        _spent(lambda: Assessor(RULES, policy).assess(RuleContext(records, policy, catalog), {})) for _ in range(times)
    )
    written = min(_spent(lambda: [record.to_json() for record in records.values()]) for _ in range(times))
    name = "writing the same records as JSON"
    return [
        Row(f"all rules over {SERVERS} servers, processor time", rules * 1e3, "ms", written * 1e3, name, 150),
        Row("joining and judging them, first time", first * 1e3, "ms", written * 1e3, name),
        Row("the same, one changed", min(again) * 1e3, "ms", first * 1e3, "all of them", 0.025, False, True),
    ]


def _machine(root: Path) -> None:
    """A mounted image in which each of 40 people has 50 servers of one client."""
    (root / "etc").mkdir()
    accounts = (f"u{n}:x:{10_000 + n}:{10_000 + n}::/home/u{n}:/bin/sh\n" for n in range(USERS))
    (root / "etc/passwd").write_text("".join(accounts))
    for user in range(USERS):
        home = root / f"home/u{user}"
        home.mkdir(parents=True)
        (home / ".claude.json").write_text(json.dumps({"mcpServers": dict(map(_server, range(_PER_USER)))}))


def _server(number: int) -> tuple[str, Mapping[str, object]]:
    name = f"{_NAMES[number % len(_NAMES)]}{number // len(_NAMES) or ''}"
    if number % 5 == 0:
        return name, {"type": "http", "url": f"https://{name}.example.com/mcp"}
    return name, {"command": "npx", "args": ["-y", f"@example/{name}-mcp@1.0.0", f"/srv/{name}"]}


def _check(records: Mapping[str, Record]) -> None:
    servers = sum(isinstance(record, McpServer) for record in records.values())
    if servers != SERVERS:
        raise RuntimeError(f"{servers} servers")


def _spent(work: Callable[[], object]) -> float:
    """Processor seconds: how long it takes on this machine also depends on who else works here."""
    start = time.process_time()
    work()
    return time.process_time() - start
