"""The context that collectors get: this machine, or a mounted image of another one."""

from __future__ import annotations

import hashlib
import hmac
import platform
import socket
import sys
from collections.abc import Callable
from importlib import import_module

from agent import __version__
from agent.inventory.settings import CollectSettings, LimitSettings
from agent.records import Endpoint, Evidence
from collectors.catalog.catalog import Catalog
from collectors.contract import Context, View
from collectors.sources.account import Home, Os
from collectors.sources.filesystem.file_tree import FileTree
from collectors.sources.limits import Limits


def os_name() -> Os:
    """The running system, in the catalog's words."""
    return "windows" if sys.platform == "win32" else "macos" if sys.platform == "darwin" else "linux"


class Surroundings:
    """Makes contexts; what changes while the daemon runs (accounts, the host name) is asked anew every time."""

    def __init__(
        self,
        collect: CollectSettings,
        limits: LimitSettings,
        catalog: Catalog,
        view: View,
        root: str | None = None,
        apart: str = "",
        descriptions: Callable[[], bool] = lambda: False,
    ) -> None:
        """`apart` gives what is seen an endpoint id of its own, other than the machine's; `descriptions` says whether
        the policy wants those of tools."""
        self._descriptions = descriptions
        self._catalog = catalog
        self._view = view
        self._root, self._apart = root, apart
        self._people = collect.people
        self._network_homes = collect.network_homes
        self._limits = Limits(**limits.model_dump())
        os: Os = import_module("agent.platform.image").system_of(root) if root else os_name()
        self._files = FileTree(root or "/", os, self._limits)
        self._os: Os = os

    def __call__(self) -> Context:
        endpoint, homes = self._image() if self._root else self._machine()
        homes = homes if self._people else [home._replace(full_name=None) for home in homes]
        return Context(
            endpoint, self._files, tuple(homes), self._catalog, self._view, self._limits, self._descriptions()
        )

    def _machine(self) -> tuple[Endpoint, list[Home]]:
        system = import_module(f"agent.platform.{self._os}")
        endpoint = self._endpoint(this_endpoint_id(self._apart), socket.gethostname(), system.version())
        return endpoint, system.homes(self._network_homes)

    def _image(self) -> tuple[Endpoint, list[Home]]:
        image = import_module("agent.platform.image")
        return self._endpoint(endpoint_id(image.machine_id(self._files) + self._apart), None, None), image.homes(
            self._files, self._os
        )

    def _endpoint(self, id_: str, hostname: str | None, version: str | None) -> Endpoint:
        return Endpoint(
            endpoint_id=id_,
            evidence=Evidence(collector="host", confidence="confirmed"),
            hostname=hostname,
            os=self._os,
            os_version=version,
            arch=None if self._root else platform.machine(),
            rollcall_version=__version__,
            root=self._root is not None,
        )


def this_endpoint_id(apart: str = "") -> str:
    """The id of this machine, or another of it for each `apart`; no catalog and no account is looked at for it."""
    system = import_module(f"agent.platform.{os_name()}")
    return endpoint_id((system.machine_id() or f"host:{socket.gethostname()}") + apart)


def endpoint_id(identity: str) -> str:
    """A keyed hash: the machine id itself is confidential (see machine-id(5)) and must not leave the machine."""
    return hmac.new(identity.encode(), b"rollcall endpoint", hashlib.sha256).hexdigest()[:32]


class NoView:
    """The view of an inventory that holds nothing."""

    def records(self, kind: str) -> tuple[()]:
        return ()
