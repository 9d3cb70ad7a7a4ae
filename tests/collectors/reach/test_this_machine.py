"""One answer to "is this host the machine itself?", wherever it is asked."""

from __future__ import annotations

import pytest

from agent.network.peers import LOCALHOST, endpoint_of
from collectors.reach.this_machine import is_this_machine

HERE = ["localhost", "LOCALHOST", "localhost.", "api.localhost", "host.docker.internal", "127.0.0.1", "127.8.9.1"]
HERE += ["::1", "0.0.0.0", "::", "::ffff:127.0.0.1"]
ELSEWHERE = ["example.com", "localhost.example.com", "mylocalhost", "192.168.0.1", "10.0.0.1", "fe80::1", "2001:db8::1"]
ELSEWHERE += ["169.254.169.254", "1270.0.0.1", "127.0.0.1.example.com", ""]


@pytest.mark.parametrize("host", HERE)
def test_these_are_the_machine_itself(host: str) -> None:
    assert is_this_machine(host)
    endpoint = endpoint_of(f"http://[{host}]:80/" if ":" in host else f"http://{host}:80/")
    assert endpoint is not None and endpoint.host == LOCALHOST


@pytest.mark.parametrize("host", ELSEWHERE)
def test_these_are_not(host: str) -> None:
    assert not is_this_machine(host)
