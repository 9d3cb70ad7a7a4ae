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


def state_dir(settings: Settings) -> Path:
    """The folder that holds the journal."""
    if settings.state.dir:
        return Path(settings.state.dir)
    if sys.platform == "win32":
        return Path(os.environ.get("PROGRAMDATA", "C:/ProgramData")) / "Rollcall/state"
    if os.geteuid() == 0:
        return Path("/Library/Application Support/Rollcall" if sys.platform == "darwin" else "/var/lib/rollcall")
    return Path(platformdirs.user_state_dir("rollcall"))
