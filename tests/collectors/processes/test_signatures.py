"""Which real processes are agents or MCP servers, and which only look like it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.records import McpServer
from agent.redaction import redact
from collectors.catalog.starts import bypass_flags
from collectors.processes.classifier import Classifier, Judged
from collectors.processes.signatures import looks_like_server
from tests import made
from tests.collectors.running import WAIT, Processes, needs, node_package, processes, python_as
from tests.collectors.world import World, client

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

DEMO = client(
    process={
        "exe": ["demo-agent"], "packages": ["npm:@demo/agent", "npm:@demo/agent-*"], "paths": ["/Demo.app/Contents/"],
        "bypass": ["--yolo", "--approve all"],
    },
)  # fmt: skip


@pytest.fixture
def start() -> Iterator[Processes]:
    with processes() as started:
        yield started


def judged(tmp_path: Path, start: Processes, pid: int, *servers: McpServer) -> Judged:
    return Classifier(World(tmp_path, DEMO, live=True).context, servers)(start.row(pid))


def test_an_agent_is_known_by_its_executable(tmp_path: Path, start: Processes) -> None:
    pid = start(python_as(tmp_path / "bin/demo-agent"), "-c", WAIT)
    assert judged(tmp_path, start, pid).agent == "demo"


def test_an_agent_is_known_by_its_package(tmp_path: Path, start: Processes) -> None:
    for name in ("@demo/agent", "@demo/agent-linux-x64"):
        assert judged(tmp_path, start, start(needs("node"), node_package(tmp_path, name))).agent == "demo"
    other = node_package(tmp_path, "@demo/agents")
    assert judged(tmp_path, start, start(needs("node"), other)).agent is None


def test_an_agent_is_known_by_where_its_files_lie(tmp_path: Path, start: Processes) -> None:
    program = python_as(tmp_path / "Demo.app/Contents/MacOS/anything")
    assert judged(tmp_path, start, start(program, "-c", WAIT)).agent == "demo"
    beside = python_as(tmp_path / "MyDemo.app/Contents/anything")
    assert judged(tmp_path, start, start(beside, "-c", WAIT)).agent is None


def test_a_process_that_calls_itself_an_agent_is_none_and_is_told(tmp_path: Path, start: Processes) -> None:
    found = judged(tmp_path, start, start("demo-agent", "-c", WAIT, program=sys.executable))
    assert (found.agent, found.impersonates, found.interesting) == (None, "demo", False)


@pytest.mark.parametrize("argument", ["demo-agent", "/opt/Demo.app/Contents/x", "node_modules/@demo/agent/index.js"])
def test_an_argument_that_names_an_agent_makes_no_agent(tmp_path: Path, start: Processes, argument: str) -> None:
    found = judged(tmp_path, start, start(sys.executable, "-c", WAIT, argument))
    assert (found.agent, found.servers, found.package) == (None, (), None)


def definition(command: object, *args: object, name: str = "files", **fields: Any) -> McpServer:
    return made.server(name, command=str(command), args=tuple(map(str, args)), **fields)


def test_a_process_with_the_command_line_of_a_definition_is_an_instance_of_it(tmp_path: Path, start: Processes) -> None:
    script = tmp_path / "serve.py"
    script.write_text(WAIT)
    mine, other = (
        definition(sys.executable, script, "--port", "1"),
        definition(sys.executable, script, "--port", "2", name="o"),
    )
    found = judged(tmp_path, start, start(sys.executable, script, "--port", "1"), mine, other)
    assert found.servers == (mine,) and found.is_server
    assert judged(tmp_path, start, start(sys.executable, script, "--port"), mine, other).servers == ()
    assert judged(tmp_path, start, start(sys.executable, script, "--port", "1", "x"), mine, other).servers == ()


def test_placeholders_of_a_definition_stand_for_anything_and_dots_for_themselves(
    tmp_path: Path, start: Processes
) -> None:
    script = tmp_path / "serve.py"
    script.write_text(WAIT)
    mine = definition("python", "${HOME}/serve.py", "a.c")
    pid = start("python", script, "a.c", program=sys.executable)
    assert judged(tmp_path, start, pid, mine).servers == (mine,)
    pid = start("python", script, "abc", program=sys.executable)
    assert judged(tmp_path, start, pid, mine).servers == ()


def test_a_token_on_the_command_line_does_not_keep_it_from_its_definition(tmp_path: Path, start: Processes) -> None:
    script = tmp_path / "serve.py"
    script.write_text(WAIT)
    mine = definition(sys.executable, *redact.argv([str(script), "--token", "Zq7planted5x"]).args)
    assert mine.args[-1] == "<redacted>"
    pid = start(sys.executable, script, "--token", "Zq7planted5x")
    assert judged(tmp_path, start, pid, mine).servers == (mine,)


def test_the_package_joins_a_process_to_the_launcher_that_names_it(tmp_path: Path, start: Processes) -> None:
    npx = definition("npx", "-y", "@demo/files@1.0.0", package="pkg:npm/%40demo/files@1.0.0")
    other = definition("npx", "-y", "@demo/other", name="other", package="pkg:npm/%40demo/other")
    pid = start(needs("node"), node_package(tmp_path, "@demo/files"))
    assert judged(tmp_path, start, pid, npx, other).servers == (npx,)


def test_of_two_definitions_of_one_package_the_arguments_decide(tmp_path: Path, start: Processes) -> None:
    both = [
        definition("npx", "-y", "@demo/files", folder, name=folder, package="pkg:npm/%40demo/files")
        for folder in ("/srv/a", "/srv/b")
    ]
    pid = start(needs("node"), node_package(tmp_path, "@demo/files"), "/srv/b")
    assert [server.name for server in judged(tmp_path, start, pid, *both).servers] == ["/srv/b"]


def test_a_server_that_no_configuration_declares_is_known_by_its_packages_name(
    tmp_path: Path, start: Processes
) -> None:
    found = judged(tmp_path, start, start(needs("node"), node_package(tmp_path, "weather-mcp")))
    assert found.is_server and found.servers == () and found.package == "npm:weather-mcp"


@pytest.mark.parametrize(
    "package", ["npm:weather-mcp", "npm:@x/mcp", "pypi:mcp-server-git", "npm:@modelcontextprotocol/server-everything"]
)
def test_mcp_as_a_word_of_a_packages_name_makes_a_server(package: str) -> None:
    assert looks_like_server(package)


@pytest.mark.parametrize(
    "package",
    [
        "npm:add-mcp",
        "pypi:mcp-agent",
        None,
        "npm:mcpherson",
        "npm:tmcp",
        "npm:@modelcontextprotocol/inspector",
        "npm:react",
        "",
    ],
)
def test_other_names_make_no_server(package: str | None) -> None:
    assert not looks_like_server(package)


@pytest.mark.parametrize(
    ("argv", "flags"),
    [
        (["demo", "--yolo"], ["--yolo"]),
        (["demo", "--approve", "all"], ["--approve all"]),
        (["demo", "--approve=all"], ["--approve all"]),
        (["demo", "--approve", "none", "all"], []),
        (["demo", "--yolo-not", "fix --yolo"], []),
        ([], []),
    ],
)
def test_arguments_that_switch_approvals_off_are_told(argv: list[str], flags: list[str]) -> None:
    assert list(bypass_flags(DEMO, argv)) == flags
    assert list(bypass_flags(None, argv)) == []
