"""Prints the files of ours that one server entered into one configuration file goes through on its way to the wire:
`python -m tests.trace_entry`. A newcomer who asks what happens to a line reads these, and no others."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from agent.config.settings import Settings
from agent.delivery.batch import next_batch
from agent.delivery.position import Position
from agent.governance.policy.in_force import InForce
from agent.governance.policy.model import Policy
from agent.inventory.context import Surroundings
from agent.inventory.inventory import Inventory
from agent.inventory.runner import Engine
from agent.inventory.store import Store
from agent.journal.journal import Journal
from agent.service.setup import derivation, load_catalog
from collectors.contract import Scope
from collectors.registry import all_collectors

ROOT = Path(__file__).resolve().parent.parent
_MOST_BYTES = 900_000


def files_entered(work: Callable[[], object]) -> dict[str, int]:
    """By file of ours, how many of its functions were called while `work` ran."""
    entered: dict[str, set[str]] = {}

    def note(frame: FrameType, event: str, argument: Any) -> None:
        path = frame.f_code.co_filename
        if event == "call" and path.startswith((f"{ROOT}/agent/", f"{ROOT}/collectors/")):
            entered.setdefault(path.removeprefix(f"{ROOT}/"), set()).add(frame.f_code.co_qualname)

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return {path: len(functions) for path, functions in sorted(entered.items())}


@contextmanager
def entry() -> Iterator[Callable[[], object]]:
    """One more server in a file that is known already, from the file to the bytes that are sent."""
    with tempfile.TemporaryDirectory(prefix="rollcall-trace-") as place:
        home = Path(place) / "root/home/dev"
        home.mkdir(parents=True)
        (home / ".claude.json").write_text(json.dumps({"mcpServers": {}}), encoding="utf-8")
        settings = Settings()
        catalog = load_catalog(settings)
        inventory = Inventory(derivation(settings, catalog, live=False, policy=InForce(Policy())))
        root = str(Path(place) / "root")
        engine = Engine(
            all_collectors(), inventory, Surroundings(settings.collect, settings.limits, catalog, inventory, root)
        )
        journal = Journal.open(Path(place) / "journal.db", engine.context.endpoint_id)
        store = Store(journal)
        engine.reconcile()
        store.commit(inventory, inventory.settle())
        done = journal.head().seq
        server = {"command": "npx", "args": ["-y", "some-mcp@1.0.0"], "env": {"API_KEY": "x"}}
        (home / ".claude.json").write_text(json.dumps({"mcpServers": {"some": server}}), encoding="utf-8")

        def work() -> object:
            engine.refresh([Scope("configs", "dev", "/home/dev/.claude.json")])
            store.commit(inventory, inventory.settle())
            return next_batch(journal, Position(done), 500, _MOST_BYTES)

        yield work
        journal.close()


def main() -> int:
    with entry() as work:
        found = files_entered(work)
    for path, functions in found.items():
        print(f"{functions:4}  {path}")
    print(f"{len(found)} files, {sum(found.values())} functions")
    return 0


if __name__ == "__main__":
    sys.exit(main())
