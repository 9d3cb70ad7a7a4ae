"""The files that settings name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from agent.config.layers import Location
from agent.config.settings import Settings

_CREDENTIALS = Path("/run/credentials")
"""Where systemd puts a secret when it starts the service; before that there is nothing."""


class NamedFile(NamedTuple):
    """A setting, and the file that is its value."""

    location: Location
    path: Path

    @property
    def comes_later(self) -> bool:
        """Whether it may rightly be missing while the service does not run."""
        return self.path.is_relative_to(_CREDENTIALS) or self.location == ("policy", "baseline")


def named_files(settings: Settings) -> Iterator[NamedFile]:
    """Every file, and every folder of the catalog, in the order of the settings."""
    for path in settings.catalog.paths:
        yield NamedFile(("catalog", "paths"), Path(path))
    for key in ("file", "ca_file", "assignment", "registry_snapshot", "baseline"):
        if value := getattr(settings.policy, key):
            yield NamedFile(("policy", key), Path(value))
    for number, target in enumerate(settings.target):
        for key, value in vars(target).items():
            if isinstance(value, Path) and key.endswith("_file"):
                yield NamedFile(("target", str(number), key), value)
