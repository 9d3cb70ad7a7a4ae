"""What is collected, within which limits, and with which catalog."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from agent.runtime.settings import Section

ActionDetail = Literal["full", "counts", "off"]


class CollectSettings(Section):
    disabled: tuple[str, ...] = ()
    """Names of collectors that do not run."""
    transcripts: bool = True
    """Whether transcripts of sessions are read for the modes and versions they ran with; nothing else of them is."""
    transcript_seconds: float = Field(default=600, ge=1)
    actions: ActionDetail = "full"
    """How much is told of what agents did: each action, how many there were in an hour, or nothing."""
    client_actions: dict[str, ActionDetail] = Field(default_factory=dict)
    """The same for single clients, by their ids."""
    action_programs: bool = True
    """Whether known programs that a shell action started are named."""
    action_seconds: float = Field(default=2, ge=0.2)
    """Interval at which transcripts are looked at for new actions where their folders cannot be watched."""
    telemetry_port: int = Field(default=0, ge=0, le=65535)
    """Port of the loopback interface at which clients' own telemetry (OTLP/HTTP) is taken as a second source of
    actions; 0: none."""
    learn_days: float = Field(default=14, ge=0, le=365)
    """How long what an agent does is learned before anything about it is unusual."""
    backfill_days: float = Field(default=0, ge=0, le=365)
    """How far before the first start actions in transcripts are told of."""
    tool_seconds: float = Field(default=60, ge=1)
    """Interval at which the lists of tools are looked at that clients keep of their servers."""
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


class LimitSettings(Section):
    file_bytes: int = Field(default=16 * 1024 * 1024, ge=1024)
    depth: int = Field(default=200, ge=10)
    walk_depth: int = Field(default=6, ge=0)
    walk_entries: int = Field(default=400_000, ge=0)
    walk_seconds: float = Field(default=10, ge=0)
    account_projects: int = Field(default=2_000, ge=1)
    account_files: int = Field(default=10_000, ge=1)
    account_records: int = Field(default=2_500, ge=1)
    machine_records: int = Field(default=3_000, ge=1)
    account_bytes: int = Field(default=4_000_000, ge=10_000)
    machine_bytes: int = Field(default=8_000_000, ge=10_000)
    account_seconds: float = Field(default=10, ge=0.1)
    account_instances: int = Field(default=250, ge=1)
    instance_peers: int = Field(default=250, ge=1)


class CatalogSettings(Section):
    paths: tuple[str, ...] = ()
    """Folders with further client entries; an entry with a built-in id replaces it."""
