"""What the catalog says about permissions holds together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

import pytest

from collectors.catalog.catalog import Catalog
from collectors.catalog.client import Client
from collectors.catalog.combined import COMBINED
from collectors.catalog.permissions import Posture
from collectors.catalog.rule_syntax import SYNTAXES
from collectors.catalog.switch_syntax import SWITCHES
from collectors.catalog.validity import VALIDITIES
from tests.collectors.catalog.test_entries import FILE_TEMPLATE, KEY_PATH, SOURCE, SYSTEMS

FIRST = {
    *("amp", "claude-code", "cline", "codex", "continue", "copilot-cli", "cursor", "cursor-agent", "gemini-cli"),
    *("goose", "opencode", "qwen-code", "vscode", "windsurf", "zed"),
}
CLIENTS = [client for client in Catalog.load().clients.values() if client.permissions or client.posture]

each_client = pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.id)


def key_paths(posture: Posture) -> Iterator[str]:
    yield posture.at
    for places in (posture.mode, posture.sandbox, posture.network, posture.rules, posture.servers, posture.trusted):
        yield from (place.at for place in places)
    yield from (limit.at for limit in posture.limit)
    yield from (posture.managed_rules_only_at, posture.managed_servers_only_at)


def test_the_first_clients_have_permissions() -> None:
    assert FIRST - {client.id for client in CLIENTS} == set()


@each_client
def test_who_has_settings_also_says_how_they_are_treated(client: Client) -> None:
    assert client.permissions is not None
    # Of a client that has no approvals at all, or switches them by arguments only, there is nothing to read.
    assert client.posture or client.permissions.mode == "auto_approves" or client.permissions.flag


@each_client
def test_every_statement_says_its_source_and_every_file_lies_somewhere(client: Client) -> None:
    for stated in (*client.posture, *([client.permissions] if client.permissions else [])):
        assert SOURCE.match(stated.source), stated.source
        assert date.fromisoformat(stated.checked) >= date(2026, 1, 1)
    for file in (file for posture in client.posture for file in posture.file):
        templates = [template for os in SYSTEMS for template in file.on(os)]
        assert templates
        assert [template for template in templates if not FILE_TEMPLATE.fullmatch(template)] == []


@each_client
def test_paths_are_well_formed_and_name_functions_that_exist(client: Client) -> None:
    for posture in client.posture:
        assert [path for path in key_paths(posture) if not KEY_PATH.fullmatch(path)] == []
        assert {rules.syntax for rules in posture.rules} <= SYNTAXES.keys()
        assert {
            place.read for place in (*posture.mode, *posture.sandbox, *posture.network) if place.read
        } <= COMBINED.keys()
        assert not any(mode.read and mode.values for mode in posture.mode)
        assert {posture.valid} <= {"", *VALIDITIES}
        assert {servers.read for servers in posture.servers if servers.read} <= SWITCHES.keys()
        assert all(servers.effect or servers.values or servers.read for servers in posture.servers)


@each_client
def test_only_what_is_local_to_a_project_starts_at_a_captured_key(client: Client) -> None:
    for posture in client.posture:
        local = {file.scope == "local" and not any("{project}" in t for t in file.paths) for file in posture.file}
        assert local == {"*" in posture.at and posture.profile != "key"}


@each_client
def test_no_permission_is_read_from_a_file_of_credentials(client: Client) -> None:
    names = {t.rpartition("/")[2] for p in client.posture for f in p.file for os in SYSTEMS for t in f.on(os)}
    assert not [name for name in names if re.search(r"auth|credential|secret|providers", name)]
