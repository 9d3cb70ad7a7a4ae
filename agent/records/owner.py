"""The account that agents and servers belong to."""

from typing import ClassVar, Literal, Self, Unpack

from agent.records.base import AccountableBy, Attributed, Record


class OwnerConclusions(Attributed, total=False):
    """What is concluded of an account."""

    team: str | None


class Owner(Record):
    """One operating system account with a home; `owner` is its name."""

    kind: Literal["owner"] = "owner"
    uid: int | None = None
    """User id; null where the system has none."""
    home: str
    """Path of the home, as the observed machine names it."""
    account: Literal["root", "human", "service", "unknown"]
    """What kind of account it is."""
    reach: Literal["read", "out_of_reach", "network"] = "read"
    """`out_of_reach`: this run lacks the rights to enter the home; `network`: it lies on a network file system, and
    `collect.network_homes` is off. Either way nothing is known about what is in it."""
    layout: Literal["linux", "macos", "windows"] | None = None
    """The system whose folders the home has, where that is not the endpoint's: a Windows home seen from WSL."""
    full_name: str | None = None
    """As the account database gives it."""
    groups: tuple[str, ...] = ()
    """Names of the account's groups, sorted, at most 64."""
    accountable: str | None = None
    """The person who answers for what runs under the account; null where nobody is known to."""
    accountable_by: AccountableBy | None = None
    """How that person is known; null where nobody is."""
    team: str | None = None
    """That person's team, as the policy or the assignment file says."""

    IDENTITY: ClassVar[tuple[str, ...]] = ("owner", "home")

    def changed(self, **fields: Unpack[OwnerConclusions]) -> Self:
        return self._changed(fields)
