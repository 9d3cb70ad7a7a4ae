"""Which clients are there for one home, installed or merely configured, as agent records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from agent.records import AiAgent, Evidence
from agent.redaction import redact
from collectors.catalog.client import Client, ConfigFile, Install, Provider, Roots
from collectors.catalog.permissions import PosturePart
from collectors.catalog.version_numbers import release
from collectors.contract import Context
from collectors.launch.program_name import base_name
from collectors.locate.ecosystems import PackageFolders
from collectors.locate.interest import Interest, Part
from collectors.locate.versions import version_at
from collectors.sources.account import Home

_MOST_PATHS = 20


class Installation(NamedTuple):
    """One sign that a client is installed."""

    path: str
    version: str | None
    certain: bool = True
    """False for a program of a name that programs of others have too."""


def installations(
    context: Context, home: Home | None, existing: Mapping[str, Iterable[Interest]]
) -> dict[str, tuple[Installation, ...]]:
    """What is installed per catalog id, in this home (None: for the whole machine), by path or as a package."""
    shelves = PackageFolders(context, home)
    paths: dict[str, dict[str, bool]] = {}
    for path, readings in existing.items():
        for reading in readings:
            if isinstance(reading.part, Install):
                paths.setdefault(reading.client.id, {})[path] = not _has_namesakes(reading.client, path)
    for client in context.catalog.clients.values():
        for install in client.install:
            for package in install.packages:
                for path in shelves.find(package):
                    paths.setdefault(client.id, {})[path] = True
    return {
        client: tuple(Installation(path, version_at(context, home, path), certain) for path, certain in found.items())
        for client, found in paths.items()
    }


def _has_namesakes(client: Client, path: str) -> bool:
    """Whether a program of others may stand there: folders of that name are the client's own."""
    folder, _, name = path.rpartition("/")
    return folder.endswith("/bin") and base_name(name) in {namesake.exe for namesake in client.process.namesake}


def configured(existing: Mapping[str, Iterable[Interest]], with_projects: bool = True) -> dict[str, set[str]]:
    """Paths of a client's own existing files per catalog id; files shared with another client do not count."""
    found: dict[str, set[str]] = {}
    for path, readings in existing.items():
        for reading in readings:
            own = (
                (isinstance(reading.part, ConfigFile | Roots | Provider) or _is_users_settings(reading.part))
                and not reading.shared
                and not reading.last_resort
            )
            if own and (with_projects or reading.root is None):
                found.setdefault(reading.client.id, set()).add(path)
    return found


def _is_users_settings(part: Part) -> bool:
    return isinstance(part, PosturePart) and part.scope == "user"


def agent_records(
    context: Context,
    home: Home | None,
    installs: Mapping[str, Sequence[Installation]],
    machine: Mapping[str, Sequence[Installation]],
    configs: Mapping[str, Iterable[str]],
) -> Iterator[AiAgent]:
    """An agent for every client with evidence in this home; a machine-wide install counts where it is configured."""
    for client in context.catalog.clients.values():
        own, files = installs.get(client.id, ()), set(configs.get(client.id, ()))
        if own or files:
            yield _agent(context, home, client, (*own, *machine.get(client.id, ())), files)


def newest(versions: Iterable[str | None]) -> str | None:
    """The highest of several versions: installers keep older ones beside the one in use. Of none that can be compared
    the first."""
    told = [version for version in versions if version]
    return max(told, key=lambda version: release(version) or (), default=None)


def _agent(
    context: Context, home: Home | None, client: Client, installs: Sequence[Installation], files: set[str]
) -> AiAgent:
    paths = {redact.path(context.files.shown(path)) for path in (*files, *(found.path for found in installs))}
    shown = tuple(sorted(paths))[:_MOST_PATHS]
    sure = files or any(found.certain for found in installs)
    confidence: Literal["confirmed", "declared", "inferred"] = (
        "declared" if not installs else "confirmed" if sure else "inferred"
    )
    return AiAgent(
        endpoint_id=context.endpoint_id,
        owner=home.owner if home else None,
        evidence=Evidence(collector="configs", source=shown[0], confidence=confidence),
        agent=client.id,
        name=client.name,
        vendor=client.vendor,
        agent_kind=client.kind,
        version=newest(found.version for found in installs),
        installed=bool(installs),
        paths=shown,
    )
