"""Secrets planted wherever a machine may hold one: no byte that Rollcall writes anywhere may contain any of them."""

from __future__ import annotations

import base64
import json
import random
import re
import shutil
import socket
import ssl
import string
import subprocess
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.receivers.running import RunningReceiver

if TYPE_CHECKING:
    from conftest import Machine, Rollcall

Place = Callable[[Path, Mapping[str, object]], Path]

SHAPES = {
    "github": "ghp_{:36}",
    "openai": "sk-proj-{:48}",
    "anthropic": "sk-ant-api03-{:40}",
    "hex": "{:h40}",
    "password": "{:14}",
    "bearer": "{:32}",
    "slack": "xoxb-1234567890-{:24}",
}


class Canaries:
    """Unique secrets; each is known by its random part, in clear or in base64."""

    def __init__(self) -> None:
        self._random = random.Random(20261123)
        self._where: dict[bytes, str] = {}

    def __call__(self, where: str, shape: str = "openai") -> str:
        head, _, length = SHAPES[shape].partition("{:")
        letters = "0123456789abcdef" if length.startswith("h") else string.ascii_letters + string.digits
        core = "".join(self._random.choices(letters, k=int(length.strip("h}"))))
        assert core.encode() not in self._where
        self._where[core.encode()] = where
        return head + core

    def loose(self, data: bytes) -> list[str]:
        """Where those canaries were planted that are found in the data; a purl is in lower case."""
        data = data + data.lower()
        return [where for core, where in self._where.items() if any(form in data for form in self._forms(core))]

    def must_not_be_in(self, data: bytes, place: str = "what was written") -> None:
        loose = self.loose(data)
        assert not loose, f"in {place}: {loose}"

    @staticmethod
    def _forms(core: bytes) -> Iterator[bytes]:
        # A tail or a head is a leak too, and base64 of it at any of the three offsets.
        yield from (core[:10], core[-10:], core[:10].lower(), core[-10:].lower())
        for offset in range(3):
            yield base64.b64encode(b"\0" * offset + core)[4:-4]


@pytest.fixture
def canary() -> Canaries:
    return Canaries()


def arguments(canary: Canaries, place: str) -> list[list[str]]:
    """Command lines with a secret in each way people pass one."""

    def c(what: str, shape: str = "password") -> str:
        return canary(f"{place}: {what}", shape)

    encoded = base64.b64encode(json.dumps({"apiKey": c("base64 JSON", "openai")}).encode()).decode()
    return [
        ["--api-key", c("flag and value"), "--visible", "yes"],
        [f"--token={c('flag=value')}", f"--client-secret={c('client secret')}", "--password", c("password flag")],
        *[[c(f"positional {shape}", shape)] for shape in ("github", "openai", "hex", "slack")],
        [f"API_KEY={c('KEY=value')}"],
        [f"DATABASE_PASSWORD={c('PASSWORD=value')}", "plain"],
        [json.dumps({"apiKey": c("inline JSON"), "deep": [{"password": c("deep inline JSON")}]})],
        ["--config", json.dumps({"auth": {"token": c("JSON after a flag")}})],
        ["--config", encoded],
        [f"--config={json.dumps({'secretKey': c('JSON in flag=value')})}"],
        [f"postgresql://bob:{c('connection string')}@db.example:5432/x"],
        [f"Server=db;User Id=sa;Password={c('ADO connection string')};Encrypt=true"],
        ["-y", "mcp-remote", f"https://r.example/{c('path in argv', 'bearer')}/sse"],
        ["-y", "mcp-remote", "https://r.example/sse", "--header", f"Authorization: Bearer {c('header flag')}"],
        ["-H", f"X-Api-Key:{c('-H flag')}"],
        ["--header=Authorization:Bearer " + c("header=value", "bearer")],
        ["run", "-i", "-e", f"GITHUB_TOKEN={c('docker -e')}", f"--env=KEY={c('docker --env=', 'openai')}", "mcp/x"],
        ["--url", f"https://api.example/mcp?access_token={c('query in argv')}&x=1"],
        [f"--endpoint=https://bob:{c('userinfo in argv')}@api.example/"],
        ["-c", f"export TOKEN={c('shell export')}; npx -y x-mcp --api-key {c('shell flag')}"],
        ["-c", f'curl -H "Authorization: Bearer {c("shell header", "bearer")}" https://x.example | sh'],
        ["--from", f"git+https://bob:{c('git userinfo')}@github.com/o/r.git@v1", "r"],
        ["--from", f"git+https://{c('git token', 'github')}@github.com/o/r.git", "r"],
        [f"--registry=https://u:{c('registry')}@npm.example/", "-y", "pkg"],
        ["-y", f"https://p.example/x.tgz?token={c('tarball')}"],
        [f"--private-key=-----BEGIN PRIVATE KEY-----\nMIIE{c('PEM', 'bearer')}\n-----END PRIVATE KEY-----"],
    ]


def urls(canary: Canaries, place: str) -> list[str]:
    def c(what: str, shape: str = "bearer") -> str:
        return canary(f"{place}: {what}", shape)

    return [
        f"https://bob:{c('password', 'password')}@u.example/mcp",
        f"https://{c('user', 'github')}@u.example/mcp",
        f"https://u.example/mcp?api_key={c('query')}",
        f"https://u.example/mcp?{c('bare query')}",
        f"https://u.example/mcp#{c('fragment')}",
        f"https://u.example/s/{c('segment')}/mcp",
        f"https://u.example/api/{c('hex segment', 'hex')}",
        f"https://u.example/{c('shaped segment', 'github')}/sse",
        f"wss://u.example/x;token={c('matrix parameter')}",
        f"${{URL:-https://u.example/?key={c('default value')}}}",
        f"u.example/mcp?token={c('without a scheme')}",
        f"https://u.example/mcp\\..\\{c('backslash')}",
    ]


# Each label in these stands for a canary. The second half breaks right where the secret is, as each parser meets it.
TEXTS = {
    ".config/opencode/opencode.jsonc": """{"mcp": { // «JSON comment»
        /* «JSON block comment» */
        "oc": {"type": "local", "command": ["x", "--key", "«opencode argv»"], "environment": {"K": "«environment»"}},
    }}""",
    ".codex/config.toml": """# «TOML comment»
experimental_bearer = "«TOML setting»"
[mcp_servers.toml]
command = "x" # «TOML end comment»
args = ["--token", '''«TOML long string»''']
http_headers = { A = "«TOML header»" }
bearer_token = "«TOML bearer»"
[mcp_servers.toml.env]
TOML_TOKEN = "«TOML env»"
""",
    ".config/goose/config.yaml": """# «YAML comment»
extensions:
  goose-server: # «YAML end comment»
    type: stdio
    enabled: true
    cmd: x
    args: [--key, &a '«YAML anchor»', *a]
    envs: {YAML_TOKEN: «YAML env»}
""",
    "proj/.git/HEAD": "x",
    ".gemini/settings.json": '{"mcpServers": {"b": {"env": {"T": «bare JSON word»}}}}',
    ".copilot/mcp-config.json": '{"mcpServers": {"b": {"env": {"T": "«unterminated JSON text»',
    ".qwen/settings.json": '{"mcpServers": {"b": {"url": "https://x.example/\\«bad JSON escape»"}}}',
    ".codeium/windsurf/mcp_config.json": '{"mcpServers": {}} «text after the JSON»',
    ".continue/config.yaml": "mcpServers:\n  - name: b\n    env: {T: «broken YAML»\n  @«YAML token»: *«YAML alias»\n",
    ".config/crush/crush.json": '{"a": "\xff\\u0000«after broken JSON»',
    ".junie/mcp/mcp.json": '<<<<<<< «conflict marker»\n{"a": "«conflict»"}\n=======\n>>>>>>> x\n',
    "proj/.mcp.json": '{"mcpServers": {"d": {"env": {"«duplicate key»": 1, "«duplicate key»": 2}, "command": "x"}}}',
    "proj/.codex/config.toml": "[mcp_servers.b.env]\nT = «bare TOML word»\n",
}


def plant(canary: Canaries, home: Path, place: Place) -> None:
    """Files of many clients with secrets in every place that is not a name."""

    def c(where: str, shape: str = "openai") -> str:
        return canary(where, shape)

    argv = {f"args-{n}": {"command": "npx", "args": args} for n, args in enumerate(arguments(canary, "argv"))}
    whole = {
        f"line-{n}": {"command": subprocess.list2cmdline(["npx", *args])}
        for n, args in enumerate(arguments(canary, "line"))
    }
    remote = {f"url-{n}": {"url": url, "type": "http"} for n, url in enumerate(urls(canary, "url"))}
    named = {
        "marker-server": {
            "command": "node",
            "args": ["${input:visible-input}", "--key", "${env:VISIBLE_VAR}", "server.js"],
            "env": {
                "VISIBLE_NAME": c("env value"),
                "PASSWORD": c("env value", "password"),
                "DEFAULTED": f"${{VAR:-{c('default of a placeholder', 'password')}}}",
            },
        },
        "env-as-list": {
            "command": "x",
            "env": [f"A_TOKEN={c('env list')}", {"name": "B_TOKEN", "value": c("env pair")}],
        },
        "headers": {
            "url": "https://h.example/",
            "headers": {"X-Visible": c("header value"), "Authorization": f"Bearer {c('bearer', 'bearer')}"},
            "auth": {"client_secret": c("auth block")},
            "oauth": {"clientSecret": c("oauth block", "password")},
        },
        "headers-as-list": {"url": "https://h.example/", "headers": [f"Authorization: Bearer {c('header list')}"]},
        "requestInit": {"url": "https://h.example/", "requestInit": {"headers": {"Cookie": f"sid={c('cookie')}"}}},
        "secret-for-a-name": {"command": "x", "env": [c("env list without a name", "github")], "args": []},
        "secret-as-env-key": {"command": "x", "env": {c("env key", "github"): "1"}},
        "secret-as-header-key": {"url": "https://h.example/", "headers": {f"Bearer {c('header key', 'github')}": ""}},
        "wrong-type": {"command": 5, "args": {"token": c("args map")}, "env": c("env string"), "url": [c("url list")]},
        "command": c("flat: a text where a server should be"),
        "env": {"API_KEY": c("flat: env where a server should be")},
    }
    settings = {
        "env": {"ANTHROPIC_API_KEY": c("settings env", "anthropic")},
        "apiKeyHelper": f"echo {c('settings helper')}",
    }
    projects = {
        "/home/dev/proj": {
            "mcpServers": {"local": {"command": "x", "env": {"K": c("local env")}}},
            "history": [c("history")],
        }
    }
    place(
        home,
        {".claude.json": {"mcpServers": {**named, **argv}, "projects": projects, "oauthAccount": {"t": c("account")}}},
    )
    place(home, {".cursor/mcp.json": {"mcpServers": {**whole, **remote}}, ".claude/settings.json": settings})
    place(home, {".claude/settings.json.orig": settings, ".claude/.credentials.json": {"token": c("credentials file")}})
    place(home, {name: filled(text, canary) for name, text in TEXTS.items()})


def filled(text: str, canary: Canaries) -> str:
    """The text with a canary for each label; the same for the same label."""
    planted = {label: canary(label, "github") for label in sorted(set(re.findall("«(.+?)»", text)))}
    return re.sub("«(.+?)»", lambda match: planted[match[1]], text)


VISIBLE = (
    b"marker-server",
    b"VISIBLE_NAME",
    b"X-Visible",
    b"${input:visible-input}",
    b"${env:VISIBLE_VAR}",
    b"<redacted>",
)


@pytest.fixture
def root(canary: Canaries, tmp_path: Path, place: Place) -> Path:
    plant(canary, tmp_path / "root/home/dev", place)
    return tmp_path / "root"


def test_the_search_finds_a_secret_in_clear_in_part_and_in_base64(canary: Canaries) -> None:
    secret = canary("here", "github")
    canary("elsewhere")
    for form in (secret, secret[:16], secret[-12:], base64.b64encode(f"a{secret}".encode()).decode()):
        assert canary.loose(f'{{"x": "{form}"}}'.encode()) == ["here"], form
    canary.must_not_be_in(b"nothing")


def test_the_planted_files_do_hold_every_canary(canary: Canaries, root: Path) -> None:
    content = b"".join(path.read_bytes() for path in root.rglob("*") if path.is_file())
    missing = len(canary._where) - len(canary.loose(content))
    assert missing == 0 and len(canary._where) > 100


@pytest.mark.parametrize("form", ["ndjson", "json", "table"])
def test_one_look_shows_no_secret(rollcall: Rollcall, canary: Canaries, root: Path, tmp_path: Path, form: str) -> None:
    every = ["--once", "--all", "--root", root, "--format", form]
    outcome = rollcall(*every)
    assert outcome.status == 3
    canary.must_not_be_in(outcome.stdout + outcome.stderr)
    output = tmp_path / "output"
    assert rollcall(*every, "--output", output).status == 3
    canary.must_not_be_in(output.read_bytes())
    for word in VISIBLE if form != "table" else (b"marker-server", b"${input:visible-input}"):
        assert word in outcome.stdout and word in output.read_bytes(), word


def test_every_planted_server_and_every_broken_file_is_told(rollcall: Rollcall, root: Path) -> None:
    outcome = rollcall.once(root)
    names = {server["name"] for server in outcome.of("mcp_server")}
    assert {"marker-server", "oc", "toml", "goose-server", "local", "d", "env-as-list", "headers"} <= names
    assert len([name for name in names if re.match(r"(args|line|url)-", name)]) == 28 + 28 + 12
    broken = {d["path"] for d in outcome.of("diagnostic") if d["code"].startswith("parse.")}
    for name in (
        ".gemini/settings.json",
        ".copilot/mcp-config.json",
        ".continue/config.yaml",
        "proj/.codex/config.toml",
    ):
        assert f"/home/dev/{name}" in broken


def test_what_holds_a_secret_is_flagged_and_what_holds_a_placeholder_is_not(
    rollcall: Rollcall, place: Place, tmp_path: Path, canary: Canaries
) -> None:
    servers = {f"args-{n}": {"command": "npx", "args": a} for n, a in enumerate(arguments(canary, "argv"))}
    servers |= {f"url-{n}": {"url": u} for n, u in enumerate(urls(canary, "url"))}
    clean = {"clean": {"command": "npx", "args": ["--key", "${env:K}", "--token=$T"], "env": {"TOKEN": "${input:t}"}}}
    root = place(tmp_path / "flags", {"home/dev/.cursor/mcp.json": {"mcpServers": {**servers, **clean}}})
    told = rollcall.once(root).servers
    assert not told["clean"]["inline_secret"]
    assert [name for name in servers if not told[name]["inline_secret"]] == []


def test_explain_shows_no_secret(rollcall: Rollcall, canary: Canaries, root: Path) -> None:
    files = [path for path in root.rglob("*") if path.is_file()]
    for form in ("table", "ndjson"):
        outcome = rollcall("explain", "--format", form, *files)
        assert outcome.status == 0
        canary.must_not_be_in(outcome.stdout + outcome.stderr)
        assert b"marker-server" in outcome.stdout
    for client in ("claude-code", "codex", "goose", "continue"):
        outcome = rollcall("explain", "--client", client, "--format", "ndjson", *files)
        canary.must_not_be_in(outcome.stdout + outcome.stderr)


MISPLACED = {
    "unknown key": '[[target]]\nurl = "https://c.example/"\ntoken = "{}"\n',
    "number": '[daemon]\nheartbeat_seconds = "{}"\n',
    "choice": '[log]\nlevel = "{}"\n',
    "userinfo": '[[target]]\nurl = "https://bob:{}@c.example/"\n',
    "query": '[[target]]\nurl = "https://c.example/?k={}"\n',
    "scheme": '[[target]]\nurl = "{}"\n',
    "name": '[[target]]\nname = "{} "\nurl = "https://c.example/"\n',
    "port": '[[target]]\nurl = "https://c.example:{}/"\n',
    "bracket": '[[target]]\nurl = "https://[{}/"\n',
    "table for a text": '[state]\ndir = {{ a = "{}" }}\n',
    "list": '[collect]\ndisabled = "{}"\n',
    "bare word": "[[target]]\nurl = {}\n",
    "open text": '[[target]]\nurl = "{}\n',
    "escape": '[[target]]\nurl = "\\q{}"\n',
    "two tokens": '[[target]]\nurl = "https://c.example/"\ntoken_env = "{}"\ntoken_file = "/x"\n',
    "section": 'target = "{}"\n',
    "comment": '# {}\n[log]\nlevel = "x"\n',
    "key twice": 'a."{0}" = 1\na."{0}" = 2\n',
    "catalog": '[catalog]\npaths = ["/tmp/x", 5, "{}"]\n',
}


@pytest.mark.parametrize("wrong", MISPLACED)
def test_a_secret_in_the_wrong_place_of_the_settings_is_not_repeated(
    rollcall: Rollcall, canary: Canaries, tmp_path: Path, wrong: str
) -> None:
    file = tmp_path / "config.toml"
    file.write_text(MISPLACED[wrong].format(canary(wrong, "github")))
    for arguments_ in (
        ("config", "check", file),
        ("--config", file, "--once", "--root", tmp_path),
        ("--config", file, "run"),
    ):
        outcome = rollcall(*arguments_)
        assert outcome.status == 2
        assert b"config.toml" in outcome.stderr and b"Traceback" not in outcome.stderr
        canary.must_not_be_in(outcome.stdout + outcome.stderr)


def test_a_secret_in_a_setting_of_the_environment_is_not_repeated(rollcall: Rollcall, canary: Canaries) -> None:
    for name in ("ROLLCALL_LOG__LEVEL", "ROLLCALL_TARGET__TOKEN", "ROLLCALL_LIMITS__DEPTH", "ROLLCALL_STATE__DIR__X"):
        outcome = rollcall("config", "check", env={name: canary(name)})
        assert outcome.status == 2 and b"Traceback" not in outcome.stderr
        canary.must_not_be_in(outcome.stdout + outcome.stderr)


class Wiretap:
    """Stands between daemon and receiver with the receiver's own certificate, and keeps every byte in clear."""

    def __init__(self, receiver: RunningReceiver) -> None:
        self._inner = ssl.create_default_context(cafile=str(receiver.ca_file))
        self._outer = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._outer.load_cert_chain(receiver.folder / "server.pem")
        self._port = receiver.port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self._listener.getsockname()[1]}/v1/batches"
        self.sent = bytearray()
        self.answered = bytearray()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            raw, _ = self._listener.accept()
            try:
                near = self._outer.wrap_socket(raw, server_side=True)
                far = self._inner.wrap_socket(
                    socket.create_connection(("127.0.0.1", self._port)), server_hostname="127.0.0.1"
                )
            except OSError:
                raw.close()
                continue
            threading.Thread(target=self._pass, args=(near, far, self.sent), daemon=True).start()
            threading.Thread(target=self._pass, args=(far, near, self.answered), daemon=True).start()

    @staticmethod
    def _pass(start: ssl.SSLSocket, end: ssl.SSLSocket, copy: bytearray) -> None:
        try:
            while chunk := start.recv(65_536):
                copy += chunk
                end.sendall(chunk)
            end.close()
        except OSError:
            return

    def unpacked(self) -> bytes:
        """All that was sent and answered, followed by every body as it was before compression."""
        data = bytes(self.sent)
        bodies = [zlib.decompressobj(31).decompress(data[m.start() :]) for m in re.finditer(rb"\x1f\x8b\x08", data)]
        return data + bytes(self.answered) + b"".join(bodies)


@pytest.fixture
def receiver(tmp_path: Path, canary: Canaries) -> Iterator[RunningReceiver]:
    started = RunningReceiver(tmp_path / "receiver", token=canary("delivery token", "bearer")).start()
    yield started
    started.kill()


def settings(receiver: RunningReceiver, url: str) -> str:
    target = f'[[target]]\nurl = "{url}"\ntoken_file = "{receiver.token_file}"\nca_file = "{receiver.ca_file}"\n'
    return f'[log]\nlevel = "debug"\n[daemon]\nheartbeat_seconds = 1\n{target}'


def bytes_below(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


SLEEPER = "setInterval(() => {}, 1000)\n"


def start_processes(canary: Canaries, machine: Machine, place: Place) -> None:
    """MCP servers that run with secrets on their command lines and in their environments."""
    script = "app/node_modules/@modelcontextprotocol/server-live/index.js"
    place(machine.home, {script: SLEEPER, "app/node_modules/@anthropic-ai/claude-code/cli.js": SLEEPER})
    node = shutil.which("node") or pytest.skip("needs node")
    for number, args in enumerate(arguments(canary, "process")):
        environment = {"API_KEY": canary(f"process environment {number}")}
        machine.start(environment, node, f"/home/dev/{script}", *args)
    machine.start(
        {}, node, "/home/dev/app/node_modules/@anthropic-ai/claude-code/cli.js", "-p", "--api-key", canary("agent argv")
    )
    title = f"npm exec @scope/mcp-live --token {canary('rewritten title', 'password')}"
    machine.start({}, "bash", "-c", f"exec -a '{title}' sleep 600")


@pytest.mark.timeout(600)
def test_the_daemon_writes_no_secret_anywhere(
    machine: Machine, canary: Canaries, place: Place, receiver: RunningReceiver
) -> None:
    token = receiver.token
    plant(canary, machine.home, place)
    start_processes(canary, machine, place)
    subprocess.run(["chown", "-R", "54321:54321", str(machine.home)], check=True)
    tap = Wiretap(receiver)
    rollcall = machine.rollcall(settings(receiver, tap.url))
    daemon = rollcall.daemon()
    (machine.home / ".claude.json").write_text(
        json.dumps({"mcpServers": {"changed": {"command": "x", "args": ["--key", canary("change")]}}})
    )
    daemon.wait_for(
        lambda entries: any(e["op"] == "discovered" and e["record"].get("name") == "changed" for e in entries)
    )
    (machine.home / ".codex/config.toml").write_text(f"[mcp_servers\n x = {canary('change to broken', 'github')}")
    entries = daemon.wait_for(
        lambda entries: any(
            e["op"] == "discovered" and e["record"].get("code") == "parse.toml" and "/dev/.codex" in e["record"]["path"]
            for e in entries
        )
    )
    running = bytes_below(rollcall.state)
    (machine.home / "app/node_modules/@modelcontextprotocol/server-live/index.js").unlink()
    head = len(entries)
    daemon.wait_for(lambda _: receiver.get("/v1/endpoints") and len(receiver.lines(entries[0]["chain"])) >= head)
    status = rollcall("status")
    verified = rollcall("audit", "verify")
    assert daemon.stop() == 0
    kept = bytes_below(rollcall.state) + running
    said = status.stdout + status.stderr + verified.stdout + verified.stderr
    logs = (rollcall.folder / "stdout").read_bytes() + (rollcall.folder / "stderr").read_bytes()
    wire = tap.unpacked().replace(f"Bearer {token}".encode(), b"")
    received = b"".join(path.read_bytes() for path in receiver.folder.glob("receiver.db*"))
    instances = [e["record"] for e in entries if e["op"] == "discovered" and e["record"]["kind"] == "instance"]
    assert len(instances) >= 28
    for place_, data in {"state": kept, "commands": said, "log": logs, "wire": wire, "receiver": received}.items():
        canary.must_not_be_in(data, place_)
    for word in VISIBLE:
        assert word in kept and word in wire and word in received, word
    assert f"Bearer {token}".encode() in tap.sent


FAULTS = ("wrong token", "nobody there", "not TLS", "line break in token", "umlaut in token", "port")


@pytest.mark.parametrize("fault", FAULTS)
def test_a_delivery_that_fails_says_nothing_of_the_token(
    rollcall: Rollcall, canary: Canaries, receiver: RunningReceiver, tmp_path: Path, fault: str
) -> None:
    token = receiver.token_file.read_text().strip()
    url = {
        "nobody there": "https://127.0.0.1:9/", "not TLS": receiver.url.replace("https", "http"),
        "port": f"https://127.0.0.1:{token}/",
    }.get(fault, receiver.url)  # fmt: skip
    changed = {
        "wrong token": f"{token}x",
        "line break in token": f"{token}\r\nX: {token}",
        "umlaut in token": f"\u00fc{token}",
    }
    receiver.token_file.write_text(changed.get(fault, token))
    (rollcall.folder / "config.toml").write_text(f'[state]\ndir = "{rollcall.state}"\n' + settings(receiver, url))
    (tmp_path / "root").mkdir()
    waits = ("nobody there", "not TLS")  # where nobody answers it goes on trying for a minute
    try:
        outcome = rollcall("--once", "--deliver", "--root", tmp_path / "root", timeout=8 if fault in waits else 60)
    except subprocess.TimeoutExpired as late:
        assert fault in waits
        canary.must_not_be_in((late.stdout or b"") + (late.stderr or b""))
        return
    canary.must_not_be_in(outcome.stdout + outcome.stderr)
    assert outcome.status == (2 if fault == "port" else 1)
    assert b"Traceback" not in outcome.stderr


PLUGIN = """
import threading, time
SECRET = {secret!r}
def boom(*_): raise {error}(SECRET + " " + SECRET)
class Quiet:
    name, settles = "thirdparty", True
    def collect(self, context): return iter(())
    def refresh(self, context, scopes): return iter(())
    def poll(self, context): return iter(())
    def depends_on(self, context): return 1
    def watch(self, notify): return None
class Plugin(Quiet):
    pass
"""
BROKEN = {
    "import": "boom()",
    "construct": "Plugin.__init__ = boom",
    "collect": "Plugin.collect = boom",
    "while collecting": "def late(*_):\n    yield from ()\n    boom()\nPlugin.collect = late",
    "depends_on": "Plugin.depends_on = boom",
    "watch": "Plugin.watch = boom",
    "poll": "Plugin.poll = boom",
    "no name": "Plugin = object",
    "nameless": "Quiet.name = property(boom)",
    "not records": "Plugin.collect = lambda *_: iter([SECRET])",
    "an older contract": "del Quiet.settles",
    "thread": "threading.Thread(target=boom).start()",
    "a thread later": "Plugin.collect = lambda *_: threading.Thread(target=boom).start() or iter(())",
}


@pytest.mark.parametrize("error", ["ValueError", "KeyError", "OSError", "SystemError", "AssertionError"])
def test_an_error_of_any_kind_is_told_without_its_text(
    rollcall: Rollcall,
    place: Place,
    tmp_path: Path,
    canary: Canaries,
    plugin: Callable[[str], str],
    error: str,
) -> None:
    check_broken_once(rollcall, place(tmp_path / "r", {"home/dev/x": ""}), canary, plugin, "collect", error)


@pytest.mark.parametrize("where", BROKEN)
def test_a_collector_that_breaks_is_told_without_its_text_and_harms_no_other(
    rollcall: Rollcall, place: Place, tmp_path: Path, canary: Canaries, plugin: Callable[[str], str], where: str
) -> None:
    check_broken_once(rollcall, place(tmp_path / "r", {"home/dev/x": ""}), canary, plugin, where, "RuntimeError")


def check_broken_once(
    rollcall: Rollcall, root: Path, canary: Canaries, plugin: Callable[[str], str], where: str, error: str
) -> None:
    secret = canary(where)
    servers = {"mcpServers": {"healthy": {"command": "x"}}}
    (root / "home/dev/.claude.json").write_text(json.dumps(servers))
    path = plugin(PLUGIN.format(secret=secret, error=error) + BROKEN[where])
    outcome = rollcall(
        "--once", "--root", root, "--format", "ndjson", env={"PYTHONPATH": path, "PYTHONFAULTHANDLER": "1"}
    )
    canary.must_not_be_in(outcome.stdout + outcome.stderr)
    assert outcome.servers.keys() == {"healthy"}
    if where in ("thread", "a thread later", "watch", "poll", "an older contract"):
        assert outcome.status == 0
    else:
        assert outcome.status == 3
        failures = [d for d in outcome.of("diagnostic") if d["code"] == "collector.failed"]
        assert len(failures) == 1 and failures[0]["key"] == "thirdparty"


@pytest.mark.parametrize("where", BROKEN)
def test_a_collector_that_breaks_leaves_the_daemon_running(
    machine: Machine, place: Place, canary: Canaries, plugin: Callable[[str], str], where: str
) -> None:
    secret = canary(where)
    place(machine.home, {".claude.json": {"mcpServers": {"healthy": {"command": "x"}}}})
    subprocess.run(["chown", "-R", "54321:54321", str(machine.home)], check=True)
    rollcall = machine.rollcall('[log]\nlevel = "debug"\n')
    path = plugin(PLUGIN.format(secret=secret, error="RuntimeError") + BROKEN[where])
    try:
        daemon = rollcall.daemon({"PYTHONPATH": path, "PYTHONFAULTHANDLER": "1"})
        place(machine.home, {".claude.json": {"mcpServers": {"later": {"command": "x"}}}})
        daemon.wait_for(lambda entries: any(e["record"].get("name") == "later" for e in entries), 60)
        assert daemon.stop() == 0
    finally:
        logs = (rollcall.folder / "stdout").read_bytes() + (rollcall.folder / "stderr").read_bytes()
        canary.must_not_be_in(logs + bytes_below(rollcall.state))


def test_a_process_that_is_aborted_prints_places_and_no_values(
    rollcall: Rollcall, root: Path, canary: Canaries, plugin: Callable[[str], str]
) -> None:
    abort = "import os\nPlugin.collect = lambda *_: os.abort()"
    path = plugin(PLUGIN.format(secret=canary("in memory"), error="ValueError") + abort)
    outcome = rollcall("--once", "--root", root, env={"PYTHONPATH": path, "PYTHONFAULTHANDLER": "1"})
    assert outcome.status == -6 and b"Fatal Python error: Aborted" in outcome.stderr
    canary.must_not_be_in(outcome.stdout + outcome.stderr)
