"""What is built for."""

from __future__ import annotations

from typing import NamedTuple

PREFIX = "/opt/rollcall"
_TRIPLES = {"amd64": "x86_64", "arm64": "aarch64"}
_LOADERS = {"amd64": "ld-linux-x86-64.so.2", "arm64": "ld-linux-aarch64.so.1"}


class Target(NamedTuple):
    """An architecture, a version, and the time that all files bear."""

    arch: str
    """As Debian calls it."""
    version: str
    made_at: int

    @property
    def machine(self) -> str:
        """The architecture as `uname -m` calls it."""
        return _TRIPLES[self.arch]

    @property
    def triple(self) -> str:
        """As folders of libraries are named."""
        return f"{self.machine}-linux-gnu"

    @property
    def loader(self) -> str:
        """File name of the program that loads programs."""
        return _LOADERS[self.arch]
