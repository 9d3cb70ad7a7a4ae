"""Real clients and real MCP servers from npm and PyPI: what they write, what they list, what they run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.installed import cache, install, npm_commands

if TYPE_CHECKING:
    from conftest import Machine, Record, Rollcall

PROBE = "tools/probe_mcp_server.py"
UID = 54321

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="session")
def npm() -> Path:
    """The folder with the clients' commands."""
    return npm_commands()


@pytest.fixture(scope="session")
def uvx() -> str:
    """uv from PyPI: a program of its own, so that any account can run it."""
    folder = cache("uv")
    install(folder / "bin/uvx", sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder), "uv")
    return str(folder / "bin/uvx")


@dataclass(frozen=True)
class Client:
    """How a client is told of servers, and how it tells of them."""

    agent: str
    command: str
    add: tuple[tuple[str, ...], ...]
    ask: tuple[str, ...]
    names: Callable[[str], set[str]]


def listed(pattern: str) -> Callable[[str], set[str]]:
    """Names that a pattern finds in a list made for people."""
    return lambda text: set(re.findall(pattern, re.sub(r"\x1b\[[0-9;]*m", "", text), re.MULTILINE))


STDIO = ("python3", "{probe}")
ADDRESS = "http://127.0.0.1:9/mcp"

CLIENTS = [
    Client(
        "claude-code",
        "claude",
        (
            ("mcp", "add", "own", "--scope", "user", "--env", "PROBE_TOKEN=fake", "--", *STDIO),
            ("mcp", "add", "--transport", "http", "web", ADDRESS, "--scope", "user", "--header", "X-Key: fake"),
            ("mcp", "add", "private", "--scope", "local", "--", *STDIO, "--local"),
            ("mcp", "add", "team", "--scope", "project", "--", "npx", "-y", "@example/some-mcp@1.2.3"),
            ("mcp", "add-json", "json", '{"type": "sse", "url": "http://127.0.0.1:9/sse"}'),
        ),
        ("mcp", "list"),
        listed(r"^(\S+): .+ - "),
    ),
    Client(
        "codex",
        "codex",
        (
            ("mcp", "add", "own", "--env", "PROBE_TOKEN=fake", "--", *STDIO),
            ("mcp", "add", "web", "--url", ADDRESS, "--bearer-token-env-var", "TOKEN"),
        ),
        ("mcp", "list", "--json"),
        lambda text: {server["name"] for server in json.loads(text)},
    ),
    Client(
        "gemini-cli",
        "gemini",
        (
            ("mcp", "add", "-s", "user", "-e", "PROBE_TOKEN=fake", "own", *STDIO),
            ("mcp", "add", "-s", "user", "-t", "http", "-H", "X-Key: fake", "web", ADDRESS),
            ("mcp", "add", "-s", "project", "team", "npx", "-y", "@example/some-mcp@1.2.3"),
        ),
        ("mcp", "list"),
        listed(r"^\W*(\S+): .+ \((?:stdio|http|sse)\)"),
    ),
    Client(
        "copilot-cli",
        "copilot",
        (
            ("mcp", "add", "own", "--env", "PROBE_TOKEN=fake", "--", *STDIO),
            ("mcp", "add", "web", "--transport", "http", ADDRESS, "--header", "X-Key: fake"),
            ("mcp", "add", "stream", "--transport", "sse", "http://127.0.0.1:9/sse"),
        ),
        ("mcp", "list", "--json"),
        lambda text: set(json.loads(text)["mcpServers"]),
    ),
    Client(
        "opencode",
        "opencode",
        (
            ("mcp", "add", "own", "--env", "PROBE_TOKEN=fake", "--", *STDIO),
            ("mcp", "add", "web", "--url", ADDRESS, "--header", "X-Key=fake"),
        ),
        ("mcp", "list"),
        listed(r"^●\s+\S\s+(\S+)"),
    ),
    Client(
        "qwen-code",
        "qwen",
        (
            ("mcp", "add", "-s", "user", "-e", "PROBE_TOKEN=fake", "own", *STDIO),
            ("mcp", "add", "-s", "project", "-t", "sse", "stream", "http://127.0.0.1:9/sse"),
        ),
        ("mcp", "list"),
        listed(r"^\W*(\S+): .+ \((?:stdio|http|sse)\)"),
    ),
]


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.agent)
def test_what_a_client_added_is_what_both_list(
    rollcall: Rollcall, npm: Path, shared: Path, tmp_path: Path, client: Client
) -> None:
    home = tmp_path / "root/home/dev"
    project = home / "proj"
    (project / ".git").mkdir(parents=True)
    environment = {
        "HOME": str(home),
        "PATH": f"{os.environ['PATH']}",
        "TMPDIR": str(tmp_path),
        "GEMINI_CLI_TRUST_WORKSPACE": "true",
    }

    def run(*arguments: str) -> str:
        command = [
            str(npm / client.command),
            *(word.format(probe=shared / PROBE) if word == STDIO[1] else word for word in arguments),
        ]
        done = subprocess.run(
            command, env=environment, cwd=project, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr
        # Gemini lists on its standard error.
        return done.stdout or done.stderr

    for arguments in client.add:
        run(*arguments)
    servers = [s for s in rollcall.once(tmp_path / "root").of("mcp_server") if s["agent"] == client.agent]
    names = client.names(run(*client.ask))
    assert len(names) == len(client.add)
    assert {server["name"] for server in servers} == names
    assert len(servers) == len(names)
    own = next(server for server in servers if server["name"] == "own")
    assert (own["scope"], own["transport"], own["command"], own["env_names"]) == (
        "user",
        "stdio",
        "python3",
        ["PROBE_TOKEN"],
    )
    scopes = {server["name"]: server["scope"] for server in servers}
    assert all(scopes[name] == "project" for name in ("team",) if name in scopes)
    transports = {server["name"]: server["transport"] for server in servers}
    assert transports.get("web", "http") == "http" and transports.get("stream", "sse") == "sse"


def prepare(machine: Machine, files: Mapping[str, object]) -> None:
    for name, content in files.items():
        path = machine.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))
    subprocess.run(["chown", "-R", f"{UID}:{UID}", str(machine.home)], check=True)


def until(look: Callable[[], Any], seconds: float = 60) -> Any:
    """What a look yields as soon as that is something."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, "not seen in time"
        time.sleep(0.5)
    return found


SERVERS = {
    "npm": (
        "npx",
        ["-y", "@modelcontextprotocol/server-everything"],
        "pkg:npm/%40modelcontextprotocol/server-everything",
    ),
    "pypi": ("{uvx}", ["mcp-server-time"], "pkg:pypi/mcp-server-time"),
}


@pytest.mark.parametrize("ecosystem", SERVERS)
def test_a_server_started_by_hand_is_joined_to_its_definition(
    machine: Machine, uvx: str, npm: Path, ecosystem: str
) -> None:
    command, args, package = SERVERS[ecosystem]
    command = command.format(uvx=uvx)
    other = {"command": "npx", "args": ["-y", "@modelcontextprotocol/server-memory"]}
    entry = {"command": command, "args": args}
    prepare(machine, {".cursor/mcp.json": {"mcpServers": {"live": entry, "idle": other}}, ".codex/x": {}})
    rollcall = machine.rollcall()
    assert [r["running"] for r in rollcall.once().of("mcp_server") if r["owner"] == "dev"] == [False, False]
    registry = {
        key: value
        for key, value in os.environ.items()
        if re.match(r"(?i)npm_|uv_|pip_|https?_proxy|ssl_cert|node_extra", key)
    }
    process = machine.start(registry | {"UV_PYTHON_DOWNLOADS": "never"}, command, *args)

    def running() -> list[Record]:
        assert process.poll() is None, (machine.folder / "process-0.log").read_text()[-500:]
        outcome = rollcall.once()
        live = next(s for s in outcome.of("mcp_server") if s["name"] == "live" and s["owner"] == "dev")
        return outcome.records if live["running"] and grown(outcome.of("instance")) else []

    def grown(instances: list[Record]) -> bool:
        return any(len(instance["pids"]) > 1 for instance in instances)

    records = until(running, 60)
    definitions = {r["name"]: r for r in records if r["kind"] == "mcp_server" and r["owner"] == "dev"}
    (instance,) = [r for r in records if r["kind"] == "instance"]
    assert (definitions["live"]["running"], definitions["idle"]["running"]) == (True, False)
    assert definitions["live"]["package"] == package
    assert instance["server_ids"] == [definitions["live"]["id"]]
    assert (instance["subject"], instance["owner"], instance["uid"]) == ("mcp_server", "dev", UID)
    assert instance["parent_id"] is None
    assert instance["pid"] == min(instance["pids"])
    process.terminate()
    assert process.stdin
    process.stdin.close()
    until(lambda: not rollcall.once().of("instance"))


def test_a_server_without_a_definition_is_told_too(machine: Machine, npm: Path) -> None:
    prepare(machine, {"x": {}})
    machine.start({}, str(npm / "mcp-server-filesystem"), "/home/dev")
    instance = until(lambda: machine.rollcall().once().of("instance"))[0]
    assert instance["package"] in (
        "npm:@modelcontextprotocol/server-filesystem",
        "pkg:npm/%40modelcontextprotocol/server-filesystem",
    )
    assert instance["server_ids"] == []


class Gate(ThreadingHTTPServer):
    """Stands before the loopback model and holds its answers back until it is opened."""

    daemon_threads = True

    def __init__(self, model: int) -> None:
        self.model = f"http://127.0.0.1:{model}"
        self.asked = threading.Event()
        self.open = threading.Event()
        super().__init__(("127.0.0.1", 0), _Pass)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Pass(BaseHTTPRequestHandler):
    server: Gate

    def log_message(self, format: str, *args: object) -> None:
        return

    def do_GET(self) -> None:
        self._forward(None)

    def do_POST(self) -> None:
        body = self._body()
        # Small questions, such as for a title, come without tools.
        if b"echo_upper" in body:
            self.server.asked.set()
            self.server.open.wait(120)
        self._forward(body)

    def do_HEAD(self) -> None:
        self.send_response(200)
        self.end_headers()

    def _body(self) -> bytes:
        if self.headers.get("transfer-encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("content-length") or 0))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _forward(self, body: bytes | None) -> None:
        headers = {"content-type": "application/json"}
        request = urllib.request.Request(self.server.model + self.path, data=body, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                data, status, kind = answer.read(), answer.status, answer.headers["content-type"]
        except OSError:
            data, status, kind = b"{}", 502, "application/json"
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@pytest.fixture
def gate(shared: Path) -> Iterator[Gate]:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    model = subprocess.Popen([sys.executable, str(shared / "tools/fake_llm.py"), str(port)], stderr=subprocess.DEVNULL)
    made = Gate(port)
    yield made
    made.open.set()
    made.shutdown()
    model.kill()
    model.wait()


@dataclass(frozen=True)
class Session:
    """How a client is set to work without a person."""

    agent: str
    command: str
    arguments: tuple[str, ...]
    config: str
    servers: Callable[[dict[str, Any]], object]
    environment: dict[str, str] = field(default_factory=dict)


def toml(servers: dict[str, Any]) -> str:
    return "".join(
        f"[mcp_servers.{name}]\ncommand = {json.dumps(s['command'])}\nargs = {json.dumps(s['args'])}\n"
        for name, s in servers.items()
    )


SESSIONS = [
    Session(
        "claude-code",
        "claude",
        ("-p", "please run the probe", "--allowedTools", "mcp__probe__echo_upper"),
        ".claude.json",
        lambda servers: {"mcpServers": servers, "hasCompletedOnboarding": True},
        {
            "ANTHROPIC_BASE_URL": "{url}",
            "ANTHROPIC_API_KEY": "fake",
            "DISABLE_AUTOUPDATER": "1",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        },
    ),
    Session(
        "codex",
        "codex",
        (
            "exec",
            "--skip-git-repo-check",
            "-c",
            "model_provider=fake",
            "-c",
            'model_providers.fake={{name="fake",base_url="{url}/v1",wire_api="responses"}}',
            "-m",
            "fake-model",
            "--dangerously-bypass-approvals-and-sandbox",
            "please run the probe",
        ),
        ".codex/config.toml",
        toml,
    ),
    Session(
        "gemini-cli",
        "gemini",
        ("-m", "gemini-2.5-flash", "--approval-mode", "yolo", "--skip-trust", "-p", "please run the probe"),
        ".gemini/settings.json",
        lambda servers: {
            "mcpServers": {n: s | {"trust": True} for n, s in servers.items()},
            "security": {"auth": {"selectedType": "gemini-api-key"}},
        },
        {"GEMINI_API_KEY": "fake", "GOOGLE_GEMINI_BASE_URL": "{url}"},
    ),
    Session(
        "qwen-code",
        "qwen",
        ("--auth-type", "openai", "--approval-mode", "yolo", "-p", "please run the probe"),
        ".qwen/settings.json",
        lambda servers: {"mcpServers": {n: s | {"trust": True} for n, s in servers.items()}},
        {"OPENAI_API_KEY": "fake", "OPENAI_BASE_URL": "{url}/v1", "OPENAI_MODEL": "fake-model"},
    ),
]


def start_session(machine: Machine, npm: Path, shared: Path, gate: Gate, session: Session) -> subprocess.Popen[bytes]:
    """A client of the user that has started its MCP servers and waits for the model."""
    probe = {"command": "python3", "args": [str(shared / PROBE), "--flag"]}
    content = session.servers({"probe": probe})
    path = machine.home / session.config
    path.parent.mkdir(exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    (machine.home / "proj").mkdir()
    subprocess.run(["chown", "-R", f"{UID}:{UID}", str(machine.home)], check=True)
    environment = {name: value.format(url=gate.url) for name, value in session.environment.items()}
    arguments = [word.format(url=gate.url) for word in session.arguments]
    process = machine.start(
        environment, str(npm / session.command), *arguments, cwd="/home/dev/proj", stdin=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 90
    while not gate.asked.wait(0.2):
        log = (machine.folder / "process-0.log").read_text()
        assert process.poll() is None and time.monotonic() < deadline, log[-1500:]
    return process


@pytest.mark.parametrize("session", SESSIONS, ids=lambda session: session.agent)
def test_a_working_agent_and_its_server_are_two_instances_joined_to_their_definition(
    machine: Machine, npm: Path, shared: Path, gate: Gate, session: Session
) -> None:
    process = start_session(machine, npm, shared, gate, session)
    records = machine.rollcall().once().records
    gate.open.set()
    assert process.wait(90) == 0, (machine.folder / "process-0.log").read_text()[-1500:]
    check_joined([r for r in records if r["kind"] == "instance"], definition(records, session.agent), session.agent)
    agents = [r for r in records if r["kind"] == "ai_agent" and r["owner"] == "dev" and r["agent"] == session.agent]
    assert [agent["running"] for agent in agents] == [True]
    running = [r for r in records if r["kind"] == "connection" and r["relation"] == "running"]
    assert len(running) == 1


def definition(records: list[Record], agent: str) -> Record:
    return next(
        r
        for r in records
        if r["kind"] == "mcp_server" and r["owner"] == "dev" and (r["agent"], r["name"]) == (agent, "probe")
    )


def check_joined(instances: list[Record], defined: Record, agent: str) -> None:
    by_subject = {instance["subject"]: instance for instance in instances}
    assert len(instances) == len(by_subject) == 2, [(i["name"], i["pids"], i["args"]) for i in instances]
    server, holder = by_subject["mcp_server"], by_subject["agent"]
    assert (holder["agent"], holder["owner"], holder["cwd"]) == (agent, "dev", "/home/dev/proj")
    assert server["parent_id"] == holder["id"]
    assert (server["agent"], server["name"], server["server_ids"]) == (agent, "probe", [defined["id"]])
    assert defined["running"] is True


@pytest.mark.parametrize("session", SESSIONS[:2], ids=lambda session: session.agent)
def test_the_daemon_journals_the_start_and_the_end_of_an_agent_and_its_server(
    machine: Machine, npm: Path, shared: Path, gate: Gate, session: Session
) -> None:
    prepare(machine, {"x": {}})
    daemon = machine.rollcall().daemon()
    process = start_session(machine, npm, shared, gate, session)

    def known(entries: list[Record]) -> dict[str, Record]:
        """The inventory that follows from the journal."""
        state: dict[str, Record] = {}
        for entry in entries:
            if entry["op"] in ("discovered", "changed"):
                state[entry["record"]["id"]] = entry["record"]
            elif entry["op"] == "removed":
                state.pop(entry["record"]["id"], None)
        return state

    def instances(entries: list[Record]) -> list[Record]:
        return [r for r in known(entries).values() if r["kind"] == "instance"]

    def joined(entries: list[Record]) -> bool:
        found = instances(entries)
        return len(found) == 2 and any(i["server_ids"] and i["parent_id"] for i in found)

    entries = daemon.wait_for(joined, 60)
    check_joined(instances(entries), definition(list(known(entries).values()), session.agent), session.agent)
    gate.open.set()
    assert process.wait(90) == 0
    entries = daemon.wait_for(lambda entries: not instances(entries), 60)
    ops = [(e["op"], e["record"]["subject"]) for e in entries if e["record"] and e["record"]["kind"] == "instance"]
    for subject in ("agent", "mcp_server"):
        assert ("discovered", subject) in ops and ("removed", subject) in ops
    assert definition(list(known(entries).values()), session.agent)["running"] is False
    assert daemon.stop() == 0
