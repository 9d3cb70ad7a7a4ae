"""Homes on network file systems: on real FUSE mounts, one of which never answers, in a private mount namespace."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux only")
REPOSITORY = Path(__file__).resolve().parents[2]

# A FUSE mount without anybody behind it: every look at it waits for ever.
DEAD = """
import ctypes, os, sys
fuse = os.open("/dev/fuse", os.O_RDWR)
libc = ctypes.CDLL(None, use_errno=True)
options = f"fd={fuse},rootmode=40000,user_id=0,group_id=0,allow_other"
if libc.mount(b"dead", sys.argv[1].encode(), b"fuse.sshfs", 0, options.encode()):
    sys.exit(f"mount: {os.strerror(ctypes.get_errno())}")
os.set_inheritable(fuse, True)
os.execv(sys.argv[2], sys.argv[2:])
"""
LISTED = """
import json
from agent.platform import linux
print(json.dumps([[h.owner, h.path, h.reachable, h.network] for h in linux.homes(NETWORK)]))
"""
COLLECTED = """
import json
from agent.config.settings import Settings
from agent.correlation.coverage import coverage
from agent.runtime.memo import DerivationCache
from agent.inventory.context import NoView, Surroundings
from agent.service.setup import load_catalog
from collectors.configs.collector import ConfigCollector
from collectors.host import HostCollector
settings = Settings.model_validate({"collect": {"network_homes": NETWORK}})
catalog = load_catalog(settings)
context = Surroundings(settings.collect, settings.limits, catalog, NoView())()
records = [r for c in (HostCollector(), ConfigCollector()) for seen in c.collect(context) for r in seen.records]
records += coverage(records, {}, catalog, DerivationCache())
print(json.dumps([json.loads(record.to_json()) for record in records]))
"""
PRIVATE = ["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--mount-proc", "--kill-child"]
ACCOUNTS = """
set -e
mount -t tmpfs none /home
mkdir -p /home/disk /home/net /home/stranger
echo 'root:x:0:0::/root:/bin/sh' > $1/passwd
for name in disk net; do echo "$name:x:4241:4241::/home/$name:/bin/sh" >> $1/passwd; done
mount --bind $1/passwd /etc/passwd
"""


def run(script: str, code: str, tmp_path: Path, network: bool) -> Any:
    """What Python code says after a shell script prepared its namespace; it must not take long."""
    words = [*PRIVATE, "sh", "-c", ACCOUNTS + script, "sh", str(tmp_path)]
    words += [sys.executable, code.replace("NETWORK", str(network))]
    done = subprocess.run(words, cwd=REPOSITORY, capture_output=True, text=True, timeout=60)
    if "unshare" in done.stderr or "mount:" in done.stderr or "/dev/fuse" in done.stderr:
        pytest.skip(done.stderr)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def dead(*folders: str) -> str:
    return "exec " + "".join(f"$2 $1/dead.py {folder} " for folder in folders) + '$2 -c "$3"'


@pytest.fixture
def folder(as_root: None, tmp_path: Path) -> Path:
    if not Path("/dev/fuse").exists():
        pytest.skip("needs FUSE")
    (tmp_path / "dead.py").write_text(DEAD)
    return tmp_path


def test_a_home_behind_a_dead_server_is_told_and_never_touched(folder: Path) -> None:
    found = {home[1]: home for home in run(dead("/home/net", "/home/stranger"), LISTED, folder, network=False)}
    assert found["/home/disk"] == ["disk", "/home/disk", True, ""]
    assert found["/home/net"] == ["net", "/home/net", False, "/home/net"]
    assert found["/home/stranger"] == ["stranger", "/home/stranger", False, "/home/stranger"]


def test_a_folder_of_homes_behind_a_dead_server_is_not_even_listed(folder: Path) -> None:
    found = {home[1]: home for home in run(dead("/home"), LISTED, folder, network=False)}
    assert found["/home/net"][2:] == [False, "/home/net"] and found["/home/disk"][2:] == [False, "/home/disk"]
    assert found["/home"] == ["(unlisted)", "/home", False, "/home"]


def test_the_inventory_says_why_a_network_home_is_missing(folder: Path) -> None:
    records = run(dead("/home/net"), COLLECTED, folder, network=False)
    reach = {record["home"]: record["reach"] for record in records if record["kind"] == "owner"}
    assert (reach["/home/net"], reach["/home/disk"]) == ("network", "read")
    (coverage,) = [r for r in records if r["kind"] == "coverage" and r["owner"] == "net"]
    assert {client["state"] for client in coverage["clients"]} == {"could_not_read"}
    assert "collect.network_homes" in coverage["clients"][0]["reason"]


SERVED = """
mkdir -p $1/served/.cursor $1/other/.cursor
echo '{"mcpServers": {"far": {"command": "npx"}}}' > $1/served/.cursor/mcp.json
echo '{"mcpServers": {"farther": {"command": "npx"}}}' > $1/other/.cursor/mcp.json
mkdir $1/served/mnt
chown -R 4241 $1/served
PLACE
bindfs $1/other WHERE/mnt
exec $2 -c "$3"
"""


def served(folder: Path, place: str, where: str, network: bool = True) -> list[dict[str, Any]]:
    if not shutil.which("bindfs"):
        pytest.skip("needs bindfs")
    found: list[dict[str, Any]] = run(
        SERVED.replace("PLACE", place).replace("WHERE", where), COLLECTED, folder, network
    )
    return [record for record in found if record.get("owner") == "net" or record["kind"] == "owner"]


@pytest.mark.parametrize(
    ("place", "where"),
    [
        ("bindfs $1/served /home/net", "/home/net"),
        ("mkdir /home/srv; bindfs $1/served /home/srv; rmdir /home/net; ln -s srv /home/net", "/home/srv"),
    ],
)
def test_a_network_home_is_read_where_that_is_asked_for(folder: Path, place: str, where: str) -> None:
    records = served(folder, place, where)
    assert {r["home"]: r["reach"] for r in records if r["kind"] == "owner"}["/home/net"] == "read"
    assert [r["name"] for r in records if r["kind"] == "mcp_server"] == ["far"]


def test_without_asking_it_is_not_read(folder: Path) -> None:
    records = served(folder, "bindfs $1/served /home/net", "/home/net", network=False)
    assert not [r for r in records if r["kind"] == "mcp_server"]


def test_another_network_mount_within_the_home_stays_closed(folder: Path) -> None:
    script = "bindfs $1/served /home/net; bindfs -o nonempty $1/other /home/net/.cursor"
    records = served(folder, script, "/home/net")
    assert not [r for r in records if r["kind"] == "mcp_server"]
    assert ("file.remote", "/home/net/.cursor") in [
        (r["code"], r["path"]) for r in records if r["kind"] == "diagnostic"
    ]
