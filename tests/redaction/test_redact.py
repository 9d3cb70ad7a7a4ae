"""Arguments and messages: no secret gets out, and what is ordinary stays readable."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.redaction import redact
from tests.counting import ends

ALPHABET = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
PLANTED = st.text(ALPHABET, min_size=10, max_size=40).map(lambda text: f"Zq{text}7")

TEMPLATES = [
    ["--api-key", "{}"],
    ["--api-key={}"],
    ["--api-key", '"{}"'],
    ["--password", "{} with words"],
    ["--password={} with words"],
    ["-password:{}"],
    ["--db-password", "-x{}"],
    ["--token", "--verbose", "--secret", "{}"],
    ["--header", "Authorization: Bearer {}"],
    ["--header", "Authorization:{}"],
    ["--header=X-Whatever: {}"],
    ["-H", "Cookie: session={}; other={}"],
    ["--header", "Authorization:", "Bearer", "{}"],
    ["Authorization: Basic {}"],
    ["-e", "PLAIN_NAME={}"],
    ["--env=lower_name={}"],
    ["-eNAME={}"],
    ["NAME={}"],
    ["SOME_PASSWORD={} and more {}"],
    ["https://user:{}@host.example/mcp"],
    ["https://{}@host.example/mcp"],
    ["https://us:pa/{}@host.example/mcp"],
    ["https://host.example/mcp?anything={}#and={}"],
    ["--url=https://user:{}@host.example/?k={}"],
    ["postgresql://user:{}@host/db"],
    ["postgresql://user:p/q{}@host/db"],
    ["jdbc:postgresql://user:{}@host/db?password={}"],
    ["redis://:{}@one,redis://:{}@two"],
    ["https://u:{}@one,https://u:{}@two"],
    ["root:{}@tcp(localhost:3306)/db"],
    ["--user", "admin:{}"],
    ["--host", "h", "-u", "root", "-p", "{}"],
    ["mysql", "-uroot", "-p{}", "shop"],
    ["-h", "db", "-u", "root", "-p{}"],
    ["jdbc:mariadb://db:3306/shop", "-ureader", "-p@9>{}"],
    ["-p{}9"],
    ["-p={}"],
    ["-ubob:{}", "https://host.example"],
    ["--basic", "bob:{}"],
    ["redis-cli", "-h", "cache", "-a", "{}"],
    ["/opt/bin/sqlcmd", "-U", "sa", "-P", "{}"],
    ["-c", "ldapsearch -D cn=admin -w {}"],
    ["bob/{}@db.example:1521/ORCL"],
    ["jdbc:oracle:thin:bob/{}@//db.example:1521/orcl"],
    ["--user=bob:{}"],
    ["curl", "--proxy-user", "bob:{}"],
    ["curl", "-U", "bob:{}", "-b", "session={}"],
    ["/usr/bin/sshpass", "-p", "{}", "ssh", "h"],
    ["-c", "sshpass -p {} ssh h"],
    ["mongosh", "-p", "{}"],
    ["docker", "login", "-p{}"],
    ["cargo", "run", "--", "-p", "{}"],
    ["/Password:{}"],
    ["-Command", "$env:API_TOKEN='{}'; npx server"],
    ["--config", '{{"apiKey":"{}","nested":{{"list":["{}"]}}}}'],
    ["--config", '"{{\\"apiKey\\":\\"{}\\"}}"'],
    ["--config", "{{apiKey: {}}}"],
    ["--config={{'apiKey': '{}'}}"],
    ["-c", 'KEY={} npx -y foo --token {} --header "Authorization: Bearer {}"'],
    ["-c", "export A_TOKEN='{}'; exec server --password=\"{}\""],
    ["/c", "set KEY={}&& npx foo"],
    ["Server=db;Password={};Port=1"],
    ["a=b&access_token={}"],
    ["${{API_KEY:-{}}}"],
    ["--x=${{SECRET:-{}}}"],
    ["-c", 'mcp_servers.x.env.TOKEN="{}"'],
    ["sk-{}{}"],
    ["ghp_{}{}"],
    ["serve", "xoxb-{}"],
]


@pytest.mark.parametrize("template", TEMPLATES, ids=" ".join)
@settings(max_examples=20, deadline=None)
@given(secret=PLANTED)
def test_a_planted_secret_never_gets_out_of_arguments(template: list[str], secret: str) -> None:
    args = [part.format(*[secret] * 3) for part in template]
    shown = redact.argv(args)
    assert not any(part in json.dumps(shown.args) for part in (secret[:8], secret[-8:]))
    assert len(shown.args) == len(args)


@pytest.mark.parametrize(
    "message",
    [
        "cannot reach https://u:{}@host/x?k={}",
        "401 for Authorization: Bearer {}",
        "bad option --api-key={} given",
        "it's wrong: password={}",
        "environment API_TOKEN={} refused",
        'got {{"token": "{}"}} back',
        "key sk-{}{} is revoked",
    ],
)
@settings(max_examples=20, deadline=None)
@given(secret=PLANTED)
def test_a_planted_secret_never_gets_out_of_a_message(message: str, secret: str) -> None:
    assert secret not in redact.text(message.format(secret, secret))


@pytest.mark.parametrize(
    "args",
    [
        ["-y", "@modelcontextprotocol/server-sequential-thinking@2025.7.1"],
        ["--from", "git+https://github.com/owner/repo@v1.2.3", "tool"],
        ["git+https://github.com/owner/repo@0123456789abcdef0123456789abcdef01234567"],
        ["run", "-i", "--rm", "-p", "8080:80", "-v", "/srv/data:/data:ro", "ghcr.io/owner/image:v1.2.3"],
        ["mcp/image@sha256:" + "ab12" * 16],
        ["/nix/store/1b9p07z77phvv2hf6gm9f28syp39f1ag-nodejs-18.1/bin/node", "./dist/index.js"],
        ["C:\\Program Files\\nodejs\\node.exe", "E:\\MCP\\claude-code-mcp\\dist\\index.js"],
        ["/Users/YOUR_USERNAME/Documents/My Files/x86_64-unknown-linux-gnu"],
        ["/var/folders/zz/zyxvpxvq6csfxvn_n0000000000000/T/x"],
        ["--max-tokens", "4096", "--port=3000", "--timeout", "30", "--no-auth", "--use-token"],
        ["--token-file", "/run/secrets/x", "--bearer-token-env-var", "MY_TOKEN", "--auth-type", "oauth"],
        ["--key", "/etc/ssl/private/host.pem", "--credentials", "~/.config/gcloud/cred.json"],
        ["--model", "Qwen3-VL-32B-Instruct-GPTQ-Int4", "--model=gpt-4o-mini-2024-07-18"],
        ["--token", "${env:GITHUB_TOKEN}", "--api-key=${input:key}", "--header", "Authorization: Bearer ${TOKEN}"],
        ["--secret", "$SECRET", "--password", "%DB_PASSWORD%", "--key=<YOUR_KEY>", "--token", "{env:X}"],
        ["-e", "GITHUB_TOKEN", "-e", "TOKEN=${TOKEN}", "--api-key", "${cmd: op read op://vault/item/credential}"],
        ["--header", "Accept: text/event-stream", "--allowed-tools", "read,write", "--local-timezone=Asia/Tokyo"],
        ["--format", "{{.Names}}", "--glob", "{ts,js}", "--config", '{"port":3000,"debug":true}'],
        ["--user", "1000:1000", "npm:pkg@1.2.3", "jsr:@std/http@1.0.0", "host.example:8443"],
        [
            "-u",
            "me",
            "-port",
            "3306",
            "-project",
            "x",
            "-p8080:80",
            "-pix_fmt",
            "yuv420p",
            "-P",
            "prod",
            "-w",
            "ws",
            "-a",
        ],
        ["owner/repo@v1.2.3", "library/node@sha256:" + "12" * 32, "/etc/x:/y", "/k", "-p${PORT}:80", "-platform=a/b"],
        ["cargo", "build", "-p", "serde", "--release"],
        ["mkdir", "-p", "some/dir", "other"],
        ["docker", "compose", "-p", "shop", "up"],
        ["pytest", "-p", "no:cacheprovider"],
        ["psql", "-p", "5432", "-U", "me", "--user=me", "-d", "db"],
        ["-m", "nerfstudio.mcp_server", "--auth", "true", "https://mcp.example.com/v1/mcp"],
    ],
)
def test_ordinary_arguments_stay_as_they_are(args: list[str]) -> None:
    assert redact.argv(args) == redact.Redacted(tuple(args), False)


def test_names_stay_where_values_go() -> None:
    shown = redact.argv(["-e", "A=b", "--header", "X-Key: abc", "--token=abc", "${TOKEN:-abc}", "PORT=1"])
    assert shown.args == (
        "-e",
        "A=<redacted>",
        "--header",
        "X-Key: <redacted>",
        "--token=<redacted>",
        "${TOKEN:-<redacted>}",
        "PORT=<redacted>",
    )
    assert shown.secret


@pytest.mark.parametrize(
    ("args", "secret"),
    [
        (["--token", "abc123"], True),
        (["--token", "${TOKEN}"], False),
        (["--token", "your-token-here"], False),
        (["--token", "SERVICE_TOKEN_HERE"], False),
        (["-e", "SERVICE_TOKEN=SERVICE_TOKEN"], False),
        (["-c", "AUTH=$(printf '%s' \"$A\" | base64); exec npx x"], False),
        (["-u", "root", "-psecret"], True),
        (["-pNo1"], False),
        (["-e", "LOG_MODE=strict"], False),
        (["-e", "CLIENT_SHA256S=" + "09ab1f" * 10 + "77fe"], False),
        (["-e", "CLIENT_SHA_KEY=" + "09ab1f" * 10 + "77fe"], True),
        (["-e", "API_KEY=abc123"], True),
        (["postgresql://u:pw@h/db"], True),
        (["postgresql://${USER}:${PASSWORD}@h/db"], False),
        (["0123456789abcdef0a1b2c3d4e5f6071"], True),
        (["qwxzkjvbpmtrfgnqwxzkjv"], False),
        (["napi_x1x1x1x1x1x1x1x1x1x1x1x1x1x1"], True),
        (["https://h/mcp?project_ref=crujfdpqdjzcfqeyhang"], False),
    ],
)
def test_a_secret_is_said_only_of_one_in_clear_text(args: list[str], secret: bool) -> None:
    assert redact.argv(args).secret is secret


def test_what_a_short_option_means_depends_on_the_program() -> None:
    assert redact.argv(["-a", "abc"], "redis-cli") == redact.Redacted(("-a", "<redacted>"), True)
    assert redact.argv(["-a", "abc"], "npx") == redact.Redacted(("-a", "abc"), False)


def test_a_password_that_is_a_common_word_is_none_the_less_one_where_the_program_or_a_user_says_so() -> None:
    for args in (["-p", "secret", "ssh"], ["-usecret", "-p", "secret"]):
        assert redact.argv(args, "sshpass" if "ssh" in args else "foo").args[args.index("-p") + 1] == "<redacted>"
    assert redact.argv(["-p", "typescript", "tsc"], "npx").args == ("-p", "typescript", "tsc")


def test_arguments_are_cut_in_length_and_number() -> None:
    shown = redact.argv(["word " * 1_000, *["x"] * 500])
    assert len(shown.args) == 201
    assert shown.args[-1] == "…"
    assert len(shown.args[0]) == 1_001
    assert redact.argv(["x" * 20_000]).args == ("<redacted>",)


def test_lone_surrogates_and_nul_do_not_survive() -> None:
    assert redact.argv(["a\ud800b\0c"]).args == ("a?bc",)


@given(st.lists(st.text(max_size=60), max_size=6))
def test_any_arguments_come_out_one_for_one_and_encodable(args: list[str]) -> None:
    shown = redact.argv(args)
    assert len(shown.args) == len(args)
    json.dumps(shown.args, ensure_ascii=False).encode()
    redact.text(" ".join(args)).encode()


HOSTILE = [
    "a", "a=", "a:", "{", "${", '"\\', "'\"", " a", "a:b@", "http://", "<", "a-1B", "--token=", "eyJa.", "[", "xx-",
    "-p", "a/b@", "-ua:",
    "\ue000", "/", "%a", "${a:-", "A=", "sk-", "a;b=", "http://a,", '-e A="', '{"a":', "(((", "\\", "${A:-${B:-x}}",
]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_megabyte_of_hostile_text_ends(piece: str) -> None:
    with ends():
        for size in (16_000, 1_000_000):  # just below and far above where an argument is replaced whole
            text = (piece * (size // len(piece) + 1))[:size]
            redact.argv([text])
            redact.url(text)
            redact.text(text)
            redact.is_secret_value("name", text)


def test_the_address_of_a_container_engine_is_no_header() -> None:
    shown = redact.argv(["docker", "-H", "tcp://dev:Zq7planted5x@192.0.2.9:2375", "run"]).args
    assert shown == ("docker", "-H", "tcp://192.0.2.9:2375", "run")
