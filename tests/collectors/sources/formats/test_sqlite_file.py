"""Compared with SQLite itself: every shape of page, text and log gives what it gives."""

import os
import random
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from collectors.sources.formats.sqlite_file import Database
from collectors.sources.formats.unparseable import UnparseableError

REPOSITORY = Path(__file__).resolve().parents[4]


@contextmanager
def opened(path: Path) -> Iterator[Database]:
    with ExitStack() as stack:
        files = []
        for name in (path, path.with_name(path.name + "-wal")):
            if name.exists():
                files.append(os.open(name, os.O_RDONLY))
                stack.callback(os.close, files[-1])
        yield Database(*files)


def column(path: Path, table: str, name: str) -> list[object]:
    with opened(path) as database:
        found = database.table(table)
        assert found
        return [values[found.columns.index(name)] for _, values in database.rows(found)]


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16le", "UTF-16be"])
@pytest.mark.parametrize("page", [512, 4096, 65536])
def test_rows_are_what_sqlite_says(tmp_path: Path, page: int, encoding: str, log: bool) -> None:
    path, chance = tmp_path / "x.db", random.Random(page)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA page_size = {page}")
        connection.execute(f"PRAGMA encoding = '{encoding}'")
        if log:
            connection.execute("PRAGMA journal_mode = wal")
        connection.execute(
            'CREATE TABLE "a table" (id INTEGER PRIMARY KEY, big TEXT, n INT, virtual INT AS (n + 1),'
            " cwd TEXT, stored INT AS (n + 2) STORED, blob BLOB, CHECK (n < 10000), FOREIGN KEY (n) REFERENCES b (c))"
        )
        rows = (
            ("ä" * chance.choice([1, 50, 3000, 40000]), n, f"/p/ü{n}", b"\0" * chance.choice([0, 9, 9000]))
            for n in range(200)
        )
        connection.executemany('INSERT INTO "a table" (big, n, cwd, blob) VALUES (?, ?, ?, ?)', rows)
        connection.commit()
        if log:
            connection.execute("""UPDATE "a table" SET cwd = cwd || '!' WHERE id % 2 = 0""")
            connection.commit()
            connection.execute('DELETE FROM "a table" WHERE id % 7 = 0')
            connection.commit()
            connection.execute("""INSERT INTO "a table" (cwd) VALUES ('/not/committed')""")
        with closing(sqlite3.connect(path)) as other:
            for name in ("cwd", "stored", "blob"):
                expected = [row[0] for row in other.execute(f'SELECT {name} FROM "a table"')]
                assert column(path, "a table", name) == expected


def test_a_row_is_found_by_its_id(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)")
        connection.executemany("INSERT INTO t VALUES (?, ?)", ((3 * n, f"v{n}") for n in range(5000)))
    with opened(path) as database:
        table = database.table("t")
        assert table
        for n in (0, 1, 777, 2500, 4999):
            assert database.row(table, 3 * n) == [None, f"v{n}"]
        assert database.row(table, 4) is database.row(table, 10**9) is None


def test_a_damaged_file_is_unparseable_and_nothing_worse(tmp_path: Path) -> None:
    path, chance = tmp_path / "x.db", random.Random(1)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE t (cwd TEXT)")
        connection.executemany("INSERT INTO t VALUES (?)", ((f"/x{n}" * 20,) for n in range(2000)))
    whole, refused = path.read_bytes(), 0
    for _ in range(200):
        data = bytearray(whole)
        for _ in range(chance.choice([1, 3, 30, 1000])):
            data[chance.randrange(len(data))] = chance.randrange(256)
        path.write_bytes(data[: chance.randrange(len(data))] if chance.random() < 0.2 else data)
        try:
            with opened(path) as database:
                table = database.table("t")
                list(database.rows(table)) if table else None
        except UnparseableError:
            refused += 1
    assert refused > 50


@pytest.mark.parametrize(
    "sql", ["CREATE TABLE t AS SELECT 1 AS cwd", "CREATE VIEW t AS SELECT 1 AS cwd", "nonsense", "CREATE TABLE t (" * 9]
)
def test_the_writers_own_statements_are_not_run(tmp_path: Path, sql: str) -> None:
    path = tmp_path / "x.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE t (cwd TEXT)")
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_master SET sql = ?", (sql,))
    with opened(path) as database, pytest.raises(UnparseableError):
        database.table("t")


SWAPPED = """
import ctypes, os, subprocess, sys, sqlite3
from collectors.sources.filesystem.file_tree import FileTree, UnreadableError
from collectors.sources.formats.state import sqlite_column
from tests.hostile.attacks import SWAP
path, pipe = sys.argv[1:]
swapping = subprocess.Popen([sys.executable, "-c", SWAP, path, pipe, "30"])
read = 0
for _ in range(3000):
    try:
        with FileTree().opened(path) as file:
            assert sqlite_column(file, None, "threads", "cwd", 10) == ["/x"]
        read += 1
    except (OSError, UnreadableError):
        pass
swapping.kill()
print(read)
"""


def test_a_file_swapped_for_a_pipe_meanwhile_blocks_nothing(tmp_path: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("needs renameat2")
    path, pipe = tmp_path / "a.db", tmp_path / "pipe"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE threads (cwd TEXT)")
        connection.execute("INSERT INTO threads VALUES ('/x')")
    os.mkfifo(pipe)
    done = subprocess.run(
        [sys.executable, "-c", SWAPPED, path, pipe], cwd=REPOSITORY, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0 and int(done.stdout) > 0, done.stderr
