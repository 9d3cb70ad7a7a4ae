"""For every client: is it there, does it have servers, or could that not be seen."""

from typing import ClassVar, Literal

from agent.records.base import Part, Record

State = Literal["not_installed", "no_servers", "servers_found", "could_not_read"]


class ClientState(Part):
    """What is known of one client for one owner."""

    agent: str
    """Catalog id of the client."""
    state: State
    """`no_servers`: it is there and defines none."""
    reason: str | None = None
    """For `could_not_read`: which file and why."""


class Coverage(Record):
    """What this run can say of each catalog client for one owner, so that nothing found is not could not look."""

    kind: Literal["coverage"] = "coverage"
    clients: tuple[ClientState, ...]
    """Each client of the catalog, by id."""

    IDENTITY: ClassVar[tuple[str, ...]] = ("owner",)
