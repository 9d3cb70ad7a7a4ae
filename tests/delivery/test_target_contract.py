from __future__ import annotations

import pytest
from pydantic import ValidationError

from agent.delivery.targets.rollcall import RollcallSettings


@pytest.mark.parametrize("url", [
    "https://collector.example/v1/batches", "https://10.0.0.1:8443/x", "http://127.0.0.1:8080/v1/batches",
    "http://127.9.9.9/x", "http://[::1]:8080/x", "http://localhost:8080/x", "HTTPS://collector.example/x",
])  # fmt: skip
def test_https_anywhere_and_http_to_this_machine_are_allowed(url: str) -> None:
    assert RollcallSettings(url=url).url == url


@pytest.mark.parametrize("url", [
    "http://collector.example/x", "http://10.0.0.1/x", "http://0.0.0.0/x", "http://localhost.evil.example/x",
    "http://127.0.0.1.evil.example/x", "http://[::]/x", "http:///x", "https://", "ftp://127.0.0.1/x", "file:///etc",
    "collector.example", "", "https://c.example/x?token=canary", "https://c.example/x#canary", "http://[::1/x",
    "https://user:canary@c.example/x", "https://canary@c.example", "http://127.0.0.1@evil.example/x",
])  # fmt: skip
def test_other_addresses_are_refused_without_being_quoted(url: str) -> None:
    with pytest.raises(ValidationError) as caught:
        RollcallSettings(url=url)
    assert "canary" not in str(caught.value)


def test_limits_cannot_exceed_what_every_receiver_takes() -> None:
    for field, value in (("max_records", 501), ("max_bytes", 900_001), ("max_records", 0), ("timeout", 0)):
        with pytest.raises(ValidationError):
            RollcallSettings.model_validate({"url": "https://c.example/x", field: value})


def test_two_sources_of_a_token_are_an_error() -> None:
    with pytest.raises(ValidationError):
        RollcallSettings.model_validate({"url": "https://c.example/x", "token_file": "/t", "token_env": "T"})
