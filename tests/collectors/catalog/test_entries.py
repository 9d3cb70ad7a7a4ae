"""The catalog's facts hold together: whatever a TOML says can be looked up, once, and says where it comes from."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from collectors.catalog import schema
from collectors.catalog.schema import Catalog, Client, ConfigFile, Install, Os, Roots

FOLDER = Path(schema.__file__).parent
CLIENTS = list(Catalog.load().clients.values())
SYSTEMS: tuple[Os, ...] = ("linux", "macos", "windows")
RECORDED = Path(__file__).resolve().parents[4] / "shared" / "clients"

FIRST_CLIENTS = {
    *("claude-code", "claude-desktop", "cline", "codex", "continue", "copilot-cli", "cursor", "gemini-cli"),
    *("goose", "junie", "opencode", "vscode", "vscode-insiders", "vscodium", "windsurf", "zed"),
}
NO_USER_CONFIG: dict[str, set[Os]] = {
    "boltai": {"linux", "windows"},  # a macOS application
    "ollama": set(SYSTEMS),  # runs models, holds no server definitions
    "open-webui": set(SYSTEMS),  # keeps its tool servers in its own database
    "visual-studio": {"linux", "macos"},  # a Windows application
}
TOO_GENERIC = {
    *("agent", "amp", "claude", "cn", "code", "copilot", "cursor", "devin", "droid", "gemini", "goose", "kilo", "lms"),
    *("node", "python", "q", "warp", "zed"),
}
FILE_TEMPLATE = re.compile(r"(~|\{(config|data|appdata|project|extension)\}|[A-Z]:)?(/[^/\\{}]+)+")
KEY_PATH = re.compile(r"(?:(?:[\w-]+|\*)(?:\[\])?|\[\])(?:\.(?:[\w-]+|\*)(?:\[\])?)*|")
SOURCE = re.compile(r"https://\S|[\w.-]+/[\w.-]+[:#]\S|[A-Za-z][A-Za-z ]* \d+\.\d+")

each_client = pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.id)


def facts(client: Client) -> Iterator[ConfigFile | Install | Roots]:
    yield from client.install
    yield from client.config
    yield from client.roots


def test_the_first_clients_are_all_there() -> None:
    assert FIRST_CLIENTS - {client.id for client in CLIENTS} == set()


def test_every_file_is_one_client_named_after_its_id_and_compact() -> None:
    files = {path.stem: path for path in FOLDER.glob("*.toml")}
    assert files.keys() == {client.id for client in CLIENTS}
    assert [name for name, path in files.items() if path.stat().st_size > 4096] == []


@each_client
def test_every_path_template_starts_where_the_engine_can_start(client: Client) -> None:
    templates = [template for fact in facts(client) for os in SYSTEMS for template in fact.on(os)]
    assert [template for template in templates if not FILE_TEMPLATE.fullmatch(template) or "**" in template] == []


@each_client
def test_every_fact_applies_somewhere_and_says_its_source_and_date(client: Client) -> None:
    for fact in facts(client):
        assert any(fact.on(os) for os in SYSTEMS), fact
        assert SOURCE.match(fact.source), fact.source
        assert date(2026, 1, 1) <= date.fromisoformat(fact.checked), fact.checked


@each_client
@pytest.mark.parametrize("os", SYSTEMS)
def test_no_path_is_listed_twice(client: Client, os: Os) -> None:
    read = Counter(template for config in client.config for template in config.on(os))
    named = Counter((template, roots.at) for roots in client.roots for template in roots.on(os))
    found = Counter(template for install in client.install for template in install.on(os))
    assert [entry for entry, times in (read + named + found).items() if times > 1] == []


@pytest.mark.parametrize("os", SYSTEMS)
def test_a_file_belongs_to_one_client_and_the_others_share_it(os: Os) -> None:
    owners: dict[str, list[str]] = {}
    sharers: dict[str, list[str]] = {}
    for client in CLIENTS:
        for config in client.config:
            for template in config.on(os):
                if not template.startswith("{extension}/"):
                    (sharers if config.shared else owners).setdefault(template, []).append(client.id)
    assert {template: ids for template, ids in owners.items() if len(ids) > 1} == {}
    assert {template: ids for template, ids in sharers.items() if template not in owners} == {}


@each_client
@pytest.mark.parametrize("os", SYSTEMS)
def test_every_client_has_a_user_configuration_on_every_system(client: Client, os: Os) -> None:
    present = any(config.on(os) for config in client.config if config.scope == "user" and not config.shared)
    excused = os in NO_USER_CONFIG.get(client.id, set())
    assert present is not excused


@each_client
def test_plugin_files_come_with_what_names_the_plugin_folders(client: Client) -> None:
    relative = any(t.startswith("{extension}/") for config in client.config for os in SYSTEMS for t in config.on(os))
    assert relative == any(roots.kind == "extension" for roots in client.roots)


@each_client
def test_every_key_path_is_well_formed(client: Client) -> None:
    servers = [found.at for config in client.config for found in config.servers]
    plain = [roots.at for roots in client.roots if roots.format not in ("sqlite", "xml")]
    assert [path for path in (*servers, *plain) if not KEY_PATH.fullmatch(path)] == []
    for roots in client.roots:
        if roots.format == "sqlite":
            assert re.fullmatch(r"\w+\.\w+", roots.at)
        if roots.format == "xml":
            assert re.fullmatch(r"\w+@\w+", roots.at)


@each_client
def test_a_process_is_recognised_by_something_that_is_the_clients_alone(client: Client) -> None:
    assert TOO_GENERIC.isdisjoint(client.process.exe)
    assert [path for path in client.process.paths if not re.fullmatch(r"/.+/", path)] == []
    assert [package for package in client.process.packages if not re.match(r"(npm|pypi):[@\w]", package)] == []


def test_no_process_signature_is_claimed_by_two_clients() -> None:
    claims = Counter(
        signature
        for client in CLIENTS
        for signature in (*client.process.exe, *client.process.packages, *client.process.paths)
    )
    assert [signature for signature, times in claims.items() if times > 1] == []


@pytest.mark.parametrize(
    ("id", "home", "template"),
    [
        ("claude-code", "claude", "~/.claude.json"),
        ("claude-code", "claude", "~/.claude/settings.json"),
        ("codex", "codex", "~/.codex/config.toml"),
        ("gemini-cli", "gemini", "~/.gemini/settings.json"),
        ("copilot-cli", "copilot", "~/.copilot/mcp-config.json"),
        ("copilot-cli", "copilot", "~/.copilot/config.json"),
        ("opencode", "opencode", "~/.config/opencode/opencode.jsonc"),
    ],
)
def test_files_that_real_clients_wrote_are_where_the_catalog_looks(id: str, home: str, template: str) -> None:
    if not RECORDED.is_dir():
        pytest.skip("the recorded homes of real clients are not here")
    client = Catalog.load().clients[id]
    assert template in {path for config in client.config for path in config.on("linux")}
    assert (RECORDED / home / template.removeprefix("~/")).is_file()


@pytest.mark.parametrize(
    ("id", "home"),
    [
        ("claude-code", "claude"),
        ("codex", "codex"),
        ("gemini-cli", "gemini"),
        ("copilot-cli", "copilot"),
        ("opencode", "opencode"),
    ],
)
def test_state_that_real_clients_wrote_is_where_the_catalog_looks_for_projects(id: str, home: str) -> None:
    if not RECORDED.is_dir():
        pytest.skip("the recorded homes of real clients are not here")
    written = [str(path.relative_to(RECORDED / home)) for path in (RECORDED / home).rglob("*") if path.is_file()]
    templates = [t.removeprefix("~/") for roots in Catalog.load().clients[id].roots for t in roots.on("linux")]
    assert any(fnmatchcase(path, template) for path in written for template in templates)
