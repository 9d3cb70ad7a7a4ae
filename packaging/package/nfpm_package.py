"""A deb or an rpm of the tree, written by nfpm: the same bytes for the same tree."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from target import PREFIX, Target

_SCRIPTS = {
    "preinstall": "preinst.sh",
    "postinstall": "postinst.sh",
    "preremove": "prerm.sh",
    "postremove": "postrm.sh",
}
_UNITS = (
    "rollcall.service",
    "rollcall-probe.socket",
    "rollcall-probe@.service",
    "rollcall-once.service",
    "rollcall-once.timer",
)
_MANUAL = {
    "rollcall.1": "/usr/share/man/man1",
    "rollcall.bash": "/usr/share/bash-completion/completions",
    "_rollcall": "/usr/share/zsh/{zsh}",
    "rollcall.fish": "/usr/share/fish/vendor_completions.d",
}
"""What packaging/manual.py writes, and where its readers look for it."""
_ZSH = {"deb": "vendor-completions", "rpm": "site-functions"}


def write_package(checkout: Path, tree: Path, target: Target, format: str, compression: str, output: Path) -> Path:
    """The package's file. With ROLLCALL_SIGNING_KEY, the file of a PGP key, it is signed."""
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(target.made_at), "COLUMNS": "80"}
    manual = [sys.executable, checkout / "packaging/manual.py", tree.parent / "manual", target.version]
    subprocess.run(manual, check=True, env=environment)
    config = tree.parent / "nfpm.yaml"
    config.write_text(json.dumps(_config(checkout, tree, target, format, compression), indent=1))  # JSON is YAML
    file = output / f"rollcall_{target.version}_{target.arch}.{format}"
    nfpm = Path(sys.executable).with_name("nfpm")
    command = [nfpm, "package", "--config", config, "--packager", format, "--target", file]
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
    return file


def _config(checkout: Path, tree: Path, target: Target, format: str, compression: str) -> dict[str, Any]:
    config: dict[str, Any] = {
        "name": "rollcall",
        "arch": target.arch,
        "version": target.version,
        "release": "1",
        "section": "admin",
        "maintainer": "The Rollcall authors",
        "description": "Inventory of AI agents and MCP servers on this machine",
        "license": "Apache-2.0",
        "mtime": datetime.fromtimestamp(target.made_at, UTC).isoformat(),
        "contents": list(_contents(checkout, tree, format)),
        "scripts": {when: str(_script(checkout, tree, name)) for when, name in _SCRIPTS.items()},
        "recommends": ["systemd"],
        "deb": {"compression": compression},
        "rpm": {"compression": compression, "group": "System Environment/Daemons", "summary": "Inventory of AI agents"},
    }
    if key := os.environ.get("ROLLCALL_SIGNING_KEY"):
        config[format]["signature"] = {"key_file": key}
    return config


def _contents(checkout: Path, tree: Path, format: str) -> list[dict[str, Any]]:
    systemd = checkout / "packaging/systemd"
    files = {systemd / name: f"/usr/lib/systemd/system/{name}" for name in _UNITS}
    files |= {
        tree.parent / "manual" / name: f"{folder.format(zsh=_ZSH[format])}/{name}" for name, folder in _MANUAL.items()
    }
    return [
        {"src": str(tree), "dst": PREFIX, "type": "tree"},
        # With a mode of its own: else it is that of whatever the build machine has there.
        {
            "src": f"{PREFIX}/bin/rollcall",
            "dst": "/usr/bin/rollcall",
            "type": "symlink",
            "file_info": {"mode": 0o777},
        },
        *({"src": str(file), "dst": place, "file_info": {"mode": 0o644}} for file, place in files.items()),
        {
            "src": str(systemd / "rollcall-generator.sh"),
            "dst": "/usr/lib/systemd/system-generators/rollcall",
            "file_info": {"mode": 0o755},
        },
    ]


def _script(checkout: Path, tree: Path, name: str) -> Path:
    """A script with the number of the schema that this version knows."""
    ask = "from agent.journal.migrations import MIGRATIONS; print(len(MIGRATIONS))"
    schema = subprocess.run(
        [sys.executable, "-c", ask], cwd=checkout, check=True, capture_output=True, text=True
    ).stdout
    path = tree.parent / name
    path.write_text((checkout / "packaging/linux" / name).read_text().replace("@SCHEMA@", schema.strip()))
    return path
