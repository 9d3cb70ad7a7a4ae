"""What is a secret by its name, its shape or its look."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import partial
from secrets import token_hex, token_urlsafe

import pytest

from agent.redaction.patterns import is_dummy, is_secret_name, literal, looks_random
from agent.redaction.redact import is_secret_value


@pytest.mark.parametrize(
    "name",
    [
        "API_KEY", "apiKey", "--api-key", "perplexityApiKey", "GITHUB_PERSONAL_ACCESS_TOKEN", "Authorization",
        "DB_PWD", "client_secret", "X-Api-Key", "HUB_PAT_TOKEN", "NEO4J_PASS", "API_TOKENS", "mcp_servers.x.env.TOKEN",
        "Cookie", "PGPASSWORD", "SECRET_KEY_2", "VAULT_SECRET_ID", "APIKEY", "ENCRYPTION_KEY", "key",
    ],
)  # fmt: skip
def test_a_name_that_says_secret(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "MAX_TOKENS", "TOKENIZERS_PARALLELISM", "TOKEN_FILE", "AUTH_TYPE", "OAUTH_CLIENT_ID", "KEYCLOAK_HOST",
        "--no-auth", "bearer_token_env_var", "PWD", "PATH", "url", "allow-sensitive-data-access", "SECRET_NAME", "",
        "AUTH0_DOMAIN", "PUBLIC_KEY", "keyboard", "primaryKey", "monkey", "--use-token", "TOKEN_LIMIT",
    ],
)  # fmt: skip
def test_a_name_that_does_not(name: str) -> None:
    assert not is_secret_name(name)


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        ("API_KEY", "abc", True),
        ("API_KEY", "", False),
        ("API_KEY", "${API_KEY}", False),
        ("API_KEY", "${API_KEY:-abc}", True),
        ("API_KEY", "${API_KEY:-}", False),
        ("API_KEY", "${cmd: op read op://vault/item/credential --no-newline}", False),
        ("API_KEY", "$(cat ~/.token)", False),
        ("API_KEY", "op://vault/item/credential", False),
        ("API_KEY", "vault:secret/data/app#token", False),
        ("API_KEY", "keyring:github", False),
        ("API_KEY", "arn:aws:secretsmanager:eu-west-1:1:secret:app", False),
        ("API_KEY", "vault:9f8e7d6c5b4a3928", True),
        ("API_KEY", "op://ghp_1A2b3C4d5E6f7G8h9I0jK1l2M3n4O5p6Q7r8", True),
        ("PASSWORD", "pass:hunter2", True),
        ("API_KEY", "{secret}", False),
        ("API_KEY", "[REDACTED_API_KEY]", False),
        ("API_KEY", "YOUR_API_KEY_HERE", False),
        ("API_KEY", "sk-your-api-key", False),
        ("API_KEY", "xxxxxxxx", False),
        ("API_KEY", "pa$$word", True),
        ("Authorization", "Bearer ${TOKEN}", False),
        ("Authorization", "Bearer abc", True),
        ("Authorization", "Bearer <hf_X1X1X1X1X1X1X1X1X1X1X1X1X1>", True),
        ("GOOGLE_APPLICATION_CREDENTIALS", "/home/me/cred.json", False),
        ("PASSWORD", "/abc", True),
        ("LOG_LEVEL", "debug", False),
        ("ANYTHING", "ghp_abcdefghijklmnop1234", True),
        ("ANYTHING", "AKIAABCDEFGHIJKLMNOP", True),
        ("ANYTHING", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc", True),
        ("DATABASE_URL", "postgres://u:pw@h/db", True),
        ("DATABASE_URL", "postgres://h/db", False),
        ("OPTIONS", '{"apiKey":"abc"}', True),
        ("INSTRUCTIONS", "Control the Chrome browser in conjunction with the Chrome Plugin.", False),
        ("NODE_PATH", "/Applications/ChatGPT.app/Contents/Resources/cua_node/bin/node", False),
    ],
)
def test_a_value_is_judged_by_its_name_and_its_look(name: str, value: str, secret: bool) -> None:
    assert is_secret_value(name, value) is secret


@pytest.mark.parametrize("make", [partial(token_urlsafe, 32), partial(token_urlsafe, 24), partial(token_hex, 16)])
def test_generated_text_looks_random(make: Callable[[], str]) -> None:
    assert sum(looks_random(make()) for _ in range(500)) > 470


def test_identifiers_do_not_look_random() -> None:
    assert not any(looks_random(str(uuid.uuid4())) for _ in range(500))
    for name in ("x86_64-unknown-linux-gnu", "SkyComputerUseClientApplication", "HTTPServerURLParserXMLReader"):
        assert not looks_random(name)


def test_what_is_literal_is_what_no_placeholder_stands_for() -> None:
    assert literal("Bearer ${A:-${B}}") == ""
    assert literal("'${A}-suffix'") == "-suffix"
    assert literal("${A:-text}") == "text"
    assert is_dummy("your-key") and not is_dummy("your1key2")
