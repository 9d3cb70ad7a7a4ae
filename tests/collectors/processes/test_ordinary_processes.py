# ruff: noqa: E501 - command lines are as long as they are
"""What a process is: nothing of an ordinary machine is an agent or a server, and what is one is found however it starts.

The ordinary command lines are in `tests/data/ordinary_processes.jsonl`, one process a line.
"""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from agent.records import Evidence, McpServer
from agent.records.mcp_server import Source
from collectors.catalog.catalog import Catalog
from collectors.launch.identify import identify
from collectors.processes.classifier import Classifier, Judged
from collectors.processes.instances import is_instance
from collectors.sources.filesystem.file_tree import FileTree
from collectors.sources.process.row import ProcessRow

DATA = Path(__file__).resolve().parents[2] / "data/ordinary_processes.jsonl"
ORDINARY = [json.loads(line) for line in DATA.read_text().splitlines()]


def define(name: str, command: str, *args: str, project: str | None = None, owner: str = "dev") -> McpServer:
    return McpServer(
        endpoint_id="e",
        owner=owner,
        evidence=Evidence(collector="configs", confidence="declared"),
        agent="claude-code",
        name=name,
        scope="project" if project else "user",
        project=project,
        transport="stdio",
        command=command,
        args=args,
        package=identify(command, args).package,
        launch_hash=name,
        source=Source(path="/home/dev/.claude.json", key=f"mcpServers.{name}"),
    )


HOME = (
    define("filesystem", "npx", "-y", "@modelcontextprotocol/server-filesystem", "/home/dev"),
    define("fetch", "uvx", "mcp-server-fetch"),
    define("git", "docker", "run", "-i", "--rm", "mcp/git"),
    define("github", "docker", "run", "-i", "--rm", "-e", "GITHUB_TOKEN", "ghcr.io/github/github-mcp-server"),
    define("angular", "npx", "-y", "@angular/cli", "mcp"),
    define("playwright", "npx", "@playwright/mcp@latest"),
    define("ruff", "uvx", "ruff", "server"),
    define("own", "node", "server.js", project="/home/dev/src/notes"),
    define("built", "node", "build/index.js"),
    define("stdio", "node", "dist/index.js", "--stdio", project="/home/dev/src/weather"),
    define("python", "python3", "server.py"),
    define("main", "python3", "main.py"),
    define("module", "python3", "-m", "http.server", "8000"),
    define("manage", "uv", "run", "manage.py", "runserver"),
    define("npm", "npm", "run", "dev"),
    define("bare-node", "node"),
    define("bare-python", "python3"),
    define("shell", "bash"),
    define("placeholder", "bash", "-c", "${COMMAND}"),
    define("make", "make", "-j8", "mcp", project="/home/dev/src/elsewhere", owner="other"),
    define("local", "/home/dev/src/weather/.venv/bin/python", "/home/dev/src/weather/server.py"),
    define("go", "/home/dev/go/bin/notes", "--stdio"),
    define("serena", "uvx", "--from", "git+https://github.com/oraios/serena", "serena", "start-mcp-server"),
)


class _Context(NamedTuple):
    """The part of a context that a judge takes from it."""

    files: FileTree
    catalog: Catalog


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return Catalog.load()


@pytest.fixture(scope="module")
def judge(catalog: Catalog) -> Callable[[ProcessRow], Judged]:
    # mypy: as much of a context as a classifier asks for.
    return Classifier(_Context(FileTree(), catalog), ())  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def judge_at_home(catalog: Catalog) -> Callable[[ProcessRow], Judged]:
    # mypy: as much of a context as a classifier asks for.
    return Classifier(_Context(FileTree(), catalog), HOME)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def judge_of_a_user(catalog: Catalog) -> Callable[[ProcessRow], Judged]:
    """Knows that there are files of every client in the home."""
    present = {("dev", client) for client in catalog.clients}
    # mypy: as much of a context as a classifier asks for.
    return Classifier(_Context(FileTree(), catalog), (), present)  # type: ignore[arg-type]


def row(exe: str | None, argv: Sequence[str], cwd: str | None = "/home/dev", name: str = "") -> ProcessRow:
    return ProcessRow(
        pid=4242, started=1.0, start_ticks=1, ppid=1, uid=1000, euid=1000, owner="dev",
        name=name or (exe or argv[0]).rpartition("/")[2], exe=exe, argv=tuple(argv), cwd=cwd,
    )  # fmt: skip


def found(judged: Judged) -> str | None:
    """The agent, or the package of the server, that a process alone in its tree is told as."""
    if not judged.interesting or not is_instance(judged, [judged], None):
        return None
    return judged.agent or judged.package or (judged.servers[0].name if judged.servers else "server")


def ordinary() -> Iterator[ProcessRow]:
    for entry in ORDINARY:
        yield row(entry["exe"], entry["argv"], entry["cwd"], entry["comm"])


def test_the_ordinary_processes_are_many_and_of_every_system() -> None:
    assert len(ORDINARY) >= 400
    assert len({json.dumps(entry) for entry in ORDINARY}) == len(ORDINARY)
    assert {entry["os"] for entry in ORDINARY} == {"linux", "macos", "windows"}


def test_nothing_ordinary_is_an_agent_or_a_server(judge: Callable[[ProcessRow], Judged]) -> None:
    assert [(r.argv, found(judge(r))) for r in ordinary() if judge(r).interesting] == []


def test_nothing_ordinary_is_taken_for_a_server_that_a_home_defines(
    judge_at_home: Callable[[ProcessRow], Judged],
) -> None:
    assert [(r.argv, found(judged)) for r in ordinary() if found(judged := judge_at_home(r))] == []


def test_nothing_ordinary_pretends_to_be_an_agent(judge: Callable[[ProcessRow], Judged]) -> None:
    assert [r.argv for r in ordinary() if judge(r).impersonates] == []


def test_nothing_ordinary_becomes_interesting_when_its_executable_may_not_be_seen(
    judge: Callable[[ProcessRow], Judged],
) -> None:
    hidden = (row(None, r.argv, None, r.name) for r in ordinary() if r.argv)
    assert [(r.argv, found(judge(r))) for r in hidden if judge(r).interesting] == []


NODE, PYTHON, DOCKER, UVX = "/usr/bin/node", "/usr/bin/python3.12", "/usr/bin/docker", "/home/dev/.local/bin/uvx"
UV, BASH, SUDO, WINDOWS_NODE = (
    "/home/dev/.local/bin/uv",
    "/usr/bin/bash",
    "/usr/bin/sudo",
    r"C:\Program Files\nodejs\node.exe",
)
MODULES = "/usr/lib/node_modules"
CACHE = "/home/dev/.npm/_npx/5b2dd62b9d0bddd4/node_modules"
FILES = "npm:@modelcontextprotocol/server-filesystem"
EXTENSIONS = "/home/dev/.vscode-server/extensions"

SERVERS = [
    # npx and its kin, before and after they wrote their title.
    (NODE, "node /usr/bin/npx -y @modelcontextprotocol/server-filesystem /home/dev", FILES),
    (NODE, f"node {MODULES}/npm/bin/npx-cli.js -y @modelcontextprotocol/server-filesystem /home/dev", FILES),
    (NODE, ["npm exec @modelcontextprotocol/server-filesystem /home/dev"], FILES),
    (NODE, ["npm exec @modelcontextprotocol/server-filesystem /home/dev", "", "", ""], FILES),
    (NODE, f"node {MODULES}/npm/bin/npm-cli.js exec -y -- @modelcontextprotocol/server-filesystem /", FILES),
    (NODE, f"node {CACHE}/@modelcontextprotocol/server-filesystem/dist/index.js /home/dev", FILES),
    (NODE, f"node --max-old-space-size=512 {CACHE}/@modelcontextprotocol/server-filesystem/dist/index.js /", FILES),
    (NODE, f"/usr/bin/node --require /opt/hook.js {CACHE}/@upstash/context7-mcp/dist/index.js", "npm:@upstash/context7-mcp"),
    (NODE, f"node {MODULES}/@playwright/mcp/cli.js --headless", "npm:@playwright/mcp"),
    (NODE, ["npx @playwright/mcp@latest"], "npm:@playwright/mcp"),
    (NODE, "node /home/dev/.local/share/pnpm/pnpm.cjs dlx @notionhq/notion-mcp-server", "npm:@notionhq/notion-mcp-server"),
    ("/home/dev/.local/share/pnpm/pnpm", "pnpm dlx @sentry/mcp-server@latest", "npm:@sentry/mcp-server"),
    (NODE, "node /usr/bin/yarn.js dlx firecrawl-mcp", "npm:firecrawl-mcp"),
    ("/home/dev/.bun/bin/bun", "bunx exa-mcp-server", "npm:exa-mcp-server"),
    ("/home/dev/.bun/bin/bun", "bun x tavily-mcp@0.2.1", "npm:tavily-mcp"),
    ("/home/dev/.bun/bin/bun", f"bun run {CACHE}/figma-developer-mcp/dist/cli.js --stdio", "npm:figma-developer-mcp"),
    ("/home/dev/.deno/bin/deno", "deno run -A npm:@supabase/mcp-server-supabase@latest", "npm:@supabase/mcp-server-supabase"),
    (NODE, f"node {CACHE}/mcp-remote/dist/proxy.js https://mcp.linear.app/sse", "npm:mcp-remote"),
    (NODE, ["npm exec mcp-remote https://mcp.linear.app/sse"], "npm:mcp-remote"),
    (NODE, f"node {CACHE}/@azure/mcp/index.js server start", "npm:@azure/mcp"),
    (NODE, f"node {CACHE}/@modelcontextprotocol/server-everything/dist/index.js streamableHttp",
     "npm:@modelcontextprotocol/server-everything"),
    (NODE, "node node_modules/@modelcontextprotocol/server-memory/dist/index.js",
     "npm:@modelcontextprotocol/server-memory"),
    ("/opt/homebrew/Cellar/node/23.3.0/bin/node", "node /opt/homebrew/lib/node_modules/chrome-devtools-mcp/build/src/index.js",
     "npm:chrome-devtools-mcp"),
    ("/Users/dev/.nvm/versions/node/v22.11.0/bin/node", "node /Users/dev/.nvm/versions/node/v22.11.0/bin/npx -y mcp-server-kubernetes",
     "npm:mcp-server-kubernetes"),
    # uv, pip, pipx.
    (UVX, "uvx mcp-server-fetch", "pypi:mcp-server-fetch"),
    (UV, "/home/dev/.local/bin/uv tool uvx mcp-server-fetch", "pypi:mcp-server-fetch"),
    (UV, "uv tool uvx --from awslabs-core-mcp-server==1.0 awslabs.core-mcp-server", "pypi:awslabs-core-mcp-server"),
    (UV, "uv tool run mcp-server-git --repository .", "pypi:mcp-server-git"),
    (UV, "uv x mcp-server-time", "pypi:mcp-server-time"),
    (UV, "uv run --with mcp-server-sqlite mcp-server-sqlite --db-path a.db", "pypi:mcp-server-sqlite"),
    (UV, "uv run --with fastmcp fastmcp run server.py", "pypi:fastmcp"),
    (UV, "uv run --with mcp[cli] mcp run /home/dev/server.py", "pypi:mcp"),
    (UVX, "uvx --python 3.12 --from git+https://github.com/acme/crm-mcp.git@v1.0 crm", "github:acme/crm-mcp"),
    (PYTHON, "/usr/bin/python3 /home/dev/.local/bin/pipx run chroma-mcp --client-type persistent", "pypi:chroma-mcp"),
    (PYTHON, "python3 -m mcp_server_git --repository /home/dev/src", "pypi:mcp-server-git"),
    (PYTHON, "/home/dev/.venv/bin/python -u -m mcp_server_time --local-timezone=UTC", "pypi:mcp-server-time"),
    (PYTHON, "python3 -X utf8 -W ignore -m mcp_server_fetch", "pypi:mcp-server-fetch"),
    (PYTHON, "python /home/dev/.local/share/uv/tools/mcp-server-git/bin/mcp-server-git", "pypi:mcp-server-git"),
    (PYTHON, "/home/dev/.local/pipx/venvs/mcp-atlassian/bin/python /home/dev/.local/pipx/venvs/mcp-atlassian/bin/mcp-atlassian",
     "pypi:mcp-atlassian"),
    (PYTHON, "python3 /srv/venv/lib/python3.12/site-packages/mcp_server_sqlite/__main__.py", "pypi:mcp-server-sqlite"),
    ("/Library/Frameworks/Python.framework/Versions/3.13/Resources/Python.app/Contents/MacOS/Python", "Python -m mcp_server_fetch",
     "pypi:mcp-server-fetch"),
    (PYTHON, "python3 -m fastmcp run server.py", "pypi:fastmcp"),
    # Containers.
    (DOCKER, "docker run -i --rm mcp/fetch", "oci:docker.io/mcp/fetch"),
    (DOCKER, "docker run -i --rm -e GITHUB_PERSONAL_ACCESS_TOKEN ghcr.io/github/github-mcp-server:v0.9.0",
     "oci:ghcr.io/github/github-mcp-server"),
    (DOCKER, "docker --context remote run --rm -i --network none -v /home/dev:/data:ro mcp/filesystem /data",
     "oci:docker.io/mcp/filesystem"),
    (DOCKER, "docker container run --interactive --rm --init mcp/git", "oci:docker.io/mcp/git"),
    ("/usr/bin/podman", "podman run -i --rm docker.io/mcp/time", "oci:docker.io/mcp/time"),
    ("/usr/bin/podman", "docker run -i --rm mcp/time", "oci:docker.io/mcp/time"),
    ("/usr/local/bin/nerdctl", "nerdctl run -i --rm mcp/memory", "oci:docker.io/mcp/memory"),
    (r"C:\Program Files\Docker\Docker\resources\bin\docker.exe", ["docker.exe", "run", "-i", "--rm", "mcp/slack"],
     "oci:docker.io/mcp/slack"),
    # Wrappers.
    (BASH, ["bash", "-c", "npx -y @modelcontextprotocol/server-filesystem /home/dev"], FILES),
    (BASH, ["/bin/bash", "-lc", "cd /home/dev/src && exec npx -y @modelcontextprotocol/server-filesystem ."], FILES),
    ("/usr/bin/dash", ["sh", "-c", "TOKEN=x uvx mcp-server-fetch"], "pypi:mcp-server-fetch"),
    ("/usr/bin/zsh", ["zsh", "-ic", "source ~/.nvm/nvm.sh; npx -y mcp-server-kubernetes"], "npm:mcp-server-kubernetes"),
    (r"C:\Windows\System32\cmd.exe", ["cmd", "/c", "npx", "-y", "@modelcontextprotocol/server-filesystem", "C:\\"], FILES),
    (r"C:\Windows\System32\cmd.exe", [r"C:\Windows\system32\cmd.exe", "/d", "/s", "/c", "uvx mcp-server-git"], "pypi:mcp-server-git"),
    (r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe", ["powershell", "-Command", "npx -y tavily-mcp"], "npm:tavily-mcp"),
    (r"C:\Windows\System32\wsl.exe", ["wsl.exe", "-d", "Ubuntu", "npx", "-y", "tavily-mcp"], "npm:tavily-mcp"),
    (SUDO, "sudo -u svc npx -y @modelcontextprotocol/server-filesystem /srv", FILES),
    (SUDO, "sudo -E -u svc -- uvx mcp-server-git", "pypi:mcp-server-git"),
    (SUDO, "sudo docker run -i --rm mcp/fetch", "oci:docker.io/mcp/fetch"),
    ("/usr/bin/timeout", "timeout -k 5 600 uvx mcp-server-time", "pypi:mcp-server-time"),
    ("/usr/bin/xvfb-run", "xvfb-run npx -y @playwright/mcp", "npm:@playwright/mcp"),
    ("/usr/local/bin/doppler", "doppler run -- npx -y firecrawl-mcp", "npm:firecrawl-mcp"),
    ("/usr/bin/op", "op run --env-file .env -- uvx mcp-atlassian", "pypi:mcp-atlassian"),
    ("/home/dev/.local/bin/mise", "mise exec -- npx -y exa-mcp-server", "npm:exa-mcp-server"),
    # Windows paths.
    (WINDOWS_NODE, ["node", r"C:\Users\dev\AppData\Roaming\npm\node_modules\@upstash\context7-mcp\dist\index.js"],
     "npm:@upstash/context7-mcp"),
    (WINDOWS_NODE, [WINDOWS_NODE, r"C:\Program Files\nodejs\node_modules\npm\bin\npx-cli.js", "-y", "tavily-mcp"], "npm:tavily-mcp"),
    (r"C:\Users\dev\AppData\Roaming\uv\tools\mcp-server-fetch\Scripts\python.exe", ["python.exe", "-m", "mcp_server_fetch"],
     "pypi:mcp-server-fetch"),
    (r"C:\Users\dev\.local\bin\uvx.exe", ["uvx.exe", "mcp-server-fetch"], "pypi:mcp-server-fetch"),
    (r"C:\Python312\python.exe", ["python.exe", "-u", r"C:\Python312\Lib\site-packages\mcp_server_git\__main__.py"],
     "pypi:mcp-server-git"),
    # Programs of their own.
    ("/usr/local/bin/github-mcp-server", "github-mcp-server stdio", "server"),
    ("/home/dev/go/bin/mcp-server-terraform", "mcp-server-terraform", "server"),
    (r"C:\tools\github-mcp-server.exe", ["github-mcp-server.exe", "stdio"], "server"),
    ("/usr/local/bin/npx", "npx -y mcp-server-kubernetes", "npm:mcp-server-kubernetes"),
    (None, "npx -y @modelcontextprotocol/server-filesystem /", FILES),
    (None, "docker run -i --rm mcp/fetch", "oci:docker.io/mcp/fetch"),
]  # fmt: skip

AGENTS = [
    ("/home/dev/.local/share/claude/versions/2.1.197", "claude", "claude-code"),
    ("/home/dev/.local/share/claude/versions/2.1.197", "claude --dangerously-skip-permissions -p hello", "claude-code"),
    (NODE, f"node {MODULES}/@anthropic-ai/claude-code/cli.js --resume", "claude-code"),
    (NODE, "node /usr/bin/npx @anthropic-ai/claude-code", "claude-code"),
    (NODE, ["npm exec @anthropic-ai/claude-code", "", ""], "claude-code"),
    (f"{MODULES}/@anthropic-ai/claude-code-linux-x64/claude", "claude", "claude-code"),
    (f"{EXTENSIONS}/anthropic.claude-code-2.1.0-linux-x64/resources/native-binary/claude",
     "claude --output-format stream-json", "claude-code"),
    ("/Users/dev/Library/Application Support/Claude/claude-code/2.1.0/claude", "claude", "claude-code"),
    ("/opt/homebrew/Caskroom/claude-code/2.1.0/claude", "claude", "claude-code"),
    (r"C:\Users\dev\.local\bin\claude.exe", ["claude.exe"], "claude-code"),
    (BASH, ["bash", "-lc", "npx -y @anthropic-ai/claude-code -p hi"], "claude-code"),
    (SUDO, "sudo -u dev npx -y @anthropic-ai/claude-code", "claude-code"),
    ("/Applications/Claude.app/Contents/MacOS/Claude", "Claude", "claude-desktop"),
    ("/Applications/Claude.app/Contents/Frameworks/Claude Helper (Renderer).app/Contents/MacOS/Claude Helper (Renderer)",
     ["Claude Helper (Renderer)", "--type=renderer"], "claude-desktop"),
    (r"C:\Users\dev\AppData\Local\AnthropicClaude\app-0.9.0\claude.exe", ["claude.exe", "--type=gpu-process"], "claude-desktop"),
    ("/usr/lib/claude-desktop/claude-desktop", "/usr/lib/claude-desktop/claude-desktop", "claude-desktop"),
    ("/usr/local/bin/codex", "codex --yolo", "codex"),
    (f"{MODULES}/@openai/codex/vendor/x86_64-unknown-linux-musl/codex/codex", "codex exec hi", "codex"),
    (f"{MODULES}/@openai/codex-linux-x64/vendor/x86_64-unknown-linux-musl/codex/codex", "codex app-server", "codex"),
    (NODE, f"node {MODULES}/@openai/codex/bin/codex.js", "codex"),
    ("/Applications/Codex.app/Contents/MacOS/Codex", "Codex", "codex"),
    (r"C:\Users\dev\AppData\Roaming\npm\node_modules\@openai\codex\vendor\x86_64-pc-windows-msvc\codex\codex.exe", ["codex.exe"], "codex"),
    (NODE, f"node --max-old-space-size=4096 {MODULES}/@google/gemini-cli/dist/index.js -y", "gemini-cli"),
    (NODE, f"node {MODULES}/@qwen-code/qwen-code/cli.js", "qwen-code"),
    (NODE, f"node {MODULES}/@github/copilot/index.js --allow-all-tools", "copilot-cli"),
    (f"{MODULES}/@github/copilot-linux-x64/copilot", "copilot", "copilot-cli"),
    (f"{MODULES}/opencode-linux-x64/bin/opencode", "opencode", "opencode"),
    ("/home/dev/.opencode/bin/opencode", "opencode serve", "opencode"),
    (NODE, f"node {MODULES}/cline/dist/cli.mjs --cline-hub-daemon", "cline"),
    (NODE, f"node {MODULES}/@continuedev/cli/dist/cn.js", "continue"),
    (NODE, f"node {MODULES}/@kilocode/cli/index.js", "kilo-code"),
    (NODE, f"node {MODULES}/@sourcegraph/amp/dist/main.js", "amp"),
    (NODE, f"node {MODULES}/@augmentcode/auggie/augment.mjs", "augment"),
    (NODE, "node /usr/bin/npx -y @charmland/crush", "crush"),
    ("/usr/bin/crush", "crush", "crush"),
    ("/usr/bin/goosed", "goosed agent", "goose"),
    ("/home/dev/.local/bin/goose", "goose session", "goose"),
    ("/Applications/Goose.app/Contents/MacOS/Goose", "Goose", "goose"),
    ("/opt/homebrew/Cellar/block-goose-cli/1.9.0/bin/goose", "goose session", "goose"),
    (PYTHON, "/home/dev/.local/share/uv/tools/aider-chat/bin/python /home/dev/.local/share/uv/tools/aider-chat/bin/aider", "aider"),
    (PYTHON, "python3 -m aider --yes-always", "aider"),
    (PYTHON, "python3 /home/dev/.local/share/uv/tools/openhands/bin/openhands", "openhands"),
    (UV, "uv tool uvx --from aider-chat aider", "aider"),
    ("/home/dev/.local/share/cursor-agent/versions/2026.01.01/node", "node index.js", "cursor-agent"),
    ("/usr/share/cursor/cursor", "/usr/share/cursor/cursor --type=renderer", "cursor"),
    ("/tmp/.mount_CursorAb12/usr/share/cursor/cursor", "cursor", "cursor"),
    ("/Applications/Cursor.app/Contents/Frameworks/Cursor Helper (Plugin).app/Contents/MacOS/Cursor Helper (Plugin)",
     ["Cursor Helper (Plugin)", "--type=utility"], "cursor"),
    (r"C:\Users\dev\AppData\Local\Programs\cursor\Cursor.exe", ["Cursor.exe", "--type=utility"], "cursor"),
    ("/usr/share/code/code", "/usr/share/code/code --type=zygote", "vscode"),
    ("/snap/code/180/usr/share/code/code", "code", "vscode"),
    ("/Applications/Visual Studio Code.app/Contents/Frameworks/Code Helper (Plugin).app/Contents/MacOS/Code Helper (Plugin)",
     ["Code Helper (Plugin)", "--type=utility"], "vscode"),
    (r"C:\Users\dev\AppData\Local\Programs\Microsoft VS Code\Code.exe", ["Code.exe"], "vscode"),
    ("/home/dev/.vscode-server/bin/abc/node", "/home/dev/.vscode-server/bin/abc/node out/server-main.js --host=127.0.0.1", "vscode"),
    ("/home/dev/.vscode-server/cli/servers/Stable-abc/server/node", "node bootstrap-fork --type=extensionHost", "vscode"),
    ("/vscode/vscode-server/bin/linux-x64/abc/node", "node out/server-main.js --log debug", "vscode"),
    ("/home/dev/.cursor-server/bin/abc/node", "node out/server-main.js", "cursor"),
    ("/usr/share/windsurf/windsurf", "windsurf", "windsurf"),
    ("/usr/bin/codium", "codium", "vscodium"),
    ("/usr/libexec/zed-editor", "/usr/libexec/zed-editor /home/dev/src", "zed"),
    ("/usr/bin/zeditor", "zeditor", "zed"),
    ("/home/dev/.local/zed.app/libexec/zed-editor", "zed-editor", "zed"),
    ("/Applications/Zed.app/Contents/MacOS/zed", "zed", "zed"),
    ("/opt/warpdotdev/warp-terminal/warp", "warp", "warp"),
    ("/Applications/Warp.app/Contents/MacOS/stable", "stable", "warp"),
    ("/home/dev/.local/bin/kiro-cli", "kiro-cli chat --trust-all-tools", "kiro"),
    ("/usr/local/bin/ollama", "/usr/local/bin/ollama serve", "ollama"),
    ("/opt/llama/llama-server", "llama-server -m model.gguf --port 8080", "llamacpp"),
    (PYTHON, "python3 -m vllm.entrypoints.openai.api_server --model x", "vllm"),
    (NODE, f"node {MODULES}/n8n/bin/n8n start", "n8n"),
    ("/usr/local/bin/thv", "thv run fetch", "toolhive"),
    (r"C:\Program Files\Microsoft Visual Studio\2022\Professional\Common7\IDE\devenv.exe", ["devenv.exe"], "visual-studio"),
    (NODE, f"node {MODULES}/mcporter/dist/cli.js list", "mcporter"),
    (NODE, f"node {MODULES}/mcp-hub/dist/cli.js --port 37373", "mcphub"),
    (None, f"node {MODULES}/@openai/codex/bin/codex.js", "codex"),
]  # fmt: skip


def words(command: str | list[str]) -> list[str]:
    return command if isinstance(command, list) else shlex.split(command)


def test_the_cases_are_many() -> None:
    assert len(SERVERS) + len(AGENTS) >= 120


@pytest.mark.parametrize(("exe", "command", "expected"), [*SERVERS, *AGENTS])
def test_an_agent_or_a_server_is_recognised_through_whatever_starts_it(
    exe: str | None, command: str | list[str], expected: str | None, judge_of_a_user: Callable[[ProcessRow], Judged]
) -> None:
    cwd = r"C:\Users\dev" if exe and exe[1:2] == ":" else "/home/dev"
    assert found(judge_of_a_user(row(exe, words(command), cwd))) == expected


NAMESAKES = [
    # What runs, whether its own arguments tell, and whether it does so for an owner with files of the client.
    ("/home/dev/.local/bin/goose", "goose", None, "goose"),
    ("/home/dev/.local/bin/goose", "goose session --resume", "goose", "goose"),
    ("/usr/local/bin/goose", "goose run -t up", "goose", "goose"),
    ("/home/dev/go/bin/goose", "goose -dir db postgres dbname=x up", None, None),
    ("/opt/goose/goose_linux_x86_64", "goose up", None, None),
    ("/home/dev/.local/bin/copilot", "copilot", None, "copilot-cli"),
    ("/home/dev/.local/bin/copilot", "copilot -p deploy", "copilot-cli", "copilot-cli"),
    ("/usr/local/bin/copilot", "copilot --resume=1f --model gpt-5", "copilot-cli", "copilot-cli"),
    ("/usr/local/bin/copilot", "copilot svc logs --follow", None, None),
    ("/usr/local/bin/codex", "codex", None, "codex"),
    ("/usr/local/bin/codex", "codex --yolo", "codex", "codex"),
    ("/home/dev/.local/bin/codex", "codex -c model=o3 exec hi", None, "codex"),
    ("/usr/local/bin/codex", "codex --data-dir=/srv/codex persistence", None, None),
    ("/usr/bin/crush", "crush", None, "crush"),
    ("/usr/bin/crush", "crush run hi", "crush", "crush"),
    ("/home/dev/.local/bin/droid", "droid", None, "factory-droid"),
    ("/home/dev/.local/bin/droid", "droid exec hi", "factory-droid", "factory-droid"),
    ("/home/dev/.factory/bin/droid", "droid", "factory-droid", "factory-droid"),
    ("/usr/bin/qterm", "qterm", None, "amazon-q"),
]


@pytest.mark.parametrize(("exe", "command", "alone", "at_home"), NAMESAKES)
def test_a_name_that_others_have_too_needs_a_second_sign(
    exe: str,
    command: str,
    alone: str | None,
    at_home: str | None,
    judge: Callable[[ProcessRow], Judged],
    judge_of_a_user: Callable[[ProcessRow], Judged],
) -> None:
    seen = row(exe, words(command))
    assert (found(judge(seen)), found(judge_of_a_user(seen))) == (alone, at_home)


def test_no_other_name_of_the_catalog_is_one_that_others_are_known_to_have(catalog: Catalog) -> None:
    """A name that is in the corpus of ordinary programs can only be a namesake."""
    programs = {(entry["exe"] or "").replace("\\", "/").rpartition("/")[2].removesuffix(".exe") for entry in ORDINARY}
    assert programs.isdisjoint(name for client in catalog.clients.values() for name in client.process.exe)


@pytest.mark.parametrize(
    ("exe", "command", "name"),
    [
        (NODE, "node /home/dev/.npm/_npx/1/node_modules/@angular/cli/bin/ng.js mcp", "angular"),
        (NODE, ["npm exec @angular/cli mcp", "", ""], "angular"),
        (UV, "uv tool uvx ruff server", "ruff"),
        (NODE, "node /usr/bin/npx -y @modelcontextprotocol/server-filesystem /home/dev", "filesystem"),
        (DOCKER, "docker run -i --rm mcp/git", "git"),
        (PYTHON, "/home/dev/src/weather/.venv/bin/python /home/dev/src/weather/server.py", "local"),
        ("/home/dev/go/bin/notes", "/home/dev/go/bin/notes --stdio", "go"),
        (UV, "uv tool uvx --from git+https://github.com/oraios/serena serena start-mcp-server", "serena"),
    ],
)
def test_a_process_is_the_definition_that_its_command_line_is(
    exe: str, command: str | list[str], name: str, judge_at_home: Callable[[ProcessRow], Judged]
) -> None:
    judged = judge_at_home(row(exe, words(command)))
    assert found(judged)
    assert [server.name for server in judged.servers] == [name]


def test_a_command_line_that_could_be_anybodys_is_a_server_only_in_its_project_or_below_an_agent(
    judge_at_home: Callable[[ProcessRow], Judged],
) -> None:
    codex = judge_at_home(row("/usr/local/bin/codex", ["codex", "exec"]))
    for command, project in ((["node", "server.js"], "/home/dev/src/notes"), (["python3", "server.py"], None)):
        exe = NODE if command[0] == "node" else PYTHON
        elsewhere = judge_at_home(row(exe, command, "/home/dev/src/shop"))
        assert not is_instance(elsewhere, [elsewhere], None)
        assert is_instance(elsewhere, [elsewhere], codex)
        if project:
            inside = judge_at_home(row(exe, command, f"{project}/sub"))
            assert is_instance(inside, [inside], None)


def test_the_script_of_a_package_of_ones_own_is_told_by_the_manifest_above_it(
    tmp_path: Path, judge: Callable[[ProcessRow], Judged]
) -> None:
    (tmp_path / "build").mkdir()
    manifest = {"name": "weather-mcp-server", "bin": {"weather": "./build/index.js"}, "main": "build/main.js"}
    (tmp_path / "package.json").write_text(json.dumps(manifest))
    runs = {
        file: found(judge(row(NODE, ["node", f"{tmp_path}/{file}"])._replace(uid=os.getuid())))
        for file in ("build/index.js", "build/main.js", "build/test.js", "lint.js")
    }
    assert runs == {
        "build/index.js": "npm:weather-mcp-server",
        "build/main.js": "npm:weather-mcp-server",
        "build/test.js": None,
        "lint.js": None,
    }


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"name": 7, "main": "a.js"}', '{"name": "x mcp", "main": "a.js"}', "[" * 9999]
)
def test_a_manifest_that_is_none_names_nothing(
    text: str, tmp_path: Path, judge: Callable[[ProcessRow], Judged]
) -> None:
    (tmp_path / "package.json").write_text(text)
    assert judge(row(NODE, ["node", f"{tmp_path}/a.js"])).package is None


@pytest.mark.parametrize(
    ("exe", "command", "impersonates"),
    [
        ("/usr/bin/sleep", "codex 60", "codex"),
        ("/usr/bin/sleep", "claude 60", "claude-code"),
        (PYTHON, "codex /home/dev/x.py", "codex"),
        (NODE, ["claude", "", ""], "claude-code"),
        (BASH, ["opencode"], "opencode"),
        ("/tmp/x", "/usr/local/bin/ollama serve", "ollama"),
        ("/usr/bin/sleep", "github-mcp-server stdio", None),
        ("/usr/bin/sleep", ["npm exec mcp-server-fetch"], None),
        ("/usr/bin/sleep", "npx -y mcp-server-fetch", None),
        ("/usr/bin/sleep", "docker run mcp/fetch", None),
        ("/usr/bin/python3.12", "docker run mcp/fetch", None),
    ],
)
def test_a_name_that_a_process_gives_itself_makes_it_nothing(
    exe: str, command: str | list[str], impersonates: str | None, judge_of_a_user: Callable[[ProcessRow], Judged]
) -> None:
    judged = judge_of_a_user(row(exe, words(command)))
    assert not judged.interesting
    assert judged.impersonates == impersonates


@pytest.mark.parametrize(
    ("exe", "command", "expected"),
    [
        ("/usr/local/bin/codex", "sshd", "codex"),
        ("/home/dev/.local/share/claude/versions/2.1.197", "vim notes.txt", "claude-code"),
        (NODE, f"[kworker/0:1] {MODULES}/@google/gemini-cli/dist/index.js", "gemini-cli"),
        (NODE, f"bash {CACHE}/@playwright/mcp/cli.js", "npm:@playwright/mcp"),
        (DOCKER, "nginx run -i --rm mcp/fetch", "oci:docker.io/mcp/fetch"),
        ("/usr/local/bin/github-mcp-server", "cron -f", "server"),
    ],
)
def test_another_name_hides_neither_an_agent_nor_a_server(
    exe: str, command: str, expected: str, judge_of_a_user: Callable[[ProcessRow], Judged]
) -> None:
    assert found(judge_of_a_user(row(exe, shlex.split(command)))) == expected


def test_a_declared_server_is_not_what_merely_calls_itself_by_its_command(
    judge_at_home: Callable[[ProcessRow], Judged],
) -> None:
    assert not judge_at_home(row("/usr/bin/sleep", ["/home/dev/go/bin/notes", "--stdio"])).interesting
