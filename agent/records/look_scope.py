"""What a look could see: what lies outside is unknown, not absent."""

from typing import Literal

from agent.records.base import Part


class UnknownPart(Part):
    """A part of the scope of which something could not be read."""

    owner: str | None = None
    """The account; null for the machine."""
    collector: str
    """Name of the collector that could not read it."""
    path: str | None = None
    """The file or folder, with all below it; null for everything that this collector sees of the account."""


class LookScope(Part):
    """For whom and what a look answers. *Complete* is meant within it."""

    machine: str
    """Id of the machine that was looked at; what `--once` delivers has another `endpoint_id`, its own."""
    rights: Literal["machine", "account"]
    """machine: it may read the files of every account, so that it answers for all but `out_of_reach`, for accounts that
    are gone, and for what belongs to the machine; account: it answers for `owners` alone."""
    owners: tuple[str, ...] = ()
    """Accounts that were looked into."""
    out_of_reach: tuple[str, ...] = ()
    """Accounts whose homes could not be entered."""
    collectors: tuple[str, ...] = ()
    """Names of the collectors that ran."""
    unknown: tuple[UnknownPart, ...] = ()
    """What could not be read within the scope: of that the look says nothing, and what was known before stands."""

    def answers_for(self, owner: str | None) -> bool:
        """Whether it is about what belongs to this account, or to the machine."""
        return owner not in self.out_of_reach if self.rights == "machine" else owner in self.owners
