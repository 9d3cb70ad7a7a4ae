"""The catalog's facts hold together: whatever a TOML says can be looked up, once, and says where it comes from."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

import pytest

from collectors import catalog
from collectors.catalog.catalog import Catalog
from collectors.catalog.client import Artifact, Client, ConfigFile, Install, Provider, Roots, SignedIn
from collectors.locate.ecosystems import ECOSYSTEMS
from collectors.sources.account import Os

FOLDER = Path(catalog.__file__).parent / "clients"
CLIENTS = list(Catalog.load().clients.values())
SYSTEMS: tuple[Os, ...] = ("linux", "macos", "windows")
RECORDED = Path(__file__).resolve().parents[4] / "shared" / "clients"

FIRST_CLIENTS = {
    *("claude-code", "claude-desktop", "cline", "codex", "continue", "copilot-cli", "cursor", "gemini-cli"),
    *("goose", "junie", "opencode", "vscode", "vscode-insiders", "vscodium", "windsurf", "zed"),
}
NO_USER_CONFIG: dict[str, set[Os]] = {
    "copilot-xcode": {"linux", "windows"},
    "copilot-vscode": set(SYSTEMS),  # settings of the editor it runs in
    **{id: set(SYSTEMS) for id in ("fast-agent", "mcpo")},  # only files in projects are known
    "firebase-studio": set(SYSTEMS),  # runs in the cloud
    "visual-studio": {"linux", "macos"},  # a Windows application
    **{id: set(SYSTEMS) for id in ("gpt4all", "koboldcpp", "llamacpp", "localai", "ollama", "vllm")},  # only run models
    **{id: set(SYSTEMS) for id in ("flowise", "langflow", "n8n", "open-webui")},  # keep servers in their own database
    **{id: set(SYSTEMS) for id in ("chatgpt-desktop", "msty", "perplexity-desktop", "plandex")},  # no known file
    **{id: set(SYSTEMS) for id in ("cody", "zencoder")},  # settings of the editor they run in
}
SMALL, LARGE = 4096, 36_864
LARGE_CLIENTS = 50
OF_AN_IDE = ("{project}/.idea/workspace.xml",)
"""Files of an IDE that is no client itself: they count only for the clients that are there."""
TOO_GENERIC = {
    *("agent", "amp", "claude", "cn", "code", "copilot", "cursor", "devin", "droid", "gemini", "goose", "grok", "kilo"),
    *("kimi", "lms", "node", "pi", "python", "q", "vibe", "void", "warp", "zed"),
}
FILE_KINDS = {"skill", "subagent", "command", "rule", "plugin"}
FILE_TEMPLATE = re.compile(
    r"(~|\{(config|data|appdata|project|extension|managed)\}|[A-Z]:)?(/[^/\\{}#]+)+(?<=\.plist)(#\w+)?"
    r"|(~|\{config\})(/[^/\\{}#]+)+(?<=\.vscdb)#[\w./-]+"
    r"|(~|\{(config|data|appdata|project|extension)\}|[A-Z]:)?(/[^/\\{}#]+)+|HK(LM|CU)(/[^/\\{}#*]+)+(#\w+)?"
)
KEY_PATH = re.compile(r"(?:(?:[\w-]+|\*)(?:\[\])?|\[\])(?:\.(?:[\w-]+|\*)(?:\[\])?)*|")
SOURCE = re.compile(r"https://\S|package (?:npm|pypi):\S|[\w.-]+/[\w.-]+[:#]\S|[A-Za-z][A-Za-z ]* \d+\.\d+")

each_client = pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.id)


def facts(client: Client) -> Iterator[ConfigFile | Install | Roots | Artifact | Provider | SignedIn]:
    yield from client.install
    yield from client.config
    yield from client.roots
    yield from client.artifact
    yield from client.provider
    yield from client.signed_in


def test_the_first_clients_are_all_there() -> None:
    assert FIRST_CLIENTS - {client.id for client in CLIENTS} == set()


def test_at_least_seventy_clients_and_frameworks_are_known() -> None:
    assert len(CLIENTS) >= 70
    assert len([client for client in CLIENTS if client.kind != "framework"]) >= 60


def test_every_file_is_one_client_named_after_its_id_and_compact() -> None:
    sizes = {path.stem: path.stat().st_size for path in FOLDER.glob("*.toml")}
    assert sizes.keys() == {client.id for client in CLIENTS}
    assert [name for name, size in sizes.items() if size > LARGE] == []
    assert len([name for name, size in sizes.items() if size > SMALL]) <= LARGE_CLIENTS


@each_client
def test_every_path_template_starts_where_the_engine_can_start(client: Client) -> None:
    templates = [template for fact in facts(client) for os in SYSTEMS for template in fact.on(os)]
    assert [template for template in templates if not FILE_TEMPLATE.fullmatch(template) or "**" in template] == []


@each_client
def test_every_fact_applies_somewhere_and_says_its_source_and_date(client: Client) -> None:
    for fact in facts(client):
        packages = isinstance(fact, Install) and fact.packages
        assert packages or any(fact.on(os) for os in SYSTEMS), fact
    for stated in (*facts(client), *client.override, *client.manifest):
        assert SOURCE.match(stated.source), stated.source
        assert date(2026, 1, 1) <= date.fromisoformat(stated.checked), stated.checked


@each_client
@pytest.mark.parametrize("os", SYSTEMS)
def test_no_path_is_listed_twice(client: Client, os: Os) -> None:
    read = Counter(template for config in client.config for template in config.on(os))
    named = Counter((template, roots.at) for roots in client.roots for template in roots.on(os))
    found = Counter(template for install in client.install for template in (*install.on(os), *install.packages))
    made = Counter((part.kind, template, part.at) for part in client.artifact for template in part.on(os))
    hosted = Counter((template, part.at, part.id) for part in client.provider for template in part.on(os))
    assert [entry for entry, times in (read + named + found + made + hosted).items() if times > 1] == []


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
    assert {template: ids for template, ids in sharers.items() if template not in {*owners, *OF_AN_IDE}} == {}


@pytest.mark.parametrize("os", SYSTEMS)
def test_a_skill_a_rule_or_a_hook_is_told_once_by_the_client_that_it_is_native_to(os: Os) -> None:
    told = Counter(
        (part.kind, template, part.at)
        for client in CLIENTS
        for part in client.artifact
        for template in part.on(os)
        if not template.startswith("{extension}/")
    )
    assert [place for place, times in told.items() if times > 1] == []


@each_client
def test_an_artifact_is_either_a_file_by_its_name_or_an_entry_of_a_readable_file(client: Client) -> None:
    for part in client.artifact:
        files = [template.rpartition("/")[2] for os in SYSTEMS for template in part.on(os)]
        if part.at is None:
            assert part.kind in FILE_KINDS or (part.kind == "hook" and files == [file for file in files if file == "*"])
            assert not part.program_at
        else:
            paths = [template for os in SYSTEMS for template in part.on(os) if not template.startswith("HK")]
            endings = {PurePosixPath(path.partition("#")[0].replace("/.", "/x.")).suffix for path in paths}
            assert endings <= {".json", ".jsonc", ".toml", ".yaml", ".yml", ".hook", ".roomodes", ".plist"}
        if part.kind == "skill":
            assert set(files) == {"SKILL.md"}
        if part.at is not None and part.kind == "hook":
            assert part.program_at


@each_client
def test_a_provider_has_an_id_and_says_where_it_is_hosted_or_which_model_it_serves(client: Client) -> None:
    for part in client.provider:
        assert part.id or "*" in part.at
        assert part.url_at or part.model_at


@each_client
def test_no_provider_is_read_from_a_file_of_credentials(client: Client) -> None:
    files = {template.rpartition("/")[2] for part in client.provider for os in SYSTEMS for template in part.on(os)}
    assert files.isdisjoint({"auth.json", "providers.json", "credentials.json", ".credentials.json", "secrets.yaml"})


@each_client
def test_an_override_replaces_the_start_of_some_template_of_the_client(client: Client) -> None:
    templates = [template for fact in facts(client) for os in SYSTEMS for template in fact.on(os)]
    for override in client.override:
        start = override.replaces
        assert any(template == start or template.startswith(start + "/") for template in templates), start


@each_client
def test_every_package_is_of_a_known_ecosystem(client: Client) -> None:
    packages = [package for install in client.install for package in install.packages]
    assert {package.partition(":")[0] for package in packages} <= ECOSYSTEMS.keys()


def test_a_framework_is_recognised_by_its_packages_and_only_a_framework_is() -> None:
    assert [client.id for client in CLIENTS if (client.kind == "framework") != bool(client.manifest)] == []


def test_no_package_in_a_manifest_shows_two_frameworks() -> None:
    shown = Counter(package for client in CLIENTS for manifest in client.manifest for package in manifest.packages)
    assert [package for package, times in shown.items() if times > 1] == []


def test_gateways_that_stand_for_others_have_servers_of_their_own_to_read() -> None:
    for client in CLIENTS:
        if client.gateway:
            assert any(config.servers for config in client.config), client.id
    standing = Counter(package for client in CLIENTS for package in client.gateway)
    assert [package for package, times in standing.items() if times > 1] == []


@each_client
def test_precedence_names_every_scope_once_unless_plugins_keep_to_themselves(client: Client) -> None:
    if client.id == "unknown":  # of clients that nobody knows none stands before another
        return
    scopes = {"extension", *client.precedence}
    assert sorted(scopes) == ["extension", "local", "managed", "project", "user"]
    assert len(set(client.precedence)) == len(client.precedence)


@each_client
@pytest.mark.parametrize("os", SYSTEMS)
def test_every_client_has_a_user_configuration_on_every_system(client: Client, os: Os) -> None:
    if client.kind in ("framework", "standard"):
        return
    present = any(config.on(os) for config in client.config if config.scope == "user" and not config.shared)
    excused = os in NO_USER_CONFIG.get(client.id, set())
    assert present is not excused


@each_client
def test_plugin_files_come_with_what_names_the_plugin_folders(client: Client) -> None:
    parts = (*client.config, *client.artifact)
    relative = any(t.startswith("{extension}/") for part in parts for os in SYSTEMS for t in part.on(os))
    assert relative == any(roots.kind == "extension" for roots in client.roots)


@each_client
def test_every_key_path_is_well_formed(client: Client) -> None:
    servers = [path for config in client.config for found in config.servers for path in (found.at, found.name_at)]
    servers += [part.at or "" for part in client.artifact]
    servers += [path for part in client.provider for path in (part.at, *part.url_at, *part.model_at)]
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
