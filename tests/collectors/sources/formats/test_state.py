import os
import sqlite3
from pathlib import Path

import pytest

from collectors.sources.filesystem.file_tree import FileTree
from collectors.sources.formats.state import UnparseableError, sqlite_column, xml_attributes
from tests.collectors.sources.formats.opened import opened

CLIENTS = Path(__file__).parents[4].parent / "shared/clients"
RECENT = b"""<application><component name="RecentProjectsManager"><option name="additionalInfo"><map>
  <entry key="$USER_HOME$/one"><value/></entry>
  <entry key="/srv/t&amp;wo"><value/></entry>
  <other key="/no"/><entry name="x"/>
</map></option></component></application>"""


def column(path: Path, table: str, name: str, limit: int = 100) -> list[str]:
    with opened(path) as file:
        return sqlite_column(file, None, table, name, limit)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "state.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(
            """
            CREATE TABLE threads (id INTEGER PRIMARY KEY, cwd TEXT, title TEXT);
            INSERT INTO threads (cwd, title)
            VALUES ('/a', 'secret'), ('/a', 'secret'), ('/b', 'x'), (NULL, ''), (x'00', '');
            CREATE VIEW trap AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS cwd FROM n;
            CREATE TABLE "odd ""name" (cwd TEXT);
            INSERT INTO "odd ""name" VALUES ('/odd');
            """
        )
    connection.close()
    return path


def test_attributes_come_from_every_such_element() -> None:
    assert xml_attributes(RECENT, "entry", "key") == ["$USER_HOME$/one", "/srv/t&wo"]
    assert xml_attributes(RECENT.decode().encode("utf-16"), "entry", "key") == ["$USER_HOME$/one", "/srv/t&wo"]
    assert xml_attributes(RECENT, "entry", "nope") == []


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\0\xff\xfe",
        b"<a><b></a>",
        b"<a>" * 100_000,
        b'<?xml version="1.0" encoding="rot13"?><a/>',
        b'<!DOCTYPE a [<!ENTITY x "y">]><a entry="&x;"/>',
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        b"<a>&x;</a>",
    ],
)
def test_broken_or_expanding_xml_is_refused(text: bytes) -> None:
    with pytest.raises(UnparseableError):
        xml_attributes(text, "a", "entry")


def test_one_column_gives_its_distinct_texts(database: Path) -> None:
    assert sorted(column(database, "threads", "cwd")) == ["/a", "/b"]
    assert len(column(database, "threads", "cwd", limit=1)) == 1
    assert column(database, 'odd "name', "cwd") == ["/odd"]


def test_a_table_or_column_that_is_not_there_names_nothing(database: Path) -> None:
    assert column(database, "nope", "cwd") == column(database, "threads", "nope") == []
    assert column(database, "threads", 'cwd" || title || "') == []


def test_views_and_virtual_tables_are_not_run(database: Path) -> None:
    assert column(database, "trap", "cwd") == []


def test_reading_leaves_nothing_beside_the_file_even_in_wal_mode(tmp_path: Path) -> None:
    path = tmp_path / "wal.db"
    writer = sqlite3.connect(path)
    writer.executescript("PRAGMA journal_mode=WAL; CREATE TABLE t (cwd TEXT); INSERT INTO t VALUES ('/a');")
    writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    writer.close()
    before = sorted(os.listdir(tmp_path))
    path.chmod(0o400)
    assert column(path, "t", "cwd") == ["/a"]
    assert sorted(os.listdir(tmp_path)) == before == ["wal.db"]


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0" + b"\xff" * 5_000])
def test_what_is_no_database_is_refused_or_names_nothing(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.db"
    path.write_bytes(content)
    if not content:
        assert column(path, "threads", "cwd") == []  # SQLite takes an empty file for an empty database
        return
    with pytest.raises(UnparseableError):
        column(path, "threads", "cwd")


def test_a_damaged_database_is_refused(database: Path) -> None:
    data = bytearray(database.read_bytes())
    data[4096 : 4096 + 2000] = b"\xaa" * 2000
    database.write_bytes(data)
    with pytest.raises(UnparseableError):
        column(database, "threads", "cwd")


def test_a_database_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "long.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE t (cwd TEXT)")
        connection.execute(
            "INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1300000)"
            " SELECT NULL FROM n"
        )
    connection.close()
    with pytest.raises(UnparseableError, match="too_large"):
        column(path, "t", "cwd")


def test_a_file_put_in_its_place_meanwhile_is_not_read(database: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    other.write_bytes(b"something else")
    with opened(database) as file:
        os.replace(other, database)
        assert sorted(sqlite_column(file, None, "threads", "cwd", 10)) == ["/a", "/b"]


@pytest.mark.parametrize(
    ("path", "table", "name"),
    [
        ("codex/.codex/state_5.sqlite", "threads", "cwd"),
        ("opencode/.local/share/opencode/opencode.db", "project", "worktree"),
        ("opencode/.local/share/opencode/opencode.db", "session", "directory"),
    ],
)
def test_real_clients_name_their_project(path: str, table: str, name: str) -> None:
    if not CLIENTS.is_dir():
        pytest.skip("the recorded clients are not on this machine")
    with FileTree(str(CLIENTS)).opened(f"/{path}") as file:
        assert sqlite_column(file, None, table, name, 10) == ["/home/dev/proj"]
