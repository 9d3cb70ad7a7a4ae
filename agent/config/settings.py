"""All settings: the sections that the layers declare, composed."""

from __future__ import annotations

from pydantic import Field, field_validator

from agent.delivery.settings import TargetSettings
from agent.delivery.targets.registry import AnyTarget
from agent.governance.policy.settings import PolicySettings
from agent.inventory.settings import CatalogSettings, CollectSettings, LimitSettings
from agent.journal.settings import JournalSettings
from agent.runtime.logs import LogSettings
from agent.runtime.settings import Section


class StateSettings(Section):
    dir: str = ""
    """Folder of the journal; empty: /var/lib/rollcall as root, else the user's state folder."""


class DaemonSettings(Section):
    heartbeat_seconds: float = Field(default=300, ge=1)
    snapshot_seconds: float = Field(default=86_400, ge=10)
    metrics_file: str = ""
    """OpenMetrics text for node_exporter's textfile collector; empty: none is written."""
    status_group: str = ""
    """Whose members may see the whole `rollcall status`; empty: root alone."""


class BudgetSettings(Section):
    cpu_share: float = Field(default=0.3, gt=0, le=64)
    """Of one core, over five minutes."""
    memory_bytes: int = Field(default=192 * 1024 * 1024, ge=32 * 1024 * 1024)
    """Resident memory of the daemon's own process."""
    disk_bytes: int = Field(default=2 * 1024**3, ge=1024**2)
    """All files of the state folder."""


class Settings(Section):
    state: StateSettings = StateSettings.model_construct()
    log: LogSettings = LogSettings.model_construct()
    collect: CollectSettings = CollectSettings.model_construct()
    limits: LimitSettings = LimitSettings.model_construct()
    catalog: CatalogSettings = CatalogSettings.model_construct()
    policy: PolicySettings = PolicySettings.model_construct()
    daemon: DaemonSettings = DaemonSettings.model_construct()
    budget: BudgetSettings = BudgetSettings.model_construct()
    journal: JournalSettings = JournalSettings.model_construct()
    target: tuple[AnyTarget, ...] = ()

    @field_validator("target")
    @classmethod
    def _named_apart(cls, targets: tuple[TargetSettings, ...]) -> tuple[TargetSettings, ...]:
        """Two of one name would share a cursor, and each would get only a part."""
        if len({target.name for target in targets}) < len(targets):
            raise ValueError("every target needs a name of its own")
        return targets
