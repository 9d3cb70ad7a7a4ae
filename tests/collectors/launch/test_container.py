"""What a command line gives a container."""

from __future__ import annotations

import pytest

from collectors.launch.container import devices, published_everywhere, remote_engine


@pytest.mark.parametrize(
    ("options", "remote"),
    [
        (("-H", "tcp://192.0.2.9:2375"), "tcp://192.0.2.9:2375"),
        (("--host=tcp://build.test:2375",), "tcp://build.test:2375"),
        (("-Htcp://build.test:2375",), "tcp://build.test:2375"),
        (("--tlsverify", "-H", "tcp://192.0.2.9:2376"), None),
        (("-H", "ssh://dev@build.test"), None),
        (("-H", "unix:///run/docker.sock"), None),
        (("-H", "tcp://127.0.0.1:2375"), None),
    ],
)
def test_an_engine_elsewhere(options: tuple[str, ...], remote: str | None) -> None:
    assert remote_engine("docker", (*options, "run", "-i", "acme/mcp:1")) == remote


@pytest.mark.parametrize(
    ("options", "ports"),
    [
        (("-p", "8080:8080"), ["-p 8080:8080"]),
        (("-p8080:80",), ["-p 8080:80"]),
        (("--publish=0.0.0.0:80:80/tcp",), ["--publish 0.0.0.0:80:80/tcp"]),
        (("-P",), ["all ports that the image names"]),
        (("-p", "127.0.0.1:8080:8080"), []),
        (("-p", "[::1]:8080:8080"), []),
        (("-e", "PORT=8080"), []),
    ],
)
def test_ports_that_others_reach(options: tuple[str, ...], ports: list[str]) -> None:
    assert list(published_everywhere("docker", ("run", *options, "acme/mcp:1"))) == ports


def test_devices_of_the_host() -> None:
    assert list(devices("sudo", ("podman", "run", "--device", "/dev/sda", "acme/mcp:1"))) == ["--device /dev/sda"]
    assert list(devices("mcp", ("--device", "/dev/sda"))) == []
