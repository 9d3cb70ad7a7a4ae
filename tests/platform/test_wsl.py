"""Windows homes as seen from inside WSL."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from agent.correlation.coverage import coverage
from agent.platform.image import homes
from agent.platform.wsl import windows_homes
from agent.records import Diagnostic, McpServer, Owner, Record
from agent.runtime.memo import DerivationCache
from collectors.catalog.catalog import Catalog
from collectors.configs.collector import ConfigCollector
from collectors.contract import Context
from collectors.host import HostCollector
from collectors.sources.account import Home
from collectors.sources.filesystem.file_tree import FileTree
from collectors.sources.filesystem.mounts import Mounts
from tests.collectors.world import World

KERNEL = "5.15.167.4-microsoft-standard-WSL2"
TABLE = r"""62 57 8:32 / / rw - ext4 /dev/sdc rw
63 62 0:58 / /usr/lib/wsl/drivers ro - 9p drivers ro,aname=drivers;fmask=222
64 62 0:59 / /mnt/c rw,noatime - 9p C:\134 rw,aname=drvfs;path=C:\;uid=1000;gid=1000;symlinkroot=/mnt/,trans=fd
65 62 0:60 / /mnt/d rw - drvfs D: rw,case=off
66 62 0:61 / /mnt/e rw - virtiofs drvfsE rw
67 62 0:62 / /mnt/share rw - 9p \134\134server\134share rw,aname=drvfs;path=UNC\server\share
68 62 0:63 / /mnt/wsl rw - tmpfs none rw
"""
CATALOG = Catalog.load()
PROJECTS = {"projects": {"C:/code/demo": {}}, "mcpServers": {"own": {"command": "npx"}}}


def table(folder: Path, kernel: str) -> Mounts:
    (folder / "mountinfo").write_text(TABLE)
    return Mounts(str(folder / "mountinfo"), kernel=kernel)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A Linux account, and three folders of Windows of which one is a home that others know of."""
    made = World(tmp_path, *(CATALOG.clients[id] for id in ("claude-code", "claude-desktop")))
    made.write("/proc/version", f"Linux version {KERNEL} (root@x)\n")
    for name in ("dev", "Public", "dev.old"):
        made.folder(f"/mnt/c/Users/{name}")
    made.write("/mnt/c/Users/dev/NTUSER.DAT", b"regf")
    made.write("/mnt/c/Users/Public/NTUSER.DAT", b"regf")
    return made


def look(world: World) -> tuple[Context, list[Record]]:
    world.homes = tuple(homes(world.files, "linux"))
    collectors = (HostCollector(), ConfigCollector())
    found = [record for c in collectors for seen in c.collect(world.context) for record in seen.records]
    return world.context, found


def test_the_drives_of_windows_are_disks_and_shares_are_not(tmp_path: Path) -> None:
    mounts = table(tmp_path, KERNEL)
    assert mounts.windows_drives == ["/mnt/c", "/mnt/d", "/mnt/e"]
    assert {path: mounts.answers(path) for path in ("/mnt/share", "/usr/lib/wsl/drivers")} == {
        "/mnt/share": "remote",
        "/usr/lib/wsl/drivers": "remote",
    }
    mounts.check("/mnt/c")


def test_outside_of_wsl_such_mounts_are_another_machines(tmp_path: Path) -> None:
    mounts = table(tmp_path, "6.1.0-18-amd64")
    assert mounts.windows_drives == [] and mounts.answers("/mnt/c") == "remote"


def test_profiles_are_homes_with_the_layout_of_windows(world: World) -> None:
    found = list(windows_homes(world.files, ["/mnt/c", "/mnt/nope"]))
    assert found == [Home("WINDOWS\\dev", "/mnt/c/Users/dev", None, account="human", os="windows")]


def test_an_image_of_another_machine_has_no_windows_homes(world: World) -> None:
    world.write("/proc/version", "Linux version 6.1.0-18-amd64\n")
    assert [home.owner for home in homes(world.files, "linux")] == ["dev"]


def test_both_accounts_of_one_name_have_what_is_theirs(world: World) -> None:
    servers = {"mcpServers": {"desk": {"command": "npx"}}}
    world.write("/mnt/c/Users/dev/AppData/Roaming/Claude/claude_desktop_config.json", servers)
    world.write("/home/dev/.config/Claude/claude_desktop_config.json", {"mcpServers": {"linux": {"command": "npx"}}})
    world.write("/mnt/c/Users/dev/.config/Claude/claude_desktop_config.json", {"mcpServers": {"no": {"command": "x"}}})
    _, found = look(world)
    assert {(r.owner, r.name) for r in found if isinstance(r, McpServer)} == {
        ("dev", "linux"),
        ("WINDOWS\\dev", "desk"),
    }
    owners = {r.owner: (r.layout, r.home) for r in found if isinstance(r, Owner)}
    assert owners == {"dev": (None, "/home/dev"), "WINDOWS\\dev": ("windows", "/mnt/c/Users/dev")}


def test_projects_that_windows_names_are_found_behind_the_drive(world: World) -> None:
    world.write("/mnt/c/Users/dev/.claude.json", PROJECTS)
    world.write("/mnt/c/code/demo/.mcp.json", {"mcpServers": {"of project": {"command": "npx"}}})
    _, found = look(world)
    servers = {r.name: (r.owner, r.project) for r in found if isinstance(r, McpServer)}
    assert servers == {"own": ("WINDOWS\\dev", None), "of project": ("WINDOWS\\dev", "/mnt/c/code/demo")}


def test_what_is_closed_in_a_windows_home_hides_the_clients_of_windows(world: World) -> None:
    context, found = look(world)
    (owner,) = [r for r in found if isinstance(r, Owner) and r.layout]
    folder = "/mnt/c/Users/dev/AppData/Roaming/Claude"
    closed = next(r for r in found if isinstance(r, Diagnostic)).model_copy(
        update={"severity": "error", "path": folder, "owner": owner.owner, "agent": None}
    )
    (told,) = coverage([context.endpoint, owner, closed], {}, CATALOG, DerivationCache())
    states = {client.agent: client.state for client in told.clients}
    assert (states["claude-desktop"], states["cursor"]) == ("could_not_read", "not_installed")


def test_the_registry_of_windows_cannot_be_seen_from_there(world: World) -> None:
    _, found = look(world)
    assert [(r.owner, r.code) for r in found if isinstance(r, Diagnostic)] == [("WINDOWS\\dev", "registry.hidden")]


def test_a_home_that_windows_does_not_let_this_account_list_is_out_of_reach(as_root: None) -> None:
    with tempfile.TemporaryDirectory() as root:
        home = Path(root, "mnt/c/Users/dev")
        home.mkdir(parents=True)
        (home / "NTUSER.DAT").touch()
        Path(root).chmod(0o755)
        home.chmod(0o711)
        os.seteuid(4242)
        try:
            (found,) = windows_homes(FileTree(root), ["/mnt/c"])
        finally:
            os.seteuid(0)
    assert not found.reachable
