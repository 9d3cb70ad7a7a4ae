"""The contract between the sender and a delivery target."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from agent.delivery.batch import Batch
    from agent.delivery.settings import TargetSettings
    from agent.journal.receipts import Receipt


Tell = Callable[[str, str], None]
"""Called in the sender's thread with a dotted code and a message that holds no secret."""


def say_nothing(code: str, message: str) -> None:
    """The callback of those who do not listen."""


Notice = Callable[[str, str | None], None]
"""The same of what stands for some time; None: it is not so, or not any more."""


def ignore(code: str, message: str | None) -> None:
    """The callback of those who do not listen."""


class Accepted(NamedTuple):
    """The target has the whole batch, durably; `receipt` is what it said that it holds."""

    receipt: Receipt | None = None
    loss: str | None = None
    """How much of it the target says that it has not taken, where it names no entry: that is journaled as lost."""


class PartlyRefused(NamedTuple):
    """The target has the batch but for these entries, which it will never accept."""

    entries: tuple[tuple[int, str], ...]
    """Their numbers, and why."""


class Retry(NamedTuple):
    """Not now: the same batch again, after at least `after` seconds where the target named a time."""

    reason: str
    after: float | None = None


class Refused(NamedTuple):
    """The content will never be accepted. `splittable`: a smaller batch may show which entry is at fault."""

    reason: str
    splittable: bool = True


class Rewind(NamedTuple):
    """The target lacks earlier entries, as after a restore from backup: continue with entry `seq`."""

    seq: int
    reason: str


class Misconfigured(NamedTuple):
    """Nothing is wrong with the batch: credentials, address or deployment are. Retried slowly, never given up."""

    reason: str
    credential_invalid: bool = False
    """The target says that the credential is no longer good; another may be had by enrolment."""


Outcome = Accepted | PartlyRefused | Retry | Refused | Rewind | Misconfigured


class TargetType(NamedTuple):
    """What a module of a target offers under the name `TARGET`, and a third party's under its entry point."""

    settings: type[TargetSettings]
    make: Callable[[Any, Notice], Target]
    """From settings of that type."""


class Target(Protocol):
    """Where batches go. `send` and `close` are called from one thread, `abort` from any, also while `send` hangs."""

    name: str

    def send(self, batch: Batch) -> Outcome:
        """Deliver one batch. Sending the same batch again must do no harm."""
        ...

    def abort(self) -> None:
        """Give up what is under way; nothing will be sent any more."""
        ...

    def close(self) -> None:
        """Free the connection."""
        ...
