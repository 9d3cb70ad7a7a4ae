"""One account of the observed machine, and the systems there are."""

from __future__ import annotations

from typing import Literal, NamedTuple

Os = Literal["linux", "macos", "windows"]


class Home(NamedTuple):
    """One account and its home as the observed machine names it."""

    owner: str
    path: str
    uid: int | None
    gids: frozenset[int] = frozenset()
    account: Literal["root", "human", "service", "unknown"] = "unknown"
    reachable: bool = True
    """False when this process has no right to enter it; nothing in it is looked at then."""
    full_name: str | None = None
    """As the account database gives it."""
    groups: tuple[str, ...] = ()
    """Names of the account's groups, sorted."""
    network: str = ""
    """Where it really lies, if that is on a network file system; it is `reachable` only if that was asked for."""
    os: Os | None = None
    """The system whose layout it has, where that is not the machine's own."""
    word_of: frozenset[int] = frozenset()
    """Numbers of the accounts at whose word something is looked at: what they could not read themselves is not read."""

    @property
    def drives(self) -> str:
        """What the letter of a drive is put behind, for a Windows home on another system: in WSL `/mnt/`."""
        return self.path.partition("/Users/")[0][:-1] if self.os == "windows" else ""
