"""Where the policy comes from and who must have signed it."""

from __future__ import annotations

import re
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from agent.runtime.hosts import is_loopback
from agent.runtime.settings import Section

_MINISIGN_KEY = re.compile(r"RW[Q-T][A-Za-z0-9+/]{53}")


class PolicySettings(Section):
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

    @property
    def place(self) -> str:
        """Where the policy is; empty where there is none."""
        return self.url or self.file

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
