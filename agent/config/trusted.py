"""Whether what a privileged daemon is told comes from where only its administrators can write."""

from __future__ import annotations

from pathlib import Path

from agent.config.error import ConfigError
from agent.config.named_files import named_files
from agent.config.paths import managed_file
from agent.config.settings import Settings
from agent.runtime.capabilities import privileged
from agent.runtime.ownership import UnsafeError, demand_ours


def trusted(settings: Settings, file: Path) -> Settings:
    """The settings from `file`, where no other account can change that file or those it names. Raises `ConfigError`.

    A process that may no more than the account it runs as is trusted with what that account wrote.
    """
    if privileged():
        for path in (file, managed_file(), *(named.path for named in named_files(settings))):
            try:
                demand_ours(path)
            except UnsafeError as error:
                raise ConfigError(f"not used: {error}") from None
    return settings
