"""Moved folders at rest: what profiles, services and wrappers set."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.records import McpServer
from collectors.configs.collector import ConfigCollector
from collectors.locate.declared import declared
from tests.collectors.world import World, client

NAMES = frozenset({"XDG_CONFIG_HOME", "DEMO_HOME"})


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("~/.zshenv", 'export XDG_CONFIG_HOME="$HOME/.local/etc"\n'),
        ("~/.bashrc", "x=1; XDG_CONFIG_HOME=~/.local/etc demo\n"),
        ("~/.config/fish/config.fish", "set -gx XDG_CONFIG_HOME $HOME/.local/etc\n"),
        ("~/.config/environment.d/a.conf", "XDG_CONFIG_HOME=${HOME}/.local/etc\n"),
        ("~/.config/systemd/user/demo.service", "[Service]\nEnvironment=XDG_CONFIG_HOME=%h/.local/etc\n"),
        ("~/.local/share/applications/d.desktop", "Exec=env XDG_CONFIG_HOME=/home/dev/.local/etc demo\n"),
        ("~/bin/demo", "#!/bin/sh\nXDG_CONFIG_HOME='/home/dev/.local/etc' exec /opt/demo \"$@\"\n"),
        ("/etc/environment", "XDG_CONFIG_HOME=/home/dev/.local/etc/\n"),
        ("/etc/profile.d/x.sh", "export XDG_CONFIG_HOME=$HOME/.local/etc\n"),
    ],
)
def test_a_variable_is_found_wherever_a_login_may_set_it(tmp_path: Path, path: str, text: str) -> None:
    world = World(tmp_path, client())
    world.write(path, text)
    assert list(declared(world.context, world.home, NAMES)) == [("XDG_CONFIG_HOME", "/home/dev/.local/etc")]


@pytest.mark.parametrize(
    "text",
    [
        "# export XDG_CONFIG_HOME=/srv/x\n",
        "export MY_XDG_CONFIG_HOME=/srv/x\n",
        "export XDG_CONFIG_HOME=$(mktemp -d)\n",
        "export XDG_CONFIG_HOME=$OTHER/x\n",
        "export XDG_CONFIG_HOME=relative\n",
        "echo $XDG_CONFIG_HOME/x\n",
        "XDG_CONFIG_HOME=/srv/x\0\n",
    ],
)
def test_what_sets_no_folder_is_passed_over(tmp_path: Path, text: str) -> None:
    world = World(tmp_path, client())
    world.write("~/.profile", text)
    assert list(declared(world.context, world.home, NAMES)) == []


def test_files_are_looked_for_where_the_variable_points(tmp_path: Path) -> None:
    file = {"scope": "user", "paths": ["{config}/demo/mcp.json"], "servers": [{"at": "mcpServers"}]}
    own = {"scope": "user", "paths": ["~/.demo/mcp.json"], "servers": [{"at": "mcpServers"}]}
    override = {"name": "DEMO_HOME", "replaces": "~/.demo"}
    world = World(tmp_path, client(config=[file, own], override=[override]))
    world.write("~/.profile", "export XDG_CONFIG_HOME=/srv/etc\nexport DEMO_HOME=/srv/demo\n")
    world.write("/srv/etc/demo/mcp.json", {"mcpServers": {"xdg": {"command": "node"}}})
    world.write("/srv/demo/mcp.json", {"mcpServers": {"own": {"command": "node"}}})
    found = (record for observed in ConfigCollector().collect(world.context) for record in observed.records)
    assert sorted(record.name for record in found if isinstance(record, McpServer)) == ["own", "xdg"]
