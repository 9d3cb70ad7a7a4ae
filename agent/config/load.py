"""Settings, by precedence: command line, `ROLLCALL_*` environment, file, managed profile, defaults.

`config.example.toml` lists every one of them; a test holds the two together.
"""

from __future__ import annotations

import os
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from agent.config.error import ConfigError
from agent.config.paths import default_file
from agent.config.settings import Settings
from agent.runtime.toml_lines import line_of

ENV_PREFIX = "ROLLCALL_"


def load(
    file: Path | None = None, env: Mapping[str, str] = os.environ, flags: Mapping[str, Any] | None = None
) -> Settings:
    """The settings in force. A named file must exist; the default one need not. Raises `ConfigError`."""
    path = file or default_file()
    text = _text(path, required=file is not None)
    try:
        from_file = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: {error}") from None
    merged: dict[str, Any] = {}
    for layer in (_managed_profile(), from_file, _from_env(env), flags or {}):
        _merge(merged, layer)
    try:
        return Settings.model_validate(merged)
    except ValidationError as error:
        raise ConfigError("\n".join(_explain(path, text, dict(one)) for one in error.errors())) from None


def _text(path: Path, required: bool) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        if required:
            raise ConfigError(f"{path}: no such file") from None
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {type(error).__name__}") from None


def _explain(path: Path, text: str, error: Mapping[str, Any]) -> str:
    """Key and line of one error; never the value, which may be a secret put in the wrong place."""
    location = [str(part) for part in error["loc"]]
    line = line_of(text, location)
    where = f"{path}:{line}" if line else str(path)
    return f"{where}: {'.'.join(location)}: {error['msg']}"


def _from_env(env: Mapping[str, str]) -> dict[str, Any]:
    """`ROLLCALL_COLLECT__PROCESS_SECONDS=2`: sections and keys, the value as TOML or else as plain text."""
    layer: dict[str, Any] = {}
    for name, value in env.items():
        section, found, key = name.removeprefix(ENV_PREFIX).lower().partition("__")
        if name.startswith(ENV_PREFIX) and found:
            layer.setdefault(section, {})[key] = _value(value)
    return layer


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _managed_profile() -> dict[str, Any]:
    """What an MDM set: a preference domain on macOS, a root-owned file on Linux."""
    darwin = sys.platform == "darwin"
    path = Path("/Library/Managed Preferences/dev.rollcall.agent.plist" if darwin else "/etc/rollcall/managed.toml")
    try:
        data = path.read_bytes()
        if darwin:
            import plistlib

            return dict(plistlib.loads(data))
        return tomllib.loads(data.decode())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: {type(error).__name__}") from None


def _merge(base: dict[str, Any], layer: Mapping[str, Any]) -> None:
    for key, value in layer.items():
        if isinstance(value, Mapping) and isinstance(base.get(key), dict):
            _merge(base[key], value)
        else:
            base[key] = dict(value) if isinstance(value, Mapping) else value
