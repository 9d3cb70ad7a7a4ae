"""The tamper matrix: what an attacker does to a journal, and who is to notice. `docs/audit.md` shows it as a table."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from agent.journal.entry import genesis, link
from agent.journal.head_file import HeadFile, KnownHead
from agent.journal.keys import PUBLIC_FILE
from agent.journal.signatures import signed_bytes
from agent.journal.signing import KEY_FILE, SigningKey, make_key, read_key
from agent.records.canonical_json import canonical_json

Noticed = Literal["endpoint", "receipt", "receiver", "nobody"]
"""By the endpoint alone; with what somebody else kept (a receipt, an anchor, the key); by the receiver only."""


@dataclass(frozen=True)
class State:
    """The state folder under attack, and a copy of it from some entries ago."""

    folder: Path
    older: Path

    @property
    def database(self) -> Path:
        return self.folder / "journal.db"

    @contextmanager
    def sql(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.database)) as connection, connection:
            yield connection


@dataclass(frozen=True)
class Tampering:
    """One row of the matrix."""

    what: str
    noticed: Noticed
    attack: Callable[[State], None]


MATRIX: list[Tampering] = []


def _noticed_by(who: Noticed, what: str) -> Callable[[Callable[[State], None]], Callable[[State], None]]:
    def add(attack: Callable[[State], None]) -> Callable[[State], None]:
        MATRIX.append(Tampering(what, who, attack))
        return attack

    return add


def _body(connection: sqlite3.Connection, seq: int) -> bytes:
    return bytes(connection.execute("SELECT body FROM entries WHERE seq = ?", (seq,)).fetchone()[0])


def _rechain(connection: sqlite3.Connection, key: SigningKey | None = None) -> KnownHead:
    """Make the hashes fit the entries; with the private key the signatures too."""
    (chain,) = connection.execute("SELECT chain FROM meta").fetchone()
    previous, seq, span, before = genesis(chain), 0, [], (None, None)
    for seq, body in connection.execute("SELECT seq, body FROM entries ORDER BY seq").fetchall():
        entry = json.loads(body)
        if entry["op"] == "checkpoint" and key:
            record = entry["record"]
            lines = "".join(f"{digest.hex()}\n" for digest in span)
            record |= {"head_seq": seq - 1, "head_hash": previous.hex(), "chain": chain}
            record |= {"previous_seq": before[0], "previous_hash": before[1]}
            record |= {"span_hash": hashlib.sha256(lines.encode()).hexdigest()}
            record |= {"public_key": key.public.text, "key_id": key.public.id, "receipts": []}
            record["signature"] = key.sign(signed_bytes(record))
        if entry["op"] == "checkpoint":
            span = []
        body = canonical_json({**entry, "seq": seq, "chain": chain})
        previous = link(previous, body)
        span.append(previous)
        if entry["op"] == "checkpoint":
            before = (seq, previous.hex())
        connection.execute("UPDATE entries SET body = ?, hash = ? WHERE seq = ?", (body, previous, seq))
    connection.execute("UPDATE meta SET head_seq = ?, head_hash = ?", (seq, previous))
    return KnownHead(chain, seq, previous)


def _forge(state: State, change: Callable[[sqlite3.Connection], None], key: SigningKey | None = None) -> None:
    """Change history with everything that this machine holds: key, head file, cursors, receipts."""
    with state.sql() as connection:
        change(connection)
        head = _rechain(connection, key or read_key(state.folder / KEY_FILE))
        connection.execute("DELETE FROM receipts")
        connection.execute("UPDATE targets SET done = min(done, ?), accepted = min(accepted, ?)", (head.seq, head.seq))
        connection.execute("DELETE FROM checkpoints WHERE seq > ?", (head.seq,))
    _write_head(state, head)


def _write_head(state: State, head: KnownHead) -> None:
    file = HeadFile(state.folder / "journal.head")
    file.write(head)
    file.close()


def _whitewash(connection: sqlite3.Connection) -> None:
    for table, column in (("entries", "body"), ("inventory", "record"), ("facts", "records")):
        connection.execute(f"UPDATE {table} SET {column} = replace({column}, 'evil', 'good')")
    # `replace` makes text of it.
    connection.execute("UPDATE entries SET body = cast(body AS blob)")


def _shift_times(connection: sqlite3.Connection, old: str, new: str, where: str = "1") -> None:
    connection.execute(f"UPDATE entries SET body = cast(replace(body, ?, ?) AS blob) WHERE {where}", (old, new))


@_noticed_by("endpoint", "an entry edited")
def _edit(state: State) -> None:
    with state.sql() as connection:
        body = _body(connection, 6).replace(b"evil", b"good")
        connection.execute("UPDATE entries SET body = ? WHERE seq = 6", (body,))


@_noticed_by("endpoint", "an entry edited, and its own hash with it")
def _edit_with_hash(state: State) -> None:
    with state.sql() as connection:
        body = _body(connection, 6).replace(b"evil", b"good")
        previous = connection.execute("SELECT hash FROM entries WHERE seq = 5").fetchone()[0]
        connection.execute("UPDATE entries SET body = ?, hash = ? WHERE seq = 6", (body, link(previous, body)))


@_noticed_by("endpoint", "an entry removed")
def _remove(state: State) -> None:
    with state.sql() as connection:
        connection.execute("DELETE FROM entries WHERE seq = 6")


@_noticed_by("endpoint", "an entry removed as if it had been dropped for room")
def _drop(state: State) -> None:
    with state.sql() as connection:
        connection.execute("INSERT INTO dropped SELECT seq, hash FROM entries WHERE seq = 6")
        connection.execute("DELETE FROM entries WHERE seq = 6")


@_noticed_by("endpoint", "an entry inserted behind the end")
def _insert(state: State) -> None:
    with state.sql() as connection:
        connection.execute("INSERT INTO entries SELECT seq + 1, body, hash FROM entries ORDER BY seq DESC LIMIT 1")


@_noticed_by("endpoint", "two entries exchanged")
def _reorder(state: State) -> None:
    with state.sql() as connection:
        for new, old in ((-1, 4), (4, 5), (5, -1)):
            connection.execute("UPDATE entries SET seq = ? WHERE seq = ?", (new, old))


def _cut_tail(connection: sqlite3.Connection, count: int = 3) -> KnownHead:
    connection.execute("DELETE FROM entries WHERE seq > (SELECT max(seq) FROM entries) - ?", (count,))
    seq, digest = connection.execute("SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1").fetchone()
    connection.execute("UPDATE meta SET head_seq = ?, head_hash = ?", (seq, digest))
    connection.execute("DELETE FROM checkpoints WHERE seq > ?", (seq,))
    (chain,) = connection.execute("SELECT chain FROM meta").fetchone()
    return KnownHead(chain, seq, digest)


@_noticed_by("endpoint", "the tail cut off")
def _cut(state: State) -> None:
    with state.sql() as connection:
        connection.execute("DELETE FROM entries WHERE seq > (SELECT max(seq) FROM entries) - 3")


@_noticed_by("endpoint", "the tail cut off, with the database's own bookkeeping")
def _cut_with_bookkeeping(state: State) -> None:
    with state.sql() as connection:
        head = _cut_tail(connection)
        connection.execute("UPDATE targets SET done = min(done, ?), accepted = min(accepted, ?)", (head.seq, head.seq))
        connection.execute("DELETE FROM receipts")


@_noticed_by("receipt", "the tail cut off, with all bookkeeping of the machine")
def _cut_with_everything(state: State) -> None:
    with state.sql() as connection:
        head = _cut_tail(connection)
        connection.execute("UPDATE targets SET done = min(done, ?), accepted = min(accepted, ?)", (head.seq, head.seq))
        connection.execute("DELETE FROM receipts")
        connection.execute("DELETE FROM inventory")
        connection.execute("DELETE FROM facts")
        for (body,) in connection.execute("SELECT body FROM entries ORDER BY seq").fetchall():
            record = json.loads(body)["record"]
            if json.loads(body)["op"] in ("discovered", "changed"):
                connection.execute("REPLACE INTO inventory VALUES (?, ?)", (record["id"], json.dumps(record)))
            elif json.loads(body)["op"] == "removed":
                connection.execute("DELETE FROM inventory WHERE id = ?", (record["id"],))
    _write_head(state, head)


@_noticed_by("endpoint", "a word replaced everywhere, chained anew")
def _rewrite(state: State) -> None:
    with state.sql() as connection:
        _whitewash(connection)
        _rechain(connection)


@_noticed_by("receipt", "a word replaced everywhere, chained and signed anew with the machine's own key")
def _rewrite_signed(state: State) -> None:
    _forge(state, _whitewash)


@_noticed_by("endpoint", "all entries about something dropped, the rest renumbered and chained anew")
def _drop_and_renumber(state: State) -> None:
    with state.sql() as connection:
        connection.execute("DELETE FROM entries WHERE instr(body, x'6576696c')")
        rows = connection.execute("SELECT seq FROM entries ORDER BY seq").fetchall()
        for new, (old,) in enumerate(rows, 1):
            connection.execute("UPDATE entries SET seq = ? WHERE seq = ?", (new, old))
        _rechain(connection)


@_noticed_by("endpoint", "all entries backdated, chained anew")
def _backdate(state: State) -> None:
    with state.sql() as connection:
        _shift_times(connection, '"at":"20', '"at":"19')
        _rechain(connection)


@_noticed_by("endpoint", "every second entry dated years ahead, chained anew")
def _times_backwards(state: State) -> None:
    with state.sql() as connection:
        _shift_times(connection, '"at":"20', '"at":"21', "seq % 2 = 0")
        _rechain(connection)


@_noticed_by("endpoint", "a record removed from the inventory's table")
def _edit_inventory(state: State) -> None:
    with state.sql() as connection:
        connection.execute("DELETE FROM inventory WHERE record LIKE '%evil%'")


@_noticed_by("nobody", "what the collectors saw removed from the table of facts")
def _edit_facts(state: State) -> None:
    with state.sql() as connection:
        connection.execute("DELETE FROM facts")


@_noticed_by("endpoint", "a target's cursor pushed to the end, so that it is never sent the rest")
def _push_cursor(state: State) -> None:
    with state.sql() as connection:
        connection.execute("UPDATE targets SET done = (SELECT head_seq FROM meta)")


@_noticed_by("endpoint", "a target's cursor pushed to the end, as if it had taken the rest")
def _push_cursor_as_accepted(state: State) -> None:
    with state.sql() as connection:
        connection.execute(
            "UPDATE targets SET done = (SELECT head_seq FROM meta), accepted = (SELECT head_seq FROM meta)"
        )


@_noticed_by("endpoint", "a dead letter forged")
def _forge_dead_letter(state: State) -> None:
    with state.sql() as connection:
        connection.execute("INSERT INTO dead_letters VALUES ('central', 5, '2026-01-01T00:00:00+00:00', 'HTTP 400', 0)")


@_noticed_by("endpoint", "receipts removed")
def _remove_receipts(state: State) -> None:
    with state.sql() as connection:
        connection.execute("DELETE FROM receipts")


@_noticed_by("endpoint", "another name for the chain, chained anew")
def _rename(state: State) -> None:
    with state.sql() as connection:
        connection.execute("UPDATE meta SET chain = '11111111-1111-4111-8111-111111111111'")
        _rechain(connection)


@_noticed_by("endpoint", "a checkpoint forged")
def _forge_checkpoint(state: State) -> None:
    with state.sql() as connection:
        _rechain(connection, SigningKey(b"\x07" * 32))


@_noticed_by("endpoint", "the key replaced")
def _replace_key(state: State) -> None:
    os.unlink(state.folder / KEY_FILE)
    key = make_key(state.folder / KEY_FILE)
    (state.folder / PUBLIC_FILE).write_text(key.public.pem)


@_noticed_by("receipt", "the key replaced, and history signed anew with it")
def _replace_key_and_sign(state: State) -> None:
    _replace_key(state)
    _forge(state, lambda connection: None, read_key(state.folder / KEY_FILE))


@_noticed_by("endpoint", "the database put back to an older copy")
def _older_database(state: State) -> None:
    for name in ("journal.db", "journal.db-wal", "journal.db-shm"):
        (state.folder / name).unlink(missing_ok=True)
        if (state.older / name).exists():
            shutil.copy(state.older / name, state.folder / name)


@_noticed_by("receipt", "the whole state folder put back to an older copy")
def _older_folder(state: State) -> None:
    shutil.rmtree(state.folder)
    shutil.copytree(state.older, state.folder)


@_noticed_by("endpoint", "the database replaced by a new one that is good in itself")
def _fresh_database(state: State) -> None:
    with state.sql() as connection:
        chain = "22222222-2222-4222-8222-222222222222"
        connection.execute("UPDATE meta SET chain = ?", (chain,))
        _rechain(connection, read_key(state.folder / KEY_FILE))


@_noticed_by("receipt", "the state folder replaced by a new one that is good in itself")
def _fresh_folder(state: State) -> None:
    def rename(connection: sqlite3.Connection) -> None:
        connection.execute("UPDATE meta SET chain = '22222222-2222-4222-8222-222222222222'")

    os.unlink(state.folder / KEY_FILE)
    key = make_key(state.folder / KEY_FILE)
    (state.folder / PUBLIC_FILE).write_text(key.public.pem)
    _forge(state, rename, key)


@_noticed_by("endpoint", "the database's log removed after a crash")
def _remove_log(state: State) -> None:
    (state.folder / "journal.db-wal").unlink()


@_noticed_by("endpoint", "the database's log cut by a tenth after a crash")
def _cut_log(state: State) -> None:
    log = state.folder / "journal.db-wal"
    os.truncate(log, log.stat().st_size * 9 // 10)


@_noticed_by("endpoint", "the database replaced by an empty file")
def _empty(state: State) -> None:
    for name in ("journal.db-wal", "journal.db-shm"):
        (state.folder / name).unlink(missing_ok=True)
    state.database.write_bytes(b"")


@_noticed_by("endpoint", "the database deleted")
def _delete(state: State) -> None:
    for name in ("journal.db", "journal.db-wal", "journal.db-shm"):
        (state.folder / name).unlink(missing_ok=True)


@_noticed_by("endpoint", "random bytes over the middle of the database")
def _overwrite(state: State) -> None:
    with state.sql() as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    size = state.database.stat().st_size
    with state.database.open("r+b") as file:
        file.seek(size // 2)
        file.write(os.urandom(3000))
