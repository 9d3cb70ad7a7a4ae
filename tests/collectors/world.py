"""A small machine in a folder: its files, its homes, made-up clients, and the context that collectors get of it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from agent.records import Endpoint, Evidence, Record
from collectors.catalog.catalog import Catalog
from collectors.catalog.client import Client
from collectors.contract import Context
from collectors.locate.interest import Interest
from collectors.sources.account import Home, Os
from collectors.sources.filesystem.file_tree import FileTree
from collectors.sources.limits import Limits

_BASES = {"linux": "/home", "macos": "/Users", "windows": "C:/Users"}
_FACTS = ("config", "install", "roots", "artifact", "provider", "override", "manifest")


def client(id: str = "demo", **fields: Any) -> Client:
    """A client whose facts need not say where they come from."""
    for name in _FACTS:
        if name in fields:
            fields[name] = [{"source": "a test", "checked": "2026-01-01", **fact} for fact in fields[name]]
    return Client.model_validate({"id": id, "name": id.title(), "vendor": "Someone", "kind": "cli", **fields})


def reading(client: Client, **captured: Any) -> Interest:
    """The first configuration file, else artifact, provider or state file of a client."""
    parts = (*client.config, *client.artifact, *client.provider, *client.roots)
    return Interest(client, parts[0], **captured)


class World:
    """With `live` the machine is this one and only its homes lie in the folder; otherwise it is a mounted image."""

    def __init__(
        self, root: Path, *clients: Client, os: Os = "linux", owners: Iterable[str] = ("dev",), live: bool = False,
        limits: Limits | None = None,
    ) -> None:  # fmt: skip
        self.root = root
        self.os = os
        self.catalog = Catalog(clients)
        self.limits = limits or Limits()
        self.known: list[Record] = []
        self.files = FileTree("/" if live else str(root), os, self.limits)
        base = f"{root}{_BASES[os]}" if live else _BASES[os]
        self.homes = tuple(Home(owner, f"{base}/{owner}", None, account="human") for owner in owners)
        self.endpoint = Endpoint(
            endpoint_id="e", evidence=Evidence(collector="host"), os=os, rollcall_version="0", root=not live
        )
        for home in self.homes:
            self.folder(home.path)

    def records(self, kind: str) -> Iterable[Record]:
        """What collectors see of the inventory: whatever a test put into `known`."""
        return [record for record in self.known if record.kind == kind]

    @property
    def home(self) -> Home:
        return self.homes[0]

    @property
    def context(self) -> Context:
        return Context(self.endpoint, self.files, self.homes, self.catalog, self, self.limits)

    def path(self, path: str) -> str:
        """A path of the machine; `~` is the first home."""
        return path.replace("~", self.home.path, 1) if path.startswith("~") else path

    def here(self, path: str) -> Path:
        """Where that really lies."""
        inside = self.path(path).removeprefix("C:")
        return Path(inside) if self.endpoint.root is False else self.root / inside.lstrip("/")

    def folder(self, path: str) -> str:
        self.here(path).mkdir(parents=True, exist_ok=True)
        return self.path(path)

    def write(self, path: str, content: object = "") -> str:
        """A file with these bytes, this text, or this value as JSON; its path."""
        place = self.here(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            place.write_bytes(content)
        else:
            place.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return self.path(path)
