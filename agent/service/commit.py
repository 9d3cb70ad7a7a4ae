"""Makes durable what changed, with what there is to tell of it; where that fails nothing is lost but time."""

from __future__ import annotations

from collections.abc import Callable

from agent.delivery.supervisor import DeliverySupervisor
from agent.inventory.inventory import Change
from agent.inventory.store import append_evidence, as_json
from agent.journal.errors import JournalError, JournalLostError
from agent.journal.journal import Transaction
from agent.network.name_cache import NameCache
from agent.network.peers import hosts_to_resolve
from agent.network.resolver import Resolver
from agent.runtime.logs import logger, place
from agent.service.gap import Gap
from agent.service.health import Health
from agent.service.signed_journal import SignedJournal

Append = Callable[[Transaction], object]


class Committer:
    """One step after the other: derive, then journal, store and sign in one transaction."""

    def __init__(
        self,
        signed: SignedJournal,
        names: NameCache,
        resolver: Resolver | None,
        courier: DeliverySupervisor,
        health: Health,
    ) -> None:
        self._journal, self._store, self._inventory = signed.journal, signed.store, signed.inventory
        self._checkpoints = signed.checkpoints
        self._names, self._names_version = names, 0
        self._resolver = resolver
        self._courier = courier
        self._health = health
        self._notices: list[tuple[str, str]] = signed.notices
        self._gap = Gap()
        self._trouble: str | None = None

    def tell(self, *notices: tuple[str, str]) -> None:
        """Codes and messages that go into the journal with the next step."""
        self._notices += notices

    def append(self, append: Append) -> bool:
        """An entry about the inventory as a whole: only where the journal already has all that it rests on. Whether it
        is in there."""
        return self.step() and self._commit([], append)

    def step(self) -> bool:
        """Make durable what changed. When that fails nothing is lost: the next step tries again with all of it."""
        if self._names.version != self._names_version:
            self._names_version = self._names.version
            self._inventory.touch()
        try:
            changes = self._inventory.settle()
        except Exception as error:
            return self._underivable(f"{type(error).__name__} at {place(error.__traceback__)}")
        self._trouble = None
        if changes or self._notices or self._inventory.dirty:
            return self._commit(changes)
        return True

    def append_events(self, append: Append) -> bool:
        """Entries that rest on no inventory; whether they are in the journal."""
        return self._durably(lambda: self._store.append(self._with(append)))

    def seal(self) -> None:
        """Sign what was journaled; where that fails, the next start does."""
        try:
            with self._journal.transaction() as step:
                self._checkpoints.append(step, "stop")
        except JournalLostError:
            # Whoever noticed first has said so.
            return
        except JournalError as error:
            logger().error("journal.not_signed", reason=str(error))

    def _underivable(self, trouble: str) -> bool:
        """One record that nobody thought of must not take the daemon down, again at every start: the last inventory
        stands, and the journal says so once."""
        if trouble != self._trouble:
            logger().error("inventory.failed", error=trouble)
            self.tell(("inventory.failed", f"nothing new can be concluded: {trouble}"))
        self._trouble = trouble
        if self._notices:
            self._durably(lambda: self._store.append(self._append_notices))
        return False

    def _commit(self, changes: list[Change], append: Append = lambda step: None) -> bool:
        if not self._durably(lambda: self._store.commit(self._inventory, changes, self._with(append))):
            return False
        if self._resolver and changes:
            self._resolver.want(hosts_to_resolve(self._inventory.all()))
        if changes:
            logger().info("inventory.changed", changes=len(changes), head=self._journal.head().seq)
        return True

    def _with(self, append: Append) -> Callable[[Transaction], None]:
        """What there is to tell, then `append`, then a signature where one is due."""

        def entries(step: Transaction) -> None:
            self._append_notices(step)
            append(step)
            self._checkpoints.append_if_due(step)

        return entries

    def _append_notices(self, step: Transaction) -> None:
        gap = self._gap.notice()
        for code, message in [*([gap] if gap else []), *self._notices]:
            append_evidence(step, "notice", as_json(self._health.notice(code, message)))

    def _durably(self, write: Callable[[], None]) -> bool:
        """Whether the notices, and what `write` writes with them, are in the journal."""
        try:
            write()
        except JournalLostError:
            raise
        except JournalError as error:
            self._gap.note(str(error))
            if self._health.journal_error != str(error):
                logger().error("journal.not_written", reason=str(error))
                self._health.journal_error = str(error)
                self._health.write()
            return False
        self._notices.clear()
        self._gap.close()
        self._health.journal_error = None
        self._courier.wake()
        return True
