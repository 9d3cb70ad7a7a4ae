"""Settings, by precedence: command line, `ROLLCALL_*` environment, file, managed profile, defaults.

`config.example.toml` lists every one of them; a test holds the two together.
"""

from __future__ import annotations

import os
import re
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from agent.delivery.contract import TargetSettings, is_loopback
from agent.runtime.toml_lines import line_of

ENV_PREFIX = "ROLLCALL_"
_MINISIGN_KEY = re.compile(r"RW[Q-T][A-Za-z0-9+/]{53}")


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class StateSettings(_Section):
    dir: str = ""
    """Folder of the journal; empty: /var/lib/rollcall as root, else the user's state folder."""


class LogSettings(_Section):
    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["json", "console"] = "json"


class CollectSettings(_Section):
    disabled: tuple[str, ...] = ()
    """Names of collectors that do not run."""
    transcripts: bool = True
    """Whether transcripts of sessions are read for the modes and versions they ran with; nothing else of them is."""
    transcript_seconds: float = Field(default=600, ge=1)
    reconcile_seconds: float = Field(default=3600, ge=10)
    """Interval of the full collection that catches what no event told."""
    process_seconds: float = Field(default=1, ge=0.2)
    socket_seconds: float = Field(default=10, ge=1)
    resolve: bool = True
    """Whether the system's resolver is asked for the addresses of configured hosts, to name connections by them."""
    resolve_seconds: float = Field(default=900, ge=60)
    network_homes: bool = False
    """Whether homes on network file systems are read too: each user's files then cross the network."""
    people: bool = True
    """Whether full names of accounts, and who the clients are signed in as, are read."""
    debounce_seconds: float = Field(default=0.05, ge=0, le=5)
    """How long a changed file is left alone before it is read, so that a burst of writes is read once."""

    @property
    def off(self) -> tuple[str, ...]:
        """Names of all collectors that do not run."""
        return self.disabled if self.transcripts else (*self.disabled, "sessions")


class LimitSettings(_Section):
    file_bytes: int = Field(default=16 * 1024 * 1024, ge=1024)
    depth: int = Field(default=200, ge=10)
    walk_depth: int = Field(default=6, ge=0)
    walk_entries: int = Field(default=400_000, ge=0)
    walk_seconds: float = Field(default=10, ge=0)


class CatalogSettings(_Section):
    paths: tuple[str, ...] = ()
    """Folders with further client entries; an entry with a built-in id replaces it."""


class PolicySettings(_Section):
    file: str = ""
    """The organisation's policy; empty, as is `url`: there is none, and nothing is sanctioned or forbidden."""
    url: str = ""
    """Where to fetch it instead, `https`, or `http` to this machine; its signature lies there under `.minisig`."""
    public_key: str = ""
    """minisign public keys that may sign it, separated by spaces; with a file, its signature is beside it."""
    ca_file: str = ""
    """PEM file of the only authorities to trust for `url`, in place of the public ones."""
    refresh_seconds: float = Field(default=3600, ge=1)
    """How often `url` is asked, give or take a tenth."""
    assignment: str = ""
    """A TOML or JSON file that says which person each account of this device is assigned to."""
    registry_snapshot: str = ""
    """Answers of the MCP registry's `GET /v0/servers`, saved as JSON; empty: no publisher is known."""
    baseline: str = ""
    """The accepted baseline; empty: baseline.json in the state folder."""

    @field_validator("url")
    @classmethod
    def _safe_url(cls, url: str) -> str:
        parts = urlsplit(url)
        local = parts.scheme == "http" and is_loopback(parts.hostname or "")
        if url and not (local or (parts.scheme == "https" and parts.hostname)):
            raise ValueError("must be https://, or http:// to a loopback address")
        if "@" in parts.netloc or parts.query or parts.fragment:
            raise ValueError("must have no credentials, no query and no fragment")
        return url

    @field_validator("public_key")
    @classmethod
    def _minisign_keys(cls, keys: str) -> str:
        if not all(_MINISIGN_KEY.fullmatch(key) for key in keys.split()):
            raise ValueError("must be minisign public keys: 56 characters each, separated by spaces")
        return keys

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if self.file and self.url:
            raise ValueError("file and url exclude each other")
        if self.url and not self.public_key:
            raise ValueError("url needs public_key: a policy from elsewhere must be signed")
        return self


class DaemonSettings(_Section):
    heartbeat_seconds: float = Field(default=300, ge=1)
    snapshot_seconds: float = Field(default=86_400, ge=10)


class Settings(_Section):
    state: StateSettings = StateSettings()
    log: LogSettings = LogSettings()
    collect: CollectSettings = CollectSettings()
    limits: LimitSettings = LimitSettings()
    catalog: CatalogSettings = CatalogSettings()
    policy: PolicySettings = PolicySettings()
    daemon: DaemonSettings = DaemonSettings()
    target: tuple[TargetSettings, ...] = ()

    @field_validator("target")
    @classmethod
    def _named_apart(cls, targets: tuple[TargetSettings, ...]) -> tuple[TargetSettings, ...]:
        """Two of one name would share a cursor, and each would get only a part."""
        if len({target.name for target in targets}) < len(targets):
            raise ValueError("every target needs a name of its own")
        return targets


class ConfigError(Exception):
    """One or more settings do not fit; the text names file, line and key of each."""


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
