"""All clients of the catalog, by id: the built-in ones and those of an organisation."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path

import tomli
from pydantic import ValidationError

from collectors.catalog.client import Client


class UnusableEntryError(ValueError):
    """A file or folder that gives no entry; the text names it, and what to change."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path, self.reason = path, reason


class Catalog:
    """The clients, by id, in alphabetical order."""

    def __init__(self, clients: Iterable[Client], unusable: Sequence[UnusableEntryError] = ()) -> None:
        self.clients: dict[str, Client] = {client.id: client for client in sorted(clients, key=lambda c: c.id)}
        self.unusable = tuple(unusable)
        """Entries of an organisation that are left out, and why."""

    @classmethod
    def load(cls, folders: Sequence[Path] = ()) -> Catalog:
        """The built-in entries, then those of `folders`; a later entry with the same id replaces an earlier one.

        One of `folders` that cannot be used is left out and named in `unusable`: an older entry of its id stands.
        """
        unusable: list[UnusableEntryError] = []
        built_in = sorted((Path(__file__).parent / "clients").glob("*.toml"))
        return cls([*map(load_client, built_in), *_given(folders, unusable)], unusable)

    def without_people(self) -> Catalog:
        """The same, but for where clients keep who is signed in."""
        without = (client.model_copy(update={"signed_in": ()}) for client in self.clients.values())
        return Catalog(without, self.unusable)

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
    """The entry in one TOML file. Raises `UnusableEntryError`."""
    try:
        return client_of(path.read_bytes(), path)
    except OSError as error:
        raise UnusableEntryError(path, error.strerror or type(error).__name__) from error


def client_of(text: bytes, path: Path) -> Client:
    """The entry in the text of a TOML file. Raises `UnusableEntryError`."""
    # Compiled, a quarter of the time of the standard library's; users' documents stay with that one, as strict as the
    # clients that read them.
    try:
        return Client.model_validate(tomli.loads(text.decode()))
    except ValidationError as error:
        first = error.errors()[0]
        more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
        raise UnusableEntryError(path, f"{'.'.join(map(str, first['loc']))}: {first['msg']}{more}") from error
    except RecursionError:
        raise UnusableEntryError(path, "nested too deep") from None
    except ValueError as error:
        raise UnusableEntryError(path, str(error)) from error


def _given(folders: Iterable[Path], unusable: list[UnusableEntryError]) -> Iterator[Client]:
    for folder in folders:
        try:
            names = sorted(name for name in os.listdir(folder) if name.endswith(".toml"))
        except OSError as error:
            unusable.append(UnusableEntryError(folder, error.strerror or type(error).__name__))
            continue
        for name in names:
            try:
                yield load_client(folder / name)
            except UnusableEntryError as error:
                unusable.append(error)
