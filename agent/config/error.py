"""What is said of a configuration that cannot be used."""

from __future__ import annotations


class ConfigError(Exception):
    """One or more settings do not fit; the text names file, line and key of each."""
