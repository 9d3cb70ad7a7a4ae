"""The account that agents and servers belong to."""

from typing import ClassVar, Literal

from agent.records.base import Record


class Owner(Record):
    """One operating system account with a home; `owner` is its name."""

    kind: Literal["owner"] = "owner"
    uid: int | None = None
    home: str
    account: Literal["root", "human", "service", "unknown"]
    reach: Literal["read", "out_of_reach"] = "read"
    """`out_of_reach`: this run lacks the rights to enter the home, so nothing is known about it."""

    IDENTITY: ClassVar[tuple[str, ...]] = ("owner", "home")
