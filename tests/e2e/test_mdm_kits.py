"""The cloud-init file and the Ansible role, as they are, on a booted machine; only the addresses in them are ours.

`ROLLCALL_MDM_KITS=1` runs them: a machine with both is some minutes in the making the first time.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent import __version__
from tests.e2e.booted_debian import PACKAGES, Booted, booted_debian
from tests.e2e.built_package import VERSION, architecture, built
from tests.e2e.debian_root import REPOSITORY
from tests.e2e.installed_service import add_person, everything_arrived, servers, show, until
from tests.receivers.running import RunningReceiver

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.skipif(not os.environ.get("ROLLCALL_MDM_KITS"), reason="takes minutes; ROLLCALL_MDM_KITS=1 runs it"),
]

SECRET = "the-secret-of-the-whole-fleet"
MORE = ("cloud-init", "ansible-core", "curl", "python3-cffi-backend")
"""The last is needed by the others under a name that debootstrap does not understand."""
KITS = REPOSITORY / "packaging/mdm"
PLAY = """\
- hosts: localhost
  connection: local
  gather_facts: false
  roles: [{role: rollcall}]
"""


def _receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningReceiver]:
    started = RunningReceiver(tmp_path_factory.mktemp("receiver"), enroll_secret=SECRET).start()
    yield started
    started.kill()


receiver = pytest.fixture(_receiver, scope="module")
other_receiver = pytest.fixture(_receiver, scope="module")


@pytest.fixture(scope="module")
def machine(receiver: RunningReceiver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Booted]:
    packages = built(tmp_path_factory)

    def seed(root: Path) -> None:
        shutil.copytree(packages, root / "packages")
        (root / "etc/rollcall").mkdir()
        shutil.copy(receiver.ca_file, root / "etc/rollcall/ca.pem")
        (root / "etc/credstore").mkdir(mode=0o700)
        (root / "etc/credstore/rollcall.enroll-secret").write_text(SECRET)
        first_boot(root, receiver)

    folder = tmp_path_factory.mktemp("booted")
    with booted_debian(folder, seed, (*PACKAGES, *MORE)) as booted:
        yield booted
        print(booted.run("journalctl", "--unit=rollcall.service", "--lines=40", "--no-pager"))


def first_boot(root: Path, receiver: RunningReceiver) -> None:
    """What a hypervisor hands in. The network is this machine's: it must not be configured again."""
    text = (KITS / "cloud-init/user-data.yaml").read_text()
    assert f"rollcall_{__version__}_" in text, "the kit names the version that is released with it"
    text = text.replace(f"rollcall_{__version__}_", f"rollcall_{VERSION}_")
    text = text.replace("https://packages.example.com/rollcall/", "file:///packages/")
    address = f'"{receiver.url}"\n      ca_file = "/etc/rollcall/ca.pem"'
    text = text.replace('"https://collector.example.com/v1/batches"', address)
    text = text.replace("https://collector.example.com/v1/enroll", receiver.url.replace("batches", "enroll"))
    assert "example.com" not in text
    seed = root / "var/lib/cloud/seed/nocloud"
    seed.mkdir(parents=True)
    (seed / "user-data").write_text(text)
    (seed / "meta-data").write_text("instance-id: first\n")
    ours = {
        "datasource_list": ["NoCloud"],
        "network": {"config": "disabled"},
        "cloud_init_modules": ["write-files"],
        "cloud_config_modules": ["runcmd"],
        "cloud_final_modules": ["scripts-user"],
    }
    (root / "etc/cloud/cloud.cfg.d/99-test.cfg").write_text(json.dumps(ours))


def verify(machine: Booted) -> str:
    """What the kits' own script says; status 1 is a failure."""
    shutil.copy(KITS / "verify.sh", machine.path("/verify.sh"))
    said = machine.run("sh", "-c", "sh /verify.sh; echo status $?")
    assert "status 1" not in said and "status 127" not in said, said
    return said


def test_cloud_init_installs_it_at_the_first_boot(machine: Booted, receiver: RunningReceiver) -> None:
    print(machine.run("cloud-init", "status", "--wait", "--long", check=False))
    assert "rollcall_" in machine.run("sh", "-c", "ls /var/cache/*.deb"), machine.run("cat", "/var/log/cloud-init.log")
    until(lambda: show(machine, "ActiveState") == "active", 60)
    add_person(machine)
    machine.run("systemctl", "reload", "rollcall.service")  # who is new on the machine is looked for once an hour
    until(lambda: "notes" in servers(receiver), 120)
    until(lambda: everything_arrived(machine, receiver))
    print(verify(machine))
    machine.run("dpkg", "--purge", "rollcall")
    machine.run("rm", "-rf", "/etc/credstore/rollcall.enroll-secret", "/etc/rollcall")


def play(machine: Booted, **variables: object) -> str:
    """The output of one run of the role."""
    machine.path("/play").mkdir(exist_ok=True)
    shutil.copytree(KITS / "ansible", machine.path("/play/roles"), dirs_exist_ok=True)
    machine.path("/play/site.yml").write_text(PLAY)
    machine.path("/play/variables.json").write_text(json.dumps(variables))
    command = "cd /play && ansible-playbook -i localhost, -e @variables.json site.yml"
    return machine.run("sh", "-c", command)


def test_the_role_installs_it_and_the_second_run_changes_nothing(
    machine: Booted, other_receiver: RunningReceiver
) -> None:
    machine.run("mkdir", "-p", "/etc/rollcall")
    shutil.copy(other_receiver.ca_file, machine.path("/etc/rollcall/ca.pem"))
    target = {
        "url": other_receiver.url,
        "enroll_url": other_receiver.url.replace("batches", "enroll"),
        "enroll_secret_file": "/run/credentials/rollcall.service/rollcall.enroll-secret",
        "ca_file": "/etc/rollcall/ca.pem",
    }
    package = f"/packages/rollcall_{VERSION}_{architecture()}.deb"
    given = {"rollcall_package": package, "rollcall_enroll_secret": SECRET, "rollcall_managed": {"target": [target]}}
    print(first := play(machine, **given))
    assert SECRET not in first
    until(lambda: "notes" in servers(other_receiver), 120)
    until(lambda: everything_arrived(machine, other_receiver))
    print(second := play(machine, **given))
    assert "changed=0" in second and "failed=0" in second
    play(machine, rollcall_state="absent")
    assert show(machine, "LoadState") == "not-found"
    assert machine.path("/var/lib/private/rollcall/journal.db").exists(), "the journal stays"
