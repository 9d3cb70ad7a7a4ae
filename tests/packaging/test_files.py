"""What is packaged beside the program is what its readers take it for: scripts, units, profiles, kits."""

from __future__ import annotations

import json
import plistlib
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from agent.config.settings import Settings

FOLDER = Path(__file__).parents[2] / "packaging"
SCRIPTS = sorted(
    path
    for path in FOLDER.rglob("*")
    if path.is_file() and (path.suffix == ".sh" or path.read_bytes().startswith(b"#!/bin/sh"))
)


def files(suffix: str) -> list[Path]:
    return sorted(FOLDER.rglob(f"*{suffix}"))


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="needs shellcheck")
def test_every_script_is_sound() -> None:
    assert len(SCRIPTS) > 15
    done = subprocess.run(
        ["shellcheck", "--external-sources", *SCRIPTS], capture_output=True, text=True, cwd=FOLDER.parent
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", [*files(".plist"), *files(".mobileconfig")], ids=lambda path: path.name)
def test_property_lists_are_property_lists(path: Path) -> None:
    assert plistlib.loads(path.read_bytes()) is not None


def test_the_profile_manages_settings_that_there_are() -> None:
    profile = plistlib.loads((FOLDER / "mdm/macos/rollcall.mobileconfig").read_bytes())
    settings, access = profile["PayloadContent"]
    assert settings["PayloadType"] == "dev.rollcall.agent"
    Settings.model_validate({key: value for key, value in settings.items() if not key.startswith("Payload")})
    assert access["Services"]["SystemPolicyAllFiles"][0]["Identifier"].startswith("/opt/rollcall/bin/")
    numbers = [part["PayloadUUID"] for part in (profile, settings, access)]
    assert len(set(numbers)) == 3


def test_kits_are_what_their_products_read() -> None:
    ElementTree.parse(FOLDER / "macos/distribution.xml")
    json.loads((FOLDER / "mdm/intune/compliance.json").read_text())
    documents = {path: yaml.safe_load(path.read_text()) for path in [*files(".yml"), *files(".yaml")]}
    assert all(documents.values())
    first_boot = documents[FOLDER / "mdm/cloud-init/user-data.yaml"]["write_files"][0]["content"]
    script = (FOLDER / "mdm/intune/install-linux.sh").read_text()
    (managed,) = re.findall(r"<<TOML\n(.*?)TOML\n", script.replace("$collector", "https://a.test/v1"), re.DOTALL)
    for text in (first_boot, managed):
        Settings.model_validate(tomllib.loads(text))


def test_the_unit_of_one_look_has_the_rights_and_bounds_of_the_service() -> None:
    """systemd cannot include one unit in another."""

    def bounds(name: str) -> list[str]:
        text = (FOLDER / "systemd" / name).read_text()
        part = text[text.index("DynamicUser=yes") : text.index("SystemCallErrorNumber=")]
        return [
            line
            for line in part.splitlines()
            if line and line[0] != "#" and not line.startswith(("StateDirectory=", "RuntimeDirectory="))
        ]

    assert len(bounds("rollcall.service")) > 20
    assert bounds("rollcall-once.service") == bounds("rollcall.service")


@pytest.mark.parametrize(
    ("kernel", "needs"),
    [
        ("4.18.0-553.el8", True),
        ("5.4.0-1-generic", True),
        ("6.1.0-9-amd64", True),
        ("6.6.0", False),
        ("7.0-rc1", False),
    ],
)
def test_only_old_kernels_ask_for_a_right_over_the_network(kernel: str, needs: bool, tmp_path: Path) -> None:
    (tmp_path / "uname").write_text(f"#!/bin/sh\necho {kernel}\n")
    (tmp_path / "uname").chmod(0o755)
    generator = FOLDER / "systemd/rollcall-generator.sh"
    path = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    subprocess.run(["sh", generator, tmp_path / "normal", tmp_path / "early", tmp_path / "late"], check=True, env=path)
    drop_in = tmp_path / "normal/rollcall.service.d/process-events.conf"
    assert drop_in.exists() == needs
    assert not needs or "AmbientCapabilities=CAP_NET_ADMIN" in drop_in.read_text()
