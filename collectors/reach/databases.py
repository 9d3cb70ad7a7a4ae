"""Databases named in arguments: engine, host and database, never who logs in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from agent.redaction.redact import REDACTED
from collectors.reach.file_roots import DATABASE_FILE, named_values

_ENGINES = {
    **dict.fromkeys(("postgres", "postgresql", "cockroachdb"), "PostgreSQL"),
    **dict.fromkeys(("mysql", "mariadb"), "MySQL"),
    **dict.fromkeys(("mongodb", "mongodb+srv"), "MongoDB"),
    **dict.fromkeys(("redis", "rediss", "valkey"), "Redis"),
    **dict.fromkeys(("mssql", "sqlserver"), "SQL Server"),
    **dict.fromkeys(("neo4j", "neo4j+s", "neo4j+ssc", "bolt", "bolt+s"), "Neo4j"),
    **dict.fromkeys(("clickhouse", "clickhouses"), "ClickHouse"),
    "oracle": "Oracle",
    "snowflake": "Snowflake",
    "cassandra": "Cassandra",
    "sqlite": "SQLite",
    "duckdb": "DuckDB",
}
_URL = re.compile(
    r"(?<![\w+.])(?:jdbc:)?([a-z][a-z0-9]{2,15})(\+[a-z0-9]{1,20})?://([^/\s\"'<>?;]+)(?:/+([^\s\"'?#;}]*))?"
)
_FILE = re.compile(r"(?<![\w+.])(?:jdbc:)?(sqlite|duckdb)3?(?:\+[a-z0-9]{1,20})?:([^\s\"'?#;}]*)")
_KEYWORD = re.compile(r"(?i)(?<!\w)(host|server|data source|port|dbname|database|initial catalog)\s*=\s*'?([^\s;']+)")
_LIBPQ = re.compile(
    r"(?i)(?=.*\b(?:host|hostaddr|server|data source)\s*=)(?=.*\b(?:dbname|database|initial catalog)\s*=)"
)
_HOST = ("host", "hostname", "db-host", "server", "pghost")
_NAME = ("db", "dbname", "database", "db-name", "database-name")


def databases(args: Sequence[str], engine: str | None) -> Iterator[str]:
    """`engine host/database` for each database of the server's own arguments.

    `engine` is what the server's package says; with it, `--host` and `--database` are understood too.
    """
    for _, value in named_values(args):
        yield from _from_urls(value)
        if _LIBPQ.match(value[:2_000]):
            found = {name.lower(): text for name, text in _KEYWORD.findall(value[:2_000])}
            host = found.get("host") or found.get("server") or found.get("data source") or ""
            name = found.get("dbname") or found.get("database") or found.get("initial catalog") or ""
            yield _target(engine or ("PostgreSQL" if "dbname" in found else "SQL Server"), host, name)
        elif DATABASE_FILE.fullmatch(value) and "://" not in value:
            yield f"{'DuckDB' if value.lower().endswith('.duckdb') else 'SQLite'} {value}"
    if engine:
        options = {name.lower(): value for name, value in named_values(args)}
        host = next((options[name] for name in _HOST if options.get(name)), "")
        name = next((options[name] for name in _NAME if options.get(name)), "")
        if (host or name) and "://" not in host + name and not DATABASE_FILE.fullmatch(name):
            yield _target(engine, host, name)


def _from_urls(text: str) -> Iterator[str]:
    text = text[:4_000]
    for name, path in _FILE.findall(text):
        if path and ":memory:" not in path:
            yield f"{_ENGINES[name]} {re.sub('^/{2,}', '/', path.removeprefix('//'))}"
    for scheme, driver, host, name in _URL.findall(text):
        engine = _ENGINES.get(scheme + driver) or _ENGINES.get(scheme)
        if engine:
            yield _target(engine, host.rpartition("@")[2], name.rstrip("/"))


def _target(engine: str, host: str, name: str) -> str:
    host, name = ("" if part == REDACTED else part for part in (host, name))
    return f"{engine} {host}{'/' + name if name else ''}".rstrip()
