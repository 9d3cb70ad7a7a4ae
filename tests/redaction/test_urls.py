"""URLs: host and plain path stay, everything that may carry a secret goes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.redaction.urls import url


@pytest.mark.parametrize(
    ("value", "shown", "host", "secret"),
    [
        ("https://mcp.example.com/v1/mcp", "https://mcp.example.com/v1/mcp", "mcp.example.com", False),
        ("http://LOCALHOST:5000/mcp", "http://LOCALHOST:5000/mcp", "localhost", False),
        ("https://[::1]:80/x", "https://[::1]:80/x", "::1", False),
        ("https://u:p@h/x?k=v#f", "https://h/x", "h", True),
        ("https://u:pa/ss@h/x", "https://h/x", "h", True),
        ("https://${USER}:${PW}@h/x", "https://h/x", "h", False),
        ("https://h/mcp?login", "https://h/mcp", "h", False),
        ("https://h/mcp?apiKey=abc", "https://h/mcp", "h", True),
        ("https://h/mcp?apiKey=${KEY}", "https://h/mcp", "h", False),
        ("https://h/key/abc/mcp", "https://h/key/<redacted>/mcp", "h", True),
        ("https://h/auth/token/refresh", "https://h/auth/token/refresh", "h", False),
        ("https://h/s/ZjE4NDk3YzQtNDg5Yi00ZGRm/mcp", "https://h/s/<redacted>/mcp", "h", True),
        ("https://h/0b7c1a52-1111-2222-3333-444455556666/mcp", "https://h/<redacted>/mcp", "h", False),
        ("https://h/a;jsessionid=abc/b", "https://h/a/b", "h", False),
        ("https://${input:domain}/mcp", "https://${input:domain}/mcp", None, False),
        ("https://gitmcp.io/{owner}/{repo}", "https://gitmcp.io/{owner}/{repo}", "gitmcp.io", False),
        ("${URL}", "${URL}", None, False),
        ("${URL:-https://u:p@h/x?token=1}", "${URL:-https://h/x}", None, True),
        ("https://h:PORT/x", "https://h/x", "h", False),
        ("localhost:3000/sse?token=abc", "localhost:3000/sse", None, True),
        ("sk-abcdefghijklmnopqrstuvwxyz", "<redacted>", None, True),
        ("  ", None, None, False),
    ],
)
def test_a_url_is_shown_without_its_secrets(value: str, shown: str | None, host: str | None, secret: bool) -> None:
    found = url(value)
    assert (found.url, found.host, found.secret) == (shown, host, secret)


@given(st.text(max_size=80))
def test_any_text_gives_an_answer_that_can_be_encoded(value: str) -> None:
    (url(value).url or "").encode()
    (url("https://" + value).url or "").encode()


def test_a_long_url_is_cut() -> None:
    assert len(url("https://h/" + "a/" * 4_000).url or "") == 2_001
    assert url("https://h/" + "a" * 20_000).url == "<redacted>"
