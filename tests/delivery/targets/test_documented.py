"""Each configuration that docs/integrations.md shows is run: only where the other end is and its trust differ."""

from __future__ import annotations

import re
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from agent.config.settings import Settings
from agent.delivery.senders import make_sender
from agent.delivery.settings import TargetSettings
from agent.journal.journal import Journal
from tests.conftest import REPOSITORY
from tests.delivery.targets.every_kind import journal_of_everything
from tests.e2e.matrix.ends import KINDS, End, other_end
from tests.receivers.rsyslog import rsyslog

PAGE = (REPOSITORY / "docs/integrations.md").read_text(encoding="utf-8")
SCHEMES = {"splunk_hec": "Splunk", "elastic": "ApiKey", "otlp": "Bearer", "ocsf": "Bearer"}


def section(kind: str) -> str:
    (text,) = re.findall(rf"^## {kind}\n(.*?)(?=^## |\Z)", PAGE, re.S | re.M)
    return str(text)


def block(kind: str, language: str) -> str:
    """The first of a language; without one for what another system reads."""
    blocks = re.findall(r"^```(\w*)\n(.*?)^```", section(kind), re.S | re.M)
    return next(str(text) for name, text in blocks if name == language)


def documented(kind: str) -> dict[str, Any]:
    """The table as the page has it, which must be a whole configuration."""
    given = tomllib.loads(block(kind, "toml"))
    (found,) = Settings.model_validate(given).target
    assert found.type == kind
    (table,) = given["target"]
    return dict(table)


def run(table: dict[str, Any], journal: Journal) -> TargetSettings:
    found = Settings.model_validate({"target": [table]}).target[0]
    sender = make_sender(journal, found)
    sender.start()
    assert sender.flush(30), sender.status()
    assert sender.stop()
    assert sender.status().dead_letters == 0
    return found


def expected(journal: Journal, kinds: tuple[str, ...]) -> list[str]:
    entries = journal.read(0, 1_000_000, 1 << 40)
    return [f"{e.chain}:{e.seq}" for e in entries if not kinds or (e.record or {}).get("kind") in kinds]


def wait_for(received: Callable[[], list[str]], wanted: list[str]) -> None:
    deadline = time.monotonic() + 60
    while len(received()) < len(wanted) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert received() == wanted


@pytest.mark.parametrize("kind", sorted(SCHEMES))
def test_over_http(kind: str, journal: Journal, tmp_path: Path) -> None:
    journal_of_everything(journal)
    (tmp_path / "token").write_text("trial-token")
    with other_end(kind, tmp_path) as end:
        table = documented(kind)
        local = f"127.0.0.1:{urlsplit(str(end.settings.url)).port}"  # type: ignore[attr-defined]
        assert table["token_file"].startswith("/etc/rollcall/")
        found = run({**table, **trusted(end), "url": with_host(table["url"], local), "token_file": tmp_path / "token"},
                    journal)  # fmt: skip
        wait_for(end.received, expected(journal, found.kinds))  # type: ignore[attr-defined]
        assert end.authorization() == f"{SCHEMES[kind]} trial-token"


def test_rollcall(journal: Journal, tmp_path: Path) -> None:
    journal_of_everything(journal)
    with other_end("rollcall", tmp_path) as end:
        table = documented("rollcall")
        local = f"127.0.0.1:{urlsplit(str(end.settings.url)).port}"  # type: ignore[attr-defined]
        token = end.settings.token_file  # type: ignore[attr-defined]
        run({**table, **trusted(end), "url": with_host(table["url"], local), "token_file": token}, journal)
        wait_for(end.received, expected(journal, ()))


def trusted(end: End) -> dict[str, Any]:
    return {"ca_file": end.settings.ca_file}  # type: ignore[attr-defined]


def with_host(url: str, host: str) -> str:
    return urlsplit(url)._replace(netloc=host).geturl()


@pytest.mark.parametrize("kind", ["file", "stdout"])
def test_on_this_machine(kind: str, journal: Journal, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    journal_of_everything(journal)
    table = documented(kind)
    path = tmp_path / "journal.ndjson"
    found = run({**table, **({"path": path} if kind == "file" else {})}, journal)
    lines = (path.read_text(encoding="utf-8") if kind == "file" else capfd.readouterr().out).splitlines()
    whole = [line.body.decode() for line in journal.lines(0, 1_000_000, 1 << 40)]
    kinds = found.kinds  # type: ignore[attr-defined]
    wanted = [line for line in whole if not kinds or any(f'"kind":"{kind}"' in line for kind in kinds)]
    assert lines == wanted and len(lines) > 5


@contextmanager
def documented_rsyslog(folder: Path) -> Iterator[tuple[Any, dict[str, Any]]]:
    with rsyslog(folder, client_certificates=True, config=block("syslog", "")) as server:
        yield server, {
            "host": "127.0.0.1", "port": server.port, "ca_file": folder / "ca.pem",
            "client_cert_file": folder / "client-cert.pem", "client_key_file": folder / "client-key.pem",
        }  # fmt: skip


def test_syslog_with_the_rsyslog_of_the_page(journal: Journal, tmp_path: Path) -> None:
    journal_of_everything(journal)
    with documented_rsyslog(tmp_path / "rsyslog") as (server, here):
        run({**documented("syslog"), **here}, journal)
        wanted = [line.body.decode() for line in journal.lines(0, 1_000_000, 1 << 40)]
        wait_for(lambda: [message.partition("] ")[2] for message in server.messages()], wanted)


def test_every_type_has_a_page() -> None:
    assert {kind for kind in KINDS if section(kind)} == set(KINDS)
