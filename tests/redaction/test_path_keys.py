"""Keys that services put into the paths of their URLs, which may be plain words."""

from __future__ import annotations

import pytest

from agent.redaction.path_keys import PATH_KEYS
from agent.redaction.urls import url


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("https://mcp.zapier.com/api/mcp/s/plain/mcp", "https://mcp.zapier.com/api/mcp/s/<redacted>/mcp"),
        ("https://eu1.make.com/mcp/api/v1/u/plain/sse", "https://eu1.make.com/mcp/api/v1/u/<redacted>/sse"),
        ("https://mcp.composio.dev/gmail/quick-brown-fox", "https://mcp.composio.dev/gmail/<redacted>"),
        (
            "https://hooks.slack.com/services/T0/B0/plain",
            "https://hooks.slack.com/services" + "/<redacted>" * 3,
        ),
        ("https://discord.com/api/webhooks/12/plain", "https://discord.com/api/webhooks/12/<redacted>"),
        ("https://eth.g.alchemy.com/v2/plain", "https://eth.g.alchemy.com/v2/<redacted>"),
        ("https://rpc.ankr.com/eth", "https://rpc.ankr.com/eth"),
        ("https://alchemy.com/v2/plain", "https://alchemy.com/v2/plain"),
    ],
)
def test_the_key_of_a_known_service_is_hidden(given: str, shown: str) -> None:
    assert url(given).url == shown
    assert url(given).secret is ("<redacted>" in shown)


def test_every_service_names_its_source() -> None:
    assert all(known.source and "*" in known.path for known in PATH_KEYS)
