"""What clients are started with: by wrappers, aliases, shortcuts and services at rest, and as processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.correlation.approvals import approvals
from agent.correlation.effective_posture import effective
from agent.correlation.switches import switched
from agent.records import AiAgent, Diagnostic, Evidence, Instance, McpServer, Posture, Record
from agent.runtime.memo import DerivationCache
from collectors.catalog.catalog import Catalog
from collectors.configs.collector import ConfigCollector
from tests.collectors.world import World

CATALOG = Catalog.load()
SERVERS = {"mcpServers": {"one": {"command": "node", "args": ["/srv/one.js"]}}}
FREE = {"permissions": {"defaultMode": "bypassPermissions"}}


def collected(world: World) -> list[Record]:
    return [record for seen in ConfigCollector().collect(world.context) for record in seen.records]


def world(tmp_path: Path, *clients: str) -> World:
    return World(tmp_path, *(CATALOG.clients[client] for client in clients))


def names(records: list[Record]) -> list[tuple[str, str, str]]:
    return [(r.agent, r.name, r.scope) for r in records if isinstance(r, McpServer)]


def concluded(world: World, client: str, records: list[Record]) -> Posture:
    agent = AiAgent(
        endpoint_id="e", owner="dev", evidence=Evidence(collector="configs"), agent=client, name=client, vendor="-",
        agent_kind="cli", installed=True,
    )  # fmt: skip
    postures = [record for record in records if isinstance(record, Posture)]
    return next(p for p in effective([agent], postures, world.catalog, DerivationCache()) if p.project is None)


WRAPPER = '#!/bin/sh\nexec /opt/claude "$@" {}\n'


@pytest.mark.parametrize(
    ("client", "path", "text"),
    [
        ("claude-code", "~/bin/claude", WRAPPER.format('--mcp-config "$HOME/more.json"')),
        ("claude-code", "~/bin/claude", WRAPPER.format("--strict-mcp-config --mcp-config=~/more.json")),
        ("claude-code", "~/.bash_aliases", "alias cc='claude --mcp-config ~/other.json ~/more.json'\n"),
        ("claude-code", "~/.config/fish/config.fish", "abbr -a cc claude --mcp-config $HOME/more.json\n"),
        ("claude-code", "~/.config/systemd/user/c.service", "[Service]\nExecStart=claude --mcp-config %h/more.json\n"),
        ("claude-code", "~/.zshrc", f"alias cc='claude --mcp-config '\\''{json.dumps(SERVERS)}'\\'''\n"),
        ("qwen-code", "~/.local/share/applications/q.desktop", "Exec=env A=1 qwen --mcp-config ~/more.json %U\n"),
        ("copilot-cli", "~/.bashrc", "alias co='copilot --additional-mcp-config @$HOME/more.json'\n"),
        ("codebuddy", "/etc/profile.d/c.sh", "alias c='codebuddy --mcp-config /home/dev/more.json'\n"),
    ],
)  # fmt: skip
def test_a_start_at_rest_brings_in_servers(tmp_path: Path, client: str, path: str, text: str) -> None:
    here = world(tmp_path, client)
    here.write("~/more.json", SERVERS)
    here.write(path, text)
    assert (client, "one", "user") in names(collected(here))


def test_an_agent_that_is_given_as_a_text_brings_its_servers(tmp_path: Path) -> None:
    here = world(tmp_path, "claude-code")
    agents = {"rev": {"description": "d", "mcpServers": [{"one": {"command": "node"}}, "defined-elsewhere"]}}
    here.write("~/bin/claude", f"#!/bin/sh\nexec /opt/claude --agents '{json.dumps(agents)}'\n")
    assert names(collected(here)) == [("claude-code", "one", "user")]


def test_options_of_goose_are_servers_themselves(tmp_path: Path) -> None:
    here = world(tmp_path, "goose")
    line = "goose session --with-extension 'A=1 npx -y @demo/s' --with-streamable-http-extension https://h.example/mcp"
    here.write("~/.bash_aliases", f'alias g="{line}"\n')
    found = [r for r in collected(here) if isinstance(r, McpServer)]
    told = sorted((r.name, r.transport, r.url or r.package, r.loaded) for r in found)
    assert told == [
        ("with-extension", "stdio", "pkg:npm/%40demo/s", True),
        ("with-streamable-http-extension", "http", "https://h.example/mcp", True),
    ]


@pytest.mark.parametrize("option", ["--user-data-dir=/home/dev/.work", "--user-data-dir ~/.work"])
def test_an_editor_may_be_started_with_another_folder_and_its_extensions_with_it(tmp_path: Path, option: str) -> None:
    here = world(tmp_path, "vscode", "cline")
    here.write("~/.local/share/applications/w.desktop", f"Exec=/usr/share/code/code {option} %F\n")
    here.write("~/.work/User/mcp.json", {"servers": {"a": {"command": "node"}}})
    cline = "~/.work/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json"
    here.write(cline, {"mcpServers": {"b": {"command": "node"}}})
    assert sorted(names(collected(here))) == [("cline", "b", "user"), ("vscode", "a", "user")]


def test_a_plug_in_folder_is_brought_in(tmp_path: Path) -> None:
    here = world(tmp_path, "claude-code")
    here.write("~/plug/.mcp.json", SERVERS)
    here.write("~/bin/claude", WRAPPER.format('--plugin-dir "$HOME/plug"'))
    assert names(collected(here)) == [("claude-code", "one", "extension")]


def test_what_a_start_brings_in_and_nobody_can_follow_is_told(tmp_path: Path) -> None:
    here = world(tmp_path, "claude-code")
    here.write("~/bin/claude", WRAPPER.format('--mcp-config "$CONF/more.json" --settings "{broken"'))
    told = [(r.code, r.key) for r in collected(here) if isinstance(r, Diagnostic) and r.code.startswith("start.")]
    assert sorted(told) == [("start.not_followed", "--mcp-config"), ("start.not_followed", "--settings")]


@pytest.mark.parametrize(
    ("client", "text", "mode"),
    [
        ("claude-code", "alias cc='claude --dangerously-skip-permissions'", "bypasses"),
        ("claude-code", f"alias cc='claude --settings '\\''{json.dumps(FREE)}'\\'''", "bypasses"),
        ("claude-code", "claude() { command claude --settings ~/free.json \"$@\"; }", "bypasses"),
        ("claude-code", "alias cc='claude --permission-mode plan'", "asks_risky"),
        ("claude-code", "alias cc='claude --settings ~/strict.json'", "asks_risky"),
        ("claude-code", "# alias cc='claude --dangerously-skip-permissions'", "asks_risky"),
        ("codex", "alias cx='codex -c approval_policy=never -c sandbox_mode=danger-full-access'", "bypasses"),
        ("codex", "alias cx='codex --config sandbox_mode=\"danger-full-access\"'", "bypasses"),
        ("codex", "alias cx='codex -p fast'", "bypasses"),
        ("copilot-cli", "export COPILOT_ALLOW_ALL=true", "bypasses"),
        ("goose", "export GOOSE_MODE=auto", "auto_approves"),
        ("gemini-cli", "alias g='gemini --policy ~/free.toml'", "auto_approves"),
    ],
)  # fmt: skip
def test_a_start_at_rest_loosens_and_never_tightens(tmp_path: Path, client: str, text: str, mode: str) -> None:
    here = world(tmp_path, client)
    here.write("~/free.json", FREE)
    here.write("~/strict.json", {"permissions": {"defaultMode": "plan", "deny": ["Bash"]}})
    here.write("~/free.toml", '[[rule]]\ntoolName = "run_shell_command"\ndecision = "allow"\npriority = 100\n')
    here.write("~/.codex/fast.config.toml", 'approval_policy = "never"\nsandbox_mode = "danger-full-access"\n')
    here.write("~/.config/goose/config.yaml", "GOOSE_MODE: approve\n")
    here.write("~/.bashrc", text + "\n")
    assert concluded(here, client, collected(here)).approval_mode == mode


@pytest.mark.parametrize(
    ("asks", "text", "mode"),
    [
        ("ask", """export OPENCODE_PERMISSION='{"*":"allow"}'""", "auto_approves"),
        ("ask", 'export OPENCODE_PERMISSION="{\\"bash\\":\\"allow\\"}"', "auto_approves"),
        ("ask", """OPENCODE_CONFIG_CONTENT='{"permission":{"edit":"allow"}}' opencode run""", "auto_approves"),
        ("ask", "alias oc='OPENCODE_CONFIG=~/free.json opencode'", "auto_approves"),
        ("allow", """export OPENCODE_PERMISSION='{"*":"deny"}'""", "auto_approves"),
        ("ask", """export OPENCODE_PERMISSION='{"read":"allow"}'""", "asks_risky"),
    ],
)
def test_permissions_in_variables_of_opencode(tmp_path: Path, asks: str, text: str, mode: str) -> None:
    here = world(tmp_path, "opencode")
    here.write("~/.config/opencode/opencode.json", {"permission": {"*": asks}})
    here.write("~/free.json", {"permission": "allow"})
    here.write("~/.profile", text + "\n")
    assert concluded(here, "opencode", collected(here)).approval_mode == mode


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_running_agent_brings_in_files_and_texts(tmp_path: Path) -> None:
    here = world(tmp_path, "claude-code")
    here.write("~/more.json", SERVERS)
    inline = json.dumps({"mcpServers": {"two": {"command": "node", "args": ["/srv/two.js"]}}})
    argv: list[Any] = ["claude", "--mcp-config", "more.json", inline, "--settings", json.dumps(FREE)]
    code = "import time; time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code, *argv], env=os.environ) as process:
        while b"mcp-config" not in Path(f"/proc/{process.pid}/cmdline").read_bytes():
            time.sleep(0.01)
        here.known = [
            Instance(
                endpoint_id="e", owner="dev", evidence=Evidence(collector="processes"), subject="agent",
                name="claude-code", agent="claude-code", pid=process.pid, started_at=datetime.now(UTC),
                cwd=here.home.path,
            )
        ]  # fmt: skip
        records = collected(here)
        process.kill()
    assert names(records) == [("claude-code", "one", "user"), ("claude-code", "two", "user")]
    set_by = [(p.set_by, p.approval_mode) for p in records if isinstance(p, Posture)]
    assert set_by == [("flag", "bypasses")]


def test_a_start_switches_nothing_off_for_the_others(tmp_path: Path) -> None:
    here = world(tmp_path, "claude-code")
    cache = here.folder("~/.claude/plugins/cache/mk/one/1")
    here.write("~/.claude/plugins/installed_plugins.json", {"plugins": {"one@mk": [{"installPath": cache}]}})
    here.write("~/.claude/plugins/cache/mk/one/1/.mcp.json", SERVERS)
    here.write("~/.bashrc", """alias c='claude --settings ~/off.json'\n""")
    here.write("~/off.json", {"enabledPlugins": {"one@mk": False}})
    here.write("~/.claude/settings.json", {"enabledPlugins": {"one@mk": True}})
    assert enabled(here) == [True]
    here.write("~/off.json", {"enabledPlugins": {"one@mk": True}})
    here.write("~/.claude/settings.json", {"enabledPlugins": {"one@mk": False}})
    assert enabled(here) == [True]


def enabled(world: World) -> list[bool]:
    records = collected(world)
    servers = [record for record in records if isinstance(record, McpServer)]
    postures = [record for record in records if isinstance(record, Posture)]
    return [server.enabled for server in switched(servers, postures, world.catalog, DerivationCache())]


def test_a_start_refuses_no_server_for_the_others(tmp_path: Path) -> None:
    here = world(tmp_path, "claude-code")
    here.folder("~/p/.git")
    here.write("~/p/.mcp.json", SERVERS)
    here.write("~/.bashrc", """alias c='claude --settings ~/no.json'\n""")
    here.write("~/no.json", {"disabledMcpjsonServers": ["one"], "deniedMcpServers": [{"serverName": "one"}]})
    here.write("~/.claude/settings.json", {"enableAllProjectMcpServers": True})
    records = collected(here)
    servers = [record for record in records if isinstance(record, McpServer)]
    postures = [record for record in records if isinstance(record, Posture)]
    assert [a.state for a in approvals(servers, postures, here.catalog, DerivationCache())] == ["approved"]


@pytest.mark.parametrize(
    "path",
    [
        "~/.var/app/org.demo.Editor/config/Code/User/mcp.json",
        "~/snap/editor/current/.config/Code/User/mcp.json",
        "~/Apps/editor/data/user-data/User/mcp.json",
    ],
)
def test_packages_that_keep_to_themselves_are_looked_into(tmp_path: Path, path: str) -> None:
    here = world(tmp_path, "vscode", "unknown")
    here.write(path, {"servers": {"a": {"command": "node"}}})
    assert names(collected(here)) == [("vscode", "a", "user")]


@pytest.mark.parametrize("value", ["$PWD/.cc", "${PWD}/.cc", "$(pwd)/.cc", ".cc", "~/p/.cc"])
def test_a_project_may_move_a_clients_home(tmp_path: Path, value: str) -> None:
    here = world(tmp_path, "claude-code")
    here.write("~/p/.mcp.json", {})
    here.write("~/p/.envrc", f"export CLAUDE_CONFIG_DIR={value}\n")
    here.write("~/p/.cc/.claude.json", SERVERS)
    assert names(collected(here)) == [("claude-code", "one", "user")]
