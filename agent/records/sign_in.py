"""The account that a client is signed in with."""

from typing import ClassVar, Literal

from agent.records.base import Record
from agent.records.mcp_server import Source


class SignIn(Record):
    """Who one client is signed in as, where it keeps that apart from tokens. `collect.people` switches it off."""

    kind: Literal["sign_in"] = "sign_in"
    agent: str
    """Catalog id of the client."""
    account: str
    """E-mail address or user name."""
    source: Source
    """Where the client keeps it."""

    IDENTITY: ClassVar[tuple[str, ...]] = ("owner", "agent", "source.path")
