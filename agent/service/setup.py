"""What a run is built on: the settings and the files they name, read whole before anything is started."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from agent.config.error import ConfigError
from agent.config.paths import state_dir
from agent.config.settings import Settings
from agent.governance.baseline import FILE
from agent.governance.inputs.admin_files import GivenFiles
from agent.governance.policy.in_force import InForce
from agent.inventory.context import NoView, Surroundings
from agent.inventory.derive import Derivation
from agent.network.name_cache import NameCache
from agent.records import Record
from agent.runtime.logs import logger
from collectors.catalog.catalog import Catalog
from collectors.contract import Context

if TYPE_CHECKING:
    from agent.governance.policy.keeper import PolicyManager


def derivation(
    settings: Settings,
    catalog: Catalog,
    live: bool,
    policy: InForce,
    names: NameCache | None = None,
    once: bool = False,
) -> Derivation:
    """Under this policy, with the baseline that the settings name. Raises `ConfigError`."""
    try:
        # What was accepted here is not the measure of another machine's files, unless somebody says so.
        theirs = not live and not settings.policy.baseline
        given = GivenFiles(settings.policy, None if theirs else baseline_file(settings))
    except OSError as error:
        raise ConfigError(f"{baseline_file(settings)}: {error.strerror or type(error).__name__}") from None
    return Derivation(catalog, policy, live, names, given, once)


def baseline_file(settings: Settings) -> Path:
    """Where the accepted baseline is kept."""
    return Path(settings.policy.baseline) if settings.policy.baseline else state_dir(settings) / FILE


def load_catalog(settings: Settings) -> Catalog:
    """The built-in entries and those of the organisation; one that cannot be used is left out and told of."""
    catalog = Catalog.load([Path(path) for path in settings.catalog.paths])
    for error in catalog.unusable:
        logger().warning("catalog.entry_unusable", path=str(error.path), reason=error.reason)
    return catalog if settings.collect.people else catalog.without_people()


def file_context(settings: Settings) -> Context:
    """For reading single files as the caller, without a look at accounts, processes or sockets."""
    return Surroundings(settings.collect, settings.limits, load_catalog(settings), NoView())()


def looking(settings: Settings, root: str | None, records: Sequence[Record]) -> Context:
    """For reading again what records tell of: with the accounts of this machine, or of the one at `root`."""
    return Surroundings(settings.collect, settings.limits, load_catalog(settings), _Kept(records), root)()


class _Kept:
    """A view of records that are known already."""

    def __init__(self, records: Sequence[Record]) -> None:
        self._records = records

    def records(self, kind: str) -> Iterator[Record]:
        return (record for record in self._records if record.kind == kind)


class Setup(NamedTuple):
    """The settings and the files they name, read whole before anything is built on them."""

    settings: Settings
    catalog: Catalog
    names: NameCache
    policy: PolicyManager
    derive: Derivation

    @classmethod
    def of(cls, settings: Settings) -> Setup:
        """Raises `ConfigError`."""
        from agent.governance.policy.keeper import PolicyManager

        catalog = load_catalog(settings)
        names = NameCache()
        policy = PolicyManager(settings.policy, state_dir(settings))
        policy.start()
        derive = derivation(settings, catalog, live=True, policy=policy.in_force, names=names)
        return cls(settings, catalog, names, policy, derive)
