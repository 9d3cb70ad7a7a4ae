"""The journal of the running daemon: the one that was there or its successor, signed with this machine's key."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from agent.inventory.derive import Derivation
from agent.inventory.inventory import Inventory
from agent.inventory.store import Store
from agent.journal.checkpoints import Checkpoints
from agent.journal.errors import JournalLostError
from agent.journal.journal import FILE, Journal
from agent.journal.keys import load_keys
from agent.journal.settings import JournalSettings
from agent.journal.succession import Opened, open_or_succeed
from agent.runtime.logs import logger

LIMIT = 1.25
"""How large the file may become, as a multiple of what is kept: retention begins at that; beyond this a target has not
taken for long what would have to go."""


class SignedJournal:
    """A journal, its checkpoints and what it knows of the inventory, opened together: without the last it is lost."""

    def __init__(
        self,
        folder: Path,
        endpoint_id: str,
        settings: JournalSettings,
        derive: Derivation,
        collectors: Collection[str],
        lost: JournalLostError | None = None,
    ) -> None:
        """`lost` is why the file must not be gone on with. Raises `JournalError`."""
        self._path, self._endpoint_id = folder / FILE, endpoint_id
        try:
            opened, self.store, self.inventory = self._load(derive, collectors, lost)
        except JournalLostError as error:
            opened, self.store, self.inventory = self._load(derive, collectors, error)
        self.journal: Journal = opened.journal
        self.journal.database.limit(int(settings.keep_bytes * LIMIT))
        self.checkpoints = Checkpoints(self.journal, load_keys(folder), settings)
        self.notices = [(problem.code, problem.message) for problem in self.checkpoints.start(opened.replaces)]
        if opened.replaces:
            kept = f"kept as {opened.replaces.kept_as}" if opened.replaces.kept_as else "nothing of it is left"
            message = f"the journal could not go on, {kept}: {opened.replaces.reason}"
            logger().error("journal.replaced", reason=opened.replaces.reason, kept_as=opened.replaces.kept_as)
            self.notices.append(("journal.replaced", message))

    def _load(
        self, derive: Derivation, collectors: Collection[str], lost: JournalLostError | None
    ) -> tuple[Opened, Store, Inventory]:
        opened = open_or_succeed(self._path, self._endpoint_id, lost)
        store = Store(opened.journal)
        try:
            return opened, store, store.load(derive, collectors)
        except JournalLostError:
            opened.journal.close()
            raise
