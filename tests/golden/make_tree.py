"""The file system of a machine on which every client of the catalog is installed and configured, for one account.

Made from the catalog's own templates; a second account holds files that are damaged. `python -m tests.golden.make_tree
linux|macos|windows FOLDER` puts one in a folder to look at.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from collectors.catalog.catalog import Catalog
from collectors.catalog.client import Artifact, Client, ConfigFile, Install, Manifest, Provider, Roots
from collectors.catalog.templates import template_path
from collectors.sources.account import Home, Os
from tests.golden.documents import add, database, property_list, transcript, written, xml

SYSTEMS: tuple[Os, ...] = get_args(Os)
_HOMES = {"linux": "/home/{}", "macos": "/Users/{}", "windows": "C:/Users/{}"}
_TOPS = {"linux": ("etc",), "macos": ("System/Library",), "windows": ("Windows",)}
DAMAGED = {
    "~/.cursor/mcp.json": '{"mcpServers": {\n  "cut": {"command": "npx"',
    "~/.codex/config.toml": "[mcp_servers.cut]\ncommand = \n",
    "~/.gemini/settings.json": "",
    "~/.claude.json": '{"mcpServers": ["wrong", {"name": "listed", "command": "npx"}], "projects": 7}',
    "~/.config/amp/settings.json": """{"amp.mcpServers": {
 "leaky": {"command": "npx", "args": ["--token", "Zq7planted5x"]},
 "remote": {"url": "https://user:Zq7planted5x@mcp.example/mcp?key=Zq7planted5x"}, /* Zq7planted5x */ }}""",
    "~/.continue/config.yaml": "mcpServers:\n  - name: good\n    command: npx\n  - *unknown\n",
    "~/.cursor/mcp-servers.json": "{}",
}

Part = ConfigFile | Artifact | Provider | Roots | Install | Manifest


@dataclass
class _File:
    """One file, as all that read it would have it."""

    format: str = ""
    document: Any = field(default_factory=dict)
    text: str | bytes | None = None


class Tree:
    """Collects what stands at each path before anything is written: one file is read by several clients."""

    def __init__(self, root: Path, os: Os) -> None:
        self.root = root
        self.os: Os = os
        self.home = Home("dev", _HOMES[os].format("dev"), None)
        self.plugin = f"{self.home.path}/.cache/demo-plugin"
        self.project = f"{self.home.path}/code/demo"
        self.files: dict[str, _File] = {}

    def add(self, client: Client) -> None:
        parts: list[Part] = [*client.config, *client.artifact, *client.provider, *client.roots, *client.install]
        for kept in client.transcript:
            for template in kept.on(self.os) if kept.line else ():
                self.files[self._path(template)] = _File(text=transcript(kept, self.project))
        for part in [*parts, *client.manifest]:
            for template in part.on(self.os):
                if not template.startswith(("HKLM/", "HKCU/")):
                    self._add(self._path(template), client, part)

    def _path(self, template: str) -> str:
        # Stars are filled with one name each; in a project and in a plug-in the templates start at its folder.
        template = template.replace("*", "sample")
        for start, folder in (("{project}", self.project), ("{extension}", self.plugin)):
            if template.startswith(start):
                return folder + template.removeprefix(start)
        path, hash, inside = template.partition("#")
        return (template_path(path, self.os, self.home) or path) + hash + inside

    def _add(self, path: str, client: Client, part: Part) -> None:
        file = self.files.setdefault(path, _File())
        if isinstance(part, Manifest):
            names = [
                name.partition(":")[2] for name in part.packages if name.startswith(_ECOSYSTEM[path.rpartition(".")[2]])
            ]
            file.document.setdefault("names", []).extend(names)
            file.format = "manifest"
        elif isinstance(part, Roots) and part.format in ("sqlite", "xml"):
            file.text = database(part.at, self.project) if part.format == "sqlite" else xml(part.at, self.project)
        elif isinstance(part, Install) or (isinstance(part, Artifact) and part.at is None):
            if not file.format and file.text is None:
                comment = "# " if path.endswith(".toml") else ""
                file.text = f"{comment}{client.id}\n" if isinstance(part, Artifact) else ""
        elif not file.format or file.format == part.format:
            file.format, file.text = part.format, None
            file.document = add(file.document, part, self.project, self.plugin)

    def write(self) -> None:
        lists: dict[str, dict[str, Any]] = {}
        for path, file in self.files.items():
            list_, _, inside = path.partition("#")
            if list_.endswith(".plist"):
                document = lists.setdefault(list_, {})
                document |= {inside: written(file.document, file.format, path)} if inside else file.document
                self.put(list_, property_list(document))
                continue
            if any(other.startswith(path + "/") for other in self.files):
                continue  # the folder of an installation, in which more stands
            if file.format == "manifest":
                self.put(path, _manifest(path, file.document["names"]))
            else:
                self.put(path, written(file.document, file.format, path) if file.text is None else file.text)

    def put(self, path: str, content: str | bytes) -> None:
        place = self.root / path.removeprefix("C:").lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode() if isinstance(content, str) else content)


_ECOSYSTEM = {"json": "npm:", "toml": "pypi:", "txt": "pypi:"}


def _manifest(path: str, names: list[str]) -> str:
    if path.endswith(".json"):
        return written({"name": "demo", "dependencies": dict.fromkeys(names, "*")}, "json", path)
    if path.endswith(".toml"):
        return f"[project]\nname = 'demo'\ndependencies = {names!r}\n"
    return "".join(f"{name}>=1\n" for name in names)


def make_tree(root: Path, os: Os, catalog: Catalog) -> None:
    """Everything of the catalog for `dev`, and the damaged files for `eve`."""
    for top in _TOPS[os]:
        (root / top).mkdir(parents=True, exist_ok=True)
    tree = Tree(root, os)
    for client in catalog.clients.values():
        tree.add(client)
    tree.write()
    tree.put("/etc/machine-id", "0123456789abcdef0123456789abcdef\n")
    eve = Home("eve", _HOMES[os].format("eve"), None)
    for template, content in DAMAGED.items():
        tree.put(template_path(template, os, eve) or "", content)


if __name__ == "__main__":
    make_tree(Path(sys.argv[2]), sys.argv[1], Catalog.load())  # type: ignore[arg-type]  # one of the three systems
