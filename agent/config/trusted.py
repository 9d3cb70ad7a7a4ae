"""Whether what a privileged daemon is told comes from where only its administrators can write."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from agent.config.error import ConfigError
from agent.config.settings import Settings
from agent.runtime.capabilities import privileged
from agent.runtime.ownership import UnsafeError, demand_ours


def trusted(settings: Settings, file: Path) -> Settings:
    """The settings from `file`, where no other account can change that file or those it names. Raises `ConfigError`.

    A process that may no more than the account it runs as is trusted with what that account wrote.
    """
    if privileged():
        for path in (file, *_named(settings)):
            try:
                demand_ours(path)
            except UnsafeError as error:
                raise ConfigError(f"not used: {error}") from None
    return settings


def _named(settings: Settings) -> Iterator[Path]:
    policy = settings.policy
    names = [policy.file, policy.ca_file, policy.assignment, policy.registry_snapshot, policy.baseline]
    yield from (Path(name) for name in (*names, *settings.catalog.paths) if name)
    for target in settings.target:
        yield from (path for path in (target.token_file, target.ca_file) if path)
