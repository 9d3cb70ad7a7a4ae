"""All clients of the catalog, by id: the built-in ones and those of an organisation."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path

from collectors.catalog.client import Client


class Catalog:
    """The clients, by id, in alphabetical order."""

    def __init__(self, clients: Iterable[Client]) -> None:
        self.clients: dict[str, Client] = {client.id: client for client in sorted(clients, key=lambda c: c.id)}

    @classmethod
    def load(cls, folders: Sequence[Path] = ()) -> Catalog:
        """The built-in entries, then those of `folders`; a later entry with the same id replaces an earlier one.

        Raises `ValueError` naming the file for an entry that does not fit the schema.
        """
        return cls(
            load_client(path)
            for folder in (Path(__file__).parent / "clients", *folders)
            for path in sorted(folder.glob("*.toml"))
        )

    def without_people(self) -> Catalog:
        """The same, but for where clients keep who is signed in."""
        return Catalog(client.model_copy(update={"signed_in": ()}) for client in self.clients.values())

    def unasked_modes(self) -> dict[str, tuple[str, ...]]:
        """By client the modes in which nobody is asked."""
        return {client.id: client.actions.unasked for client in self.clients.values() if client.actions}

    @cached_property
    def project_markers(self) -> frozenset[str]:
        """Names whose presence in a folder makes it a candidate project; a folder such as `config` tells nothing."""
        return frozenset(
            parts[1]
            for client in self.clients.values()
            for file in client.config
            for os in ("linux", "macos", "windows")
            for template in file.on(os)
            if (parts := template.split("/"))[0] == "{project}" and (len(parts) == 2 or parts[1].startswith("."))
        )


def load_client(path: Path) -> Client:
    """The entry in one TOML file. Raises `ValueError` naming the file."""
    try:
        return Client.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise ValueError(f"{path}: {error}") from error
