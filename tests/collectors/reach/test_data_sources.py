"""What a definition reaches: roots, databases, clouds, services; never a credential."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from agent.redaction import redact
from collectors.catalog.catalog import Catalog
from collectors.catalog.client import ConfigFile, ServersAt
from collectors.launch.identify import identify
from collectors.launch.packages import package_name
from collectors.reach.data_sources import data_sources
from collectors.reach.services import services
from collectors.readers.servers import Definition, read_definitions
from collectors.sources.formats.documents import UnparseableError, parse
from collectors.sources.limits import Limits

CORPUS = Path(__file__).parents[4] / "shared" / "corpus"


def reached(line: str, env: tuple[str, ...] = (), url: str | None = None) -> list[str]:
    """`kind target` of each source of a command line, after the redaction that a definition goes through."""
    words = redact.argv(shlex.split(line)).args
    command, args = (words[0], words[1:]) if words else (None, ())
    package = identify(command, args).package if command else None
    found = data_sources(command, args, package, url, env)
    assert all(source.basis == "declared" for source in found)
    return [f"{source.kind} {source.target}" for source in found]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("npx -y @modelcontextprotocol/server-github", ["saas GitHub"]),
        ("docker run -i --rm -e GITHUB_TOKEN ghcr.io/github/github-mcp-server", ["saas GitHub"]),
        ("docker run -i --rm mcp/slack:latest", ["saas Slack"]),
        ("/opt/homebrew/bin/github-mcp-server stdio --log-file=/tmp/x.log", ["saas GitHub"]),
        ("bash -c 'cd /x && npx -y @notionhq/notion-mcp-server'", ["saas Notion"]),
        ("uvx mcp-server-fetch", ["network any web site"]),
        ("mcp-server-fetch", ["network any web site"]),
        ("python3 -m mcp_server_tavily", ["saas Tavily"]),
        ("npx @playwright/mcp@latest --browser chromium --executable-path /usr/bin/chromium", ["browser Playwright"]),
        ("npx -y @wonderwhy-er/desktop-commander", ["filesystem whole machine", "shell commands"]),
        ("npx -y @modelcontextprotocol/server-memory", ["memory knowledge graph"]),
        ("npx -y @modelcontextprotocol/server-sequential-thinking", []),
        ("npx -y some-unknown-mcp", []),
        ("uvx awslabs.eks-mcp-server", ["cloud AWS", "cloud Kubernetes"]),
        ("uvx awslabs.aws-diagram-mcp-server", []),
    ],
)
def test_a_known_package_command_or_module_means_its_service(line: str, expected: list[str]) -> None:
    assert reached(line) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("npx -y @modelcontextprotocol/server-filesystem /srv/a ~/b 'C:\\Users\\c' ${workspaceFolder} $HOME/d",
         ["$HOME/d", "${workspaceFolder}", "/srv/a", "C:\\Users\\c", "~/b"]),
        ("cmd /c npx -y @modelcontextprotocol/server-filesystem D:\\\\work", ["D:\\work"]),
        ("uvx mcp-server-git --repository /srv/repo", ["/srv/repo"]),
        ("uvx mcp-server-git", ["repository"]),
        ("npx -y @sylphx/coderag-mcp --root=.", ["."]),
        ("docker run -i --rm -v /home/a/notes:/notes:ro -v named:/data --mount type=bind,src=/srv/b,dst=/b x/y /notes",
         ["/home/a/notes", "/srv/b"]),
        ("python3 /opt/tool/server.py --config /etc/tool.yaml --log-dir /var/log --cert /etc/x.pem", []),
        ("uv --directory /opt/tool run tool", []),
        ("node /opt/tool/server.js /data", ["/data"]),
    ],
)  # fmt: skip
def test_roots_are_what_the_server_is_given_not_its_own_code_or_settings(line: str, expected: list[str]) -> None:
    assert reached(line) == [f"filesystem {path}" for path in expected]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("npx -y @modelcontextprotocol/server-postgres postgresql://bob:s3cretpw9@db.corp:5432/orders?sslmode=require",
         "PostgreSQL db.corp:5432/orders"),
        ("npx x --dsn 'mysql+pymysql://u:p4ssw0rdX@h/db'", "MySQL h/db"),
        ("npx mongodb-mcp-server --connectionString mongodb+srv://u:pw123456@c0.x.mongodb.net/sales",
         "MongoDB c0.x.mongodb.net/sales"),
        ("npx x '${DATABASE_URL:-postgresql://localhost:5433/one}'", "PostgreSQL localhost:5433/one"),
        ("uvx postgres-mcp 'host=db1 port=5432 dbname=prod user=bob password=hunter2x'", "PostgreSQL db1/prod"),
        ("uvx postgres-mcp --host db1 --dbname prod --user x --password hunter2x", "PostgreSQL db1/prod"),
        ("python s.py 'Server=sql.corp;Database=HR;User Id=a;Password=bpw12345'", "SQL Server sql.corp/HR"),
        ("uvx mcp-server-sqlite --db-path /home/a/x.db", "SQLite /home/a/x.db"),
        ("npx @bytebase/dbhub --dsn sqlite:////var/x.db", "SQLite /var/x.db"),
        ("npx x --redis redis://:passw0rd1@cache:6379/0", "Redis cache:6379/0"),
    ],
)  # fmt: skip
def test_a_database_is_told_by_engine_host_and_name_only(line: str, expected: str) -> None:
    assert reached(line) == [f"database {expected}"]


def test_a_cloud_is_told_with_the_profile_and_region_it_is_given() -> None:
    line = "uvx awslabs.cloudwatch-mcp-server --profile prod --region eu-west-1"
    assert reached(line) == ["cloud AWS profile prod", "cloud AWS region eu-west-1"]
    assert reached("npx unknown --profile prod") == []


def test_names_of_variables_tell_what_a_local_script_is_for() -> None:
    assert reached("node server.js", ("AWS_PROFILE", "PATH", "SLACK_BOT_TOKEN")) == ["cloud AWS", "saas Slack"]
    assert reached("node server.js", ("DATABASE_URL",)) == ["database database"]
    assert reached("uvx postgres-mcp", ("DATABASE_URI",)) == ["database PostgreSQL"]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://mcp.linear.app/mcp", ["saas Linear"]),
        ("https://docs.mcp.cloudflare.com/mcp", ["cloud Cloudflare"]),
        ("https://knowledge-mcp.global.api.aws", ["saas AWS Documentation"]),
        ("https://mcp.corp.example/x", ["network mcp.corp.example"]),
        ("https://notgithub.com/x", ["network notgithub.com"]),
        ("http://127.0.0.1:3845/mcp", ["saas Figma"]),
        ("http://localhost:8000/mcp", []),
        ("https://${input:host}/mcp", []),
    ],
)
def test_a_url_means_the_service_at_its_host(url: str, expected: list[str]) -> None:
    assert reached("", url=url) == expected


def test_the_docker_socket_is_power_over_the_machine_not_a_file() -> None:
    assert reached("docker run -v /var/run/docker.sock:/var/run/docker.sock x/y") == ["shell Docker"]


def test_no_credential_passes_whatever_form_it_has() -> None:
    lines = [
        "npx x postgres://u:CANARYpw1@h/db mongodb://CANARYuser:CANARYpw1@h/db?password=CANARYpw1",
        "npx x 'host=h dbname=d password=CANARYpw1' 'Server=s;Database=d;Password=CANARYpw1'",
        "npx x https://CANARYuser:CANARYpw1@api.github.com/CANARY?token=CANARYpw1 redis://:CANARYpw1@r/0",
        "npx x --password CANARYpw1 --host h --database d --api-key=CANARYpw1",
    ]
    assert not [found for line in lines for found in reached(line) if "CANARY" in found]


def test_hostile_arguments_are_bounded() -> None:
    many = " ".join(f"/{'x' * 2000}{n}" for n in range(150))
    found = reached(f"npx -y @modelcontextprotocol/server-filesystem {many}")
    assert len(found) <= 50 and all(len(text) < 350 for text in found)
    for piece in ("a" * 900, "postgres" * 100, "host=" * 200, "sqlite:" * 100, "-" * 900, ",/" * 400, "${" * 400):
        reached(f"npx x {shlex.quote(piece)} --root {shlex.quote(piece)}")


def test_every_entry_of_the_table_can_be_found_again() -> None:
    table = services()
    assert [s.target for s in table.of_host("api.githubcopilot.com")] == ["GitHub"]
    assert [s.target for s in table.of_package(["pypi:awslabs.anything"])] == ["AWS"]
    assert package_name("pkg:npm/%40playwright/mcp@1.0.0") == "npm:@playwright/mcp"
    assert package_name("pkg:oci/x?repository_url=ghcr.io/o/x&tag=1") == "oci:ghcr.io/o/x"


@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus of real files is not on this machine")
def test_most_servers_of_the_corpus_show_what_they_reach(capsys: pytest.CaptureFixture[str]) -> None:
    catalog, known, total = Catalog.load(), 0, 0
    rows = map(json.loads, (CORPUS / "index.jsonl").read_text(encoding="utf-8").splitlines())
    for row in (row for row in rows if row["kind"] == "mcp_config" and (CORPUS / row["file"]).exists()):
        for definition in definitions(row, catalog):
            found = data_sources(
                definition.command,
                definition.args,
                definition.package,
                definition.url or definition.remote_url,
                definition.env_names,
            )
            total += 1
            known += bool(found)
            host = urlsplit(definition.url or "").hostname if definition.url and "{" not in definition.url else None
            assert found or not host or host in ("localhost", "127.0.0.1"), definition.name
    with capsys.disabled():
        print(f"\n{known} of {total} servers with at least one data source")
    assert total > 150
    assert known >= 0.7 * total


def definitions(row: dict[str, str], catalog: Catalog) -> list[Definition]:
    form = {"toml": "toml", "yaml": "yaml"}.get(row["path"].rpartition(".")[2], "json")
    places = tuple(ServersAt(at=at) for at in ("mcpServers", "servers", "mcp_servers", "mcp", "mcp.servers"))
    config = ConfigFile(scope="user", format=form, servers=places, source="", checked="")
    client = catalog.clients.get(row["client"]) or catalog.clients["claude-code"]
    try:
        document = parse((CORPUS / row["file"]).read_bytes(), config.format).value
    except UnparseableError:
        return []
    return [d for d in read_definitions(document, config, client.dialect, Limits()) if isinstance(d, Definition)]
