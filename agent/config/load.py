"""Settings, by precedence: managed profile, `ROLLCALL_*` environment, file, defaults.

What an organisation manages wins: nobody at the machine can turn it off with a file or a variable.
`config.example.toml` lists every setting; a test holds the two together.
"""

from __future__ import annotations

import os
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from agent.config.error import ConfigError
from agent.config.layers import Layer, Layers, Location
from agent.config.paths import default_file, managed_file
from agent.config.settings import Settings
from agent.runtime.given_file import read_given

ENV_PREFIX = "ROLLCALL_"


class Loaded(NamedTuple):
    """The settings in force, the file that was read for them, and where each came from."""

    settings: Settings
    file: Path
    layers: Layers

    def where(self, location: Location) -> str:
        """The place a value came from, for a message."""
        source = self.layers.source(location)
        return source.where(location) if source else str(self.file)

    def source(self, location: Location) -> str:
        """Whose word a value is, for people."""
        source = self.layers.source(location)
        if source is None or not _holds(self.layers.values, location):
            return "default"
        return f"managed: {source.where(location)}" if source.name == "managed" else source.where(location)


def _holds(values: Any, location: Location) -> bool:
    """Whether somebody said something there; within an array its number is a part of the location."""
    for part in location:
        if isinstance(values, list):
            values = dict(enumerate(values)).get(int(part), {})
        elif not isinstance(values, Mapping) or part not in values:
            return False
        else:
            values = values[part]
    return True


_MOST_BYTES = 1_000_000


def load(file: Path | None = None, env: Mapping[str, str] = os.environ) -> Settings:
    """The settings in force. A named file must exist; the default one need not. Raises `ConfigError`."""
    return load_with_sources(file, env).settings


def load_with_sources(file: Path | None = None, env: Mapping[str, str] = os.environ) -> Loaded:
    """The same, with the source of each value. Raises `ConfigError`."""
    path = file or default_file()
    text = _text(path, required=file is not None)
    try:
        from_file = Layer("file", str(path), tomllib.loads(text), text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: {error}") from None
    layers = Layers((from_file, _from_env(env), _managed_profile(managed_file())))
    try:
        return Loaded(Settings.model_validate(layers.values), path, layers)
    except ValidationError as error:
        raise ConfigError(*(_explain(path, layers, dict(one)) for one in error.errors())) from None


def _text(path: Path, required: bool) -> str:
    try:
        return read_given(path, _MOST_BYTES).decode()
    except FileNotFoundError:
        if required:
            raise ConfigError(f"{path}: no such file") from None
        return ""
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: {type(error).__name__}") from None
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or type(error).__name__}") from None


def _explain(path: Path, layers: Layers, error: Mapping[str, Any]) -> str:
    """Place and key of one error; never the value, which may be a secret put in the wrong place."""
    location = tuple(map(str, error["loc"]))
    source = layers.source(location)
    where = source.where(location) if source else str(path)
    return f"{where}: {'.'.join(location)}: {error['msg']}"


def _from_env(env: Mapping[str, str]) -> Layer:
    """`ROLLCALL_COLLECT__PROCESS_SECONDS=2`: sections and keys, the value as TOML or else as plain text."""
    values: dict[str, Any] = {}
    names: dict[Location, str] = {}
    for name, value in env.items():
        section, found, key = name.removeprefix(ENV_PREFIX).lower().partition("__")
        if name.startswith(ENV_PREFIX) and found:
            values.setdefault(section, {})[key] = _value(value)
            names[section, key] = name
    return Layer("environment", "environment", values, variables=names)


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _managed_profile(path: Path) -> Layer:
    """What an MDM set: a preference domain on macOS, a file of root's elsewhere."""
    try:
        data = path.read_bytes()
        if sys.platform == "darwin":
            import plistlib

            return Layer("managed", str(path), dict(plistlib.loads(data)))
        text = data.decode()
        return Layer("managed", str(path), tomllib.loads(text), text)
    except FileNotFoundError:
        return Layer("managed", str(path), {})
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: {type(error).__name__}") from None
