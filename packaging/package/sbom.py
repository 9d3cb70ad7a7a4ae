"""The bill of materials (CycloneDX 1.6) of the tree: Debian's packages, the Python libraries, Rollcall itself."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

from interpreter import DebianPackage
from libraries import FOLDER
from target import Target

FILE = "share/rollcall.cdx.json"


def write_sbom(tree: Path, packages: list[DebianPackage], target: Target) -> None:
    """Into the tree, so that it comes with whatever the tree is packed into."""
    found = sorted(distributions(path=[str(tree / FOLDER)]), key=lambda one: one.name.lower())
    ours = next(one for one in found if one.name == "rollcall-agent")
    components = [_debian(package, target) for package in packages] + [_python(one) for one in found if one is not ours]
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(components, sort_keys=True))}",
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(target.made_at, UTC).isoformat(),
            "component": {**_python(ours), "type": "application"},
        },
        "components": components,
    }
    (tree / FILE).write_text(json.dumps(document, indent=1, sort_keys=True) + "\n")


def _debian(package: DebianPackage, target: Target) -> dict[str, Any]:
    purl = f"pkg:deb/debian/{package.name}@{package.version}?arch={target.arch}&distro=debian-12"
    return {
        "type": "library",
        "name": package.name,
        "version": package.version,
        "purl": purl,
        "bom-ref": purl,
        "hashes": [{"alg": "SHA-256", "content": package.sha256}],
        "licenses": [{"license": {"name": f"see share/licenses/{package.name}"}}],
    }


def _python(one: Distribution) -> dict[str, Any]:
    name = one.name.lower().replace("_", "-")
    purl = f"pkg:pypi/{name}@{one.version}"
    about = one.metadata
    expression, text = about.get("License-Expression"), about.get("License")
    named = {"license": {"name": (text or "see its METADATA").split("\n")[0]}}
    return {
        "type": "library", "name": name, "version": one.version, "purl": purl, "bom-ref": purl,
        "licenses": [{"expression": expression} if expression else named],
    }  # fmt: skip
