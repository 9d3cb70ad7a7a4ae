"""Each tampering of the matrix is done to a real state folder: whoever is said to notice it must, nobody earlier."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from agent.journal.anchor import Anchor, anchor, parse_anchor
from agent.journal.checkpoints import Checkpoints
from agent.journal.errors import JournalError
from agent.journal.head_file import HeadFile
from agent.journal.journal import FILE, Journal
from agent.journal.keys import load_keys, published_key
from agent.journal.receipts import Receipt, keep_receipt
from agent.journal.settings import JournalSettings
from agent.journal.signing import PublicKey
from agent.journal.verdict import Outside, Verdict, examine
from tests.journal.tampering import MATRIX, State, Tampering

ENDPOINT = "e" * 32


class Scene:
    """A machine that journaled and delivered, was killed, and what others hold of it."""

    def __init__(self, root: Path) -> None:
        self.state = State(root / "state", root / "older")
        journal = Journal.open(self.state.folder / FILE, ENDPOINT)
        checkpoints = Checkpoints(journal, load_keys(self.state.folder), JournalSettings())
        checkpoints.start()
        for number in range(12):
            name = "evil" if number == 3 else f"server-{number}"
            record = {"kind": "mcp_server", "id": f"{number:032x}", "name": name, "endpoint_id": ENDPOINT}
            with journal.transaction() as step:
                step.append("discovered", record)
                step.connection.execute("INSERT INTO inventory VALUES (?, ?)", (record["id"], json.dumps(record)))
                if number % 4 == 0:
                    checkpoints.append(step, "interval")
            if number == 5:
                shutil.copytree(self.state.folder, self.state.older)
        with journal.transaction() as step:
            seq = step.head.seq
            keep_receipt(step.connection, Receipt("central", seq - 2, journal.hash_at(seq - 2), "2026-01-02T00:00:00Z"))
            step.connection.execute("INSERT INTO targets VALUES ('central', ?, ?, NULL, NULL)", (seq - 2, seq - 2))
            checkpoints.append(step, "interval")
            last = {**record, "id": "f" * 32}
            step.append("discovered", last)
            step.connection.execute("INSERT INTO inventory VALUES (?, ?)", (last["id"], json.dumps(last)))
        self.key: PublicKey | None = published_key(self.state.folder)
        self.anchor: Anchor = parse_anchor(anchor(journal, None))
        # As `kill -9` leaves it: the log still holds what was committed.
        copy = root / "killed"
        shutil.copytree(self.state.folder, copy)
        journal.close()
        shutil.rmtree(self.state.folder)
        copy.rename(self.state.folder)

    def examine(self, *, with_receipt: bool) -> Verdict | None:
        """What `audit verify` says; None where there is nothing to read."""
        folder = self.state.folder
        anchors, key = ((self.anchor,), self.key) if with_receipt else ((), published_key(folder))
        try:
            journal = Journal.open(folder / FILE, ENDPOINT, readonly=True)
            try:
                return examine(journal, Outside(key, "key", HeadFile(folder / "journal.head").read(), anchors))
            finally:
                journal.close()
        except JournalError:
            return None


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_without_tampering_nothing_is_wrong(scene: Scene) -> None:
    verdict = scene.examine(with_receipt=True)
    assert verdict
    assert [check for check in verdict.checks if check.state == "FAILED"] == []
    assert [check.what for check in verdict.checks if check.state == "unproved"] == []


@pytest.mark.parametrize("tampering", MATRIX, ids=lambda tampering: tampering.what)
def test_who_is_said_to_notice_does(scene: Scene, tampering: Tampering) -> None:
    tampering.attack(scene.state)
    alone = scene.examine(with_receipt=False)
    assert (alone is None or not alone.ok) == (tampering.noticed == "endpoint")
    if tampering.noticed != "endpoint":
        helped = scene.examine(with_receipt=True)
        assert (helped is None or not helped.ok) == (tampering.noticed == "receipt")
