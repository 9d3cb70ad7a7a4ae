"""Where the configuration file and the state folder are when nothing else is said."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import platformdirs

from agent.config.settings import Settings


def default_file() -> Path:
    """Where the configuration file is looked for when none is named."""
    if sys.platform == "win32":
        return Path(os.environ.get("PROGRAMDATA", "C:/ProgramData")) / "Rollcall/config.toml"
    if os.geteuid() == 0:
        return Path("/etc/rollcall/config.toml")
    return Path(platformdirs.user_config_dir("rollcall")) / "config.toml"


def managed_file() -> Path:
    """What an MDM manages: a preference domain on macOS, a file that only administrators can write elsewhere."""
    if sys.platform == "darwin":
        return Path("/Library/Managed Preferences/dev.rollcall.agent.plist")
    return default_file().with_name("managed.toml") if sys.platform == "win32" else Path("/etc/rollcall/managed.toml")


def state_dir(settings: Settings) -> Path:
    """The folder that holds the journal."""
    if settings.state.dir:
        return Path(settings.state.dir)
    if sys.platform == "win32":
        return Path(os.environ.get("PROGRAMDATA", "C:/ProgramData")) / "Rollcall/state"
    if os.geteuid() == 0:
        return Path("/Library/Application Support/Rollcall" if sys.platform == "darwin" else "/var/lib/rollcall")
    return Path(platformdirs.user_state_dir("rollcall"))
