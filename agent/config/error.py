"""What is said of a configuration that cannot be used."""

from __future__ import annotations

from agent.runtime.error import RollcallError


class ConfigError(RollcallError):
    """One or more settings do not fit; the text names file, line and key of each."""

    status = 2
