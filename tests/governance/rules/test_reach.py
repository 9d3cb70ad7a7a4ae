"""What a server's program lies in and may reach: each sign with its innocent twin."""

from __future__ import annotations

from typing import Any

import pytest

from agent.governance.policy.model import Policy
from agent.governance.rules import reach
from agent.governance.rules.rule import RuleContext
from agent.records import DataSource, LaunchFile, McpServer
from collectors.catalog.catalog import Catalog
from collectors.reach.data_sources import data_sources
from tests import made

RULES = {rule.id: rule for rule in reach.RULES}
FILES = "pkg:npm/%40modelcontextprotocol/server-filesystem"


def told(id: str, server: McpServer) -> list[str | None]:
    return [proof.value for proof in RULES[id].check(server, RuleContext({server.id: server}, Policy(), Catalog(())))]


def started(*argv: str, package: str | None = None, **fields: Any) -> McpServer:
    data = data_sources(argv[0], argv[1:], package, None, ())
    return made.server(command=argv[0], args=argv[1:], package=package, data=data, **fields)


@pytest.mark.parametrize(
    ("argv", "package"),
    [
        (("/tmp/server",), None),
        (("/var/tmp/x/server",), None),
        (("/dev/shm/server",), None),
        (("/private/var/folders/ab/T/server",), None),
        (("python3", "/tmp/x.py"), None),
        (("python3", "-u", "/tmp/x"), None),
        (("uv", "--directory", "/tmp/repo", "run", "server"), None),
        (("uvx", "--from=/tmp/repo", "server"), "pkg:pypi/server"),
        ((r"C:\Users\dev\AppData\Local\Temp\x.exe",), None),
        ((r"C:\Windows\Temp\x.exe",), None),
        (("%TEMP%\\x.exe",), None),
        (("node", "${TMPDIR}/x.js"), None),
    ],
)
def test_what_runs_from_a_temporary_folder_is_told(argv: tuple[str, ...], package: str | None) -> None:
    assert told("server.temporary", started(*argv, package=package))


@pytest.mark.parametrize(
    ("argv", "package"),
    [
        (("npx", "-y", "@modelcontextprotocol/server-filesystem", "/tmp"), FILES),
        (("npx", "-y", "@modelcontextprotocol/server-filesystem", "/tmp/work"), FILES),
        (("/opt/tmp/server",), None),
        (("/home/dev/.cache/tool/server",), None),
        (("server", "--log", "/tmp/x.log"), "pkg:npm/server"),
        ((r"C:\Program Files\Temporal\x.exe",), None),
        (("./tmp/server",), None),
    ],
)
def test_a_server_may_work_on_a_temporary_folder(argv: tuple[str, ...], package: str | None) -> None:
    assert not told("server.temporary", started(*argv, package=package))


@pytest.mark.parametrize(
    "argv",
    [
        ("python3", "/home/dev/Downloads/x.py"),
        ("/Users/dev/Downloads/server",),
        (r"C:\Users\dev\Downloads\x.exe",),
        ("uv", "--directory", "~/Downloads/repo", "run", "x"),
    ],
)
def test_what_runs_from_downloads_is_told(argv: tuple[str, ...]) -> None:
    assert told("server.downloads", started(*argv))
    assert not told("server.downloads", started("npx", "files", "/home/dev/Downloads", package="pkg:npm/files"))


@pytest.mark.parametrize("by", ["group", "everyone"])
def test_a_program_that_others_can_change_is_told(by: str) -> None:
    # mypy: `by` is one of the words of the field.
    assert told("server.writable", made.server(launch_file=LaunchFile(path="/x", exists=True, writable_by=by)))  # type: ignore[arg-type]
    assert not told("server.writable", made.server(launch_file=LaunchFile(path="/x", exists=True)))


@pytest.mark.parametrize(
    "target",
    [
        "/", "~", "~/", "/home", "/home/dev", "/Users/dev/", "/root", "${HOME}", "${userHome}", "$HOME", "C:\\",
        "c:/Users", r"C:\Users\dev", "%USERPROFILE%", "${env:HOME}",
    ],
)  # fmt: skip
def test_a_whole_home_or_disk_is_told(target: str) -> None:
    assert told("server.filesystem", made.server(data=(DataSource(kind="filesystem", target=target),)))


@pytest.mark.parametrize(
    "target", ["/home/dev/code", "~/code", ".", "/srv/data", r"C:\Users\dev\code", "${HOME}/x", "D"]
)
def test_a_part_of_it_is_not(target: str) -> None:
    assert not told("server.filesystem", made.server(data=(DataSource(kind="filesystem", target=target),)))


@pytest.mark.parametrize(
    "options",
    [
        ("--privileged",),
        ("--privileged=true",),
        ("--network=host",),
        ("--network", "host"),
        ("--net", "host"),
        ("--pid=host",),
        ("--ipc", "host"),
        ("--userns=host",),
        ("--cap-add=ALL",),
        ("--cap-add", "SYS_ADMIN"),
        ("--cap-add=CAP_SYS_PTRACE",),
        ("--security-opt", "seccomp=unconfined"),
        ("--security-opt=apparmor:unconfined",),
        ("-v", "/var/run/docker.sock:/var/run/docker.sock"),
        ("-v/run/podman/podman.sock:/s",),
        ("--mount", "type=bind,source=/var/run/docker.sock,target=/s"),
    ],
)
def test_a_container_with_the_rights_of_the_host_is_told(options: tuple[str, ...]) -> None:
    assert told("server.privileged", started("docker", "run", "-i", "--rm", *options, "image"))
    assert told("server.privileged", started("bash", "-c", "docker run -i " + " ".join(options) + " image"))


@pytest.mark.parametrize(
    "argv",
    [
        ("docker", "run", "-i", "--rm", "--network=hostnet", "image"),
        ("docker", "run", "--network", "bridge", "--cap-drop=ALL", "--privileged=false", "image"),
        ("docker", "run", "-v", "/srv/docker.socket-docs:/docs", "image"),
        ("docker", "run", "--security-opt", "no-new-privileges", "image"),
        ("server", "--network", "host", "--privileged"),
    ],
)
def test_ordinary_options_and_those_of_other_programs_are_not(argv: tuple[str, ...]) -> None:
    assert not told("server.privileged", started(*argv))


def test_the_socket_of_the_container_engine_is_told_of_any_program() -> None:
    assert told("server.privileged", started("docker-mcp", "--host", "unix:///var/run/docker.sock"))


@pytest.mark.parametrize("id", RULES)
def test_what_is_switched_off_reaches_nothing_unless_it_runs(id: str) -> None:
    file = LaunchFile(path="/home/dev/Downloads/x", exists=True, writable_by="everyone")
    data = (DataSource(kind="filesystem", target="/"),)
    for where in ("/tmp/x", "/home/dev/Downloads/x"):
        off = made.server(
            command=where,
            args=("/var/run/docker.sock", "--host", "0.0.0.0"),
            data=data,
            launch_file=file,
            effective=False,
        )
        assert not told(id, off)
    assert told(id, off.model_copy(update={"running": True, "command": "/tmp/x"}))
