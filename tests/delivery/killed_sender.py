"""Appends and delivers until it is killed: `killed_sender.py JOURNAL SETTINGS_JSON [--drain]`."""

from __future__ import annotations

import json
import random
import sys

from agent.delivery.senders import make_sender
from agent.delivery.targets.registry import settings_of
from agent.journal.journal import Journal


def main() -> None:
    journal = Journal.open(sys.argv[1], "e" * 32)
    sender = make_sender(journal, settings_of(json.loads(sys.argv[2])))
    sender.start()
    print("ready", flush=True)
    if "--drain" in sys.argv:
        done = sender.flush(60) and sender.stop()
        journal.close()
        sys.exit(0 if done else 1)
    while True:
        with journal.transaction() as tx:
            tx.connection.execute("CREATE TABLE IF NOT EXISTS extra (seq INTEGER)")
            for _ in range(random.randint(1, 30)):
                entry = tx.append("discovered", {"kind": "ai_agent", "id": str(random.random())})
                tx.connection.execute("INSERT INTO extra VALUES (?)", (entry.seq,))
        sender.wake()


if __name__ == "__main__":
    main()
