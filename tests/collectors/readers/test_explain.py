"""For a file from a ticket: who reads it, why, and what comes out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agent.records import Artifact, Diagnostic, McpServer, Posture
from agent.reports.file_explanation import lines
from collectors.contract import Context
from collectors.readers.explain import explain
from tests.collectors.world import World, client

SERVERS = [{"at": "mcpServers"}]
DEMO = client(
    config=[
        {"scope": "user", "paths": ["~/.demo/mcp.json"], "servers": SERVERS},
        {"scope": "user", "paths": ["~/.demo/settings.json"]},
        {"scope": "project", "paths": ["{project}/.demo.json"], "servers": [{"at": "servers"}]},
        {"scope": "extension", "paths": ["~/.demo/plugins/*/mcp.json"], "servers": SERVERS},
    ]
)
OTHER = client("other", config=[{"scope": "user", "paths": ["~/.demo/mcp.json"], "servers": [{"at": "servers"}]}])
ONE = json.dumps({"mcpServers": {"files": {"command": "npx", "args": ["-y", "files@1.0.0"]}}})


@pytest.fixture
def context(tmp_path: Path) -> Context:
    return World(tmp_path / "world", DEMO, OTHER, live=True).context


def write(tmp_path: Path, path: str, content: str = ONE) -> str:
    place = tmp_path / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(content)
    return str(place)


def test_every_client_that_reads_a_file_there_is_named_with_place_and_source(context: Context, tmp_path: Path) -> None:
    path = write(tmp_path, "anyone/.demo/mcp.json")
    found = explain(context, path)
    assert [explanation.client for explanation in found] == [DEMO, OTHER]
    assert found[0].reason == "Demo reads ~/.demo/mcp.json in user scope (a test, 2026-01-01)"
    assert [record.kind for record in found[0].records] == ["mcp_server"] and found[1].records == ()


def test_records_name_the_file_as_it_was_given(
    context: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, ".demo/mcp.json")
    monkeypatch.chdir(tmp_path)
    (server,) = explain(context, ".demo/mcp.json")[0].records
    assert isinstance(server, McpServer)
    assert (server.source.path, server.evidence.source) == (".demo/mcp.json", ".demo/mcp.json")
    write(tmp_path, ".demo/mcp.json", "{")
    (wrong,) = explain(context, ".demo/mcp.json")[0].records
    assert isinstance(wrong, Diagnostic) and wrong.path == ".demo/mcp.json"


@pytest.mark.parametrize(
    "path", ["elsewhere/mcp.json", "mcp.json", "demo/mcp.json", ".demo/other.json", ".demo/mcp.json.bak"]
)
def test_a_file_at_another_place_is_read_by_nobody(context: Context, tmp_path: Path, path: str) -> None:
    (found,) = explain(context, write(tmp_path, path))
    assert found.client is None and found.records == ()


def test_a_star_of_a_template_stands_for_one_folder(context: Context, tmp_path: Path) -> None:
    (found,) = explain(context, write(tmp_path, ".demo/plugins/git/mcp.json"))
    assert found.client is DEMO and "plugins/*/mcp.json" in found.reason


@pytest.mark.parametrize("path", ["ticket-4711/mcp.json", "settings.json", "download.json"])
def test_with_a_client_named_a_file_is_read_as_that_clients_wherever_it_lies(
    context: Context, tmp_path: Path, path: str
) -> None:
    (found,) = explain(context, write(tmp_path, path), "demo")
    assert found.client is DEMO
    if path != "settings.json":
        assert [record.kind for record in found.records] == ["mcp_server"]


def test_with_a_client_named_the_best_fitting_place_decides(context: Context, tmp_path: Path) -> None:
    text = json.dumps({"servers": {"theirs": {"command": "x"}}, **json.loads(ONE)})
    (found,) = explain(context, write(tmp_path, "any/.demo.json", text), "demo")
    assert [record.name for record in found.records if isinstance(record, McpServer)] == ["theirs"]


def test_a_file_that_is_not_there_says_so(context: Context, tmp_path: Path) -> None:
    (found, _) = explain(context, str(tmp_path / ".demo/mcp.json"))
    assert (found.reason, found.records) == ("no such file", ())


def test_nothing_secret_comes_out(context: Context, tmp_path: Path) -> None:
    text = json.dumps({"mcpServers": {"a": {"command": "x", "args": ["--token", "Zq7planted5x"]}}})
    found = explain(context, write(tmp_path, ".demo/mcp.json", text))
    assert "Zq7planted5x" not in "".join(lines(found)) + "".join(r.to_json() for e in found for r in e.records)


def test_a_person_gets_a_line_a_record(context: Context, tmp_path: Path) -> None:
    path = write(tmp_path, ".demo/mcp.json")
    assert list(lines(explain(context, path)))[:2] == [
        f"{path}: Demo reads ~/.demo/mcp.json in user scope (a test, 2026-01-01)",
        "  user stdio files: pkg:npm/files@1.0.0",
    ]
    write(tmp_path, ".demo/mcp.json", '{\n"a": nonsense}')
    assert any(line.startswith("  error parse.json 2:") for line in lines(explain(context, path)))


def test_no_name_in_a_file_can_write_to_the_terminal(context: Context, tmp_path: Path) -> None:
    text = json.dumps({"mcpServers": {"\x1b[2J\r\n": {"command": "\x1b]0;x\x07"}, "\x9b": 7}})
    for line in lines(explain(context, write(tmp_path, ".demo/mcp.json", text))):
        assert line.isprintable()


FACT = {"source": "a test", "checked": "2026-01-02"}
SETTINGS = client(
    "settled",
    config=[{"scope": "project", "paths": ["{project}/.set/settings.json"], "servers": SERVERS}],
    artifact=[
        {"kind": "hook", "scope": "project", "paths": ["{project}/.set/settings.json"], "at": "hooks.*[]",
         "program_at": ["command"]},
        {"kind": "skill", "scope": "user", "paths": ["~/.set/skills/*/SKILL.md"]},
    ],
    provider=[
        {"scope": "project", "paths": ["{project}/.set/settings.json"], "at": "providers.*", "url_at": ["url"]},
        {"scope": "user", "paths": ["~/.set/models.json"], "at": "providers.*", "url_at": ["url"]},
    ],
    signed_in=[{"paths": ["~/.set/account.json"], "at": "email", **FACT}],
    posture=[
        {
            "file": [{"scope": "project", "paths": ["{project}/.set/settings.json"]}],
            "mode": [{"at": "mode", "values": {"yolo": "bypasses"}}],
            "trusted": [{"at": "trusted[]"}],
            "servers": [{"at": "only[]", "effect": "only"}],
            **FACT,
        }
    ],
)  # fmt: skip


@pytest.fixture
def settled(tmp_path: Path) -> Context:
    return World(tmp_path / "world", SETTINGS, live=True).context


def test_a_settings_file_shows_permissions_hooks_providers_and_servers_together(
    settled: Context, tmp_path: Path
) -> None:
    content = {
        "mode": "yolo", "trusted": ["/srv"], "only": ["files"], **json.loads(ONE),
        "hooks": {"before": [{"command": "/opt/check --token Zq7planted5x"}]},
        "providers": {"own": {"url": "https://u:Zq7planted5x@models.example"}},
    }  # fmt: skip
    told = list(lines(explain(settled, write(tmp_path, ".set/settings.json", json.dumps(content)))))
    assert "Settled reads {project}/.set/settings.json in project scope" in told[0]
    assert set(told[1:]) == {
        "  project stdio files: pkg:npm/files@1.0.0",
        "  project hook before: check",
        "  project provider own: https://models.example",
        "  project permissions: approval: bypasses",
        "    trusted folder /srv",
        "    only servers by name: files",
    }


def test_a_setting_that_is_not_understood_is_said_and_named(settled: Context, tmp_path: Path) -> None:
    told = list(lines(explain(settled, write(tmp_path, ".set/settings.json", '{"mode": ["Zq7planted5x"]}'))))
    assert "    not understood: mode" in told and "Zq7planted5x" not in "".join(told)
    assert any(line.startswith("  warning posture.not_understood mode: ") for line in told)


@pytest.mark.parametrize(
    ("path", "content", "line"),
    [
        (".set/skills/pdf/SKILL.md", "# pdf", "  user skill pdf"),
        (".set/models.json", '{"providers": {"own": {"url": "https://m.example"}}}', "  user provider own: https://m.example"),
        (".set/account.json", '{"email": "dev@example.org"}', "  signed in: dev@example.org"),
    ],
)  # fmt: skip
def test_a_file_that_holds_no_servers_is_explained_too(
    settled: Context, tmp_path: Path, path: str, content: str, line: str
) -> None:
    first, told = lines(explain(settled, write(tmp_path, path, content)))
    assert told == line and "in user scope" in first
    assert list(lines(explain(settled, write(tmp_path, path, content), "settled"))) == [first, told]


def test_records_of_every_kind_name_the_file_as_it_was_given(
    settled: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, ".set/settings.json", '{"mode": "yolo", "hooks": {"x": [{"command": "y"}]}}')
    monkeypatch.chdir(tmp_path)
    (found,) = explain(settled, ".set/settings.json")
    assert {record.kind for record in found.records} == {"posture", "artifact"}
    assert {r.evidence.source for r in found.records} == {".set/settings.json"}
    assert {r.source.path for r in found.records if isinstance(r, Posture | Artifact) and r.source} == {
        ".set/settings.json"
    }
