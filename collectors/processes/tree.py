"""The processes that were looked at, and how they descend from each other, also through parents that are gone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from collectors.launch.program_name import base_name
from collectors.processes.classifier import Judged
from collectors.processes.command import program_of
from collectors.sources.process.row import ProcessRow
from collectors.sources.process.words import kept

_ROOM = 3_000_000
"""Bytes for the words of an account's processes; those that come when it is taken have half a kilobyte, and their
options another, until they take as much again."""
_SHORT = 512
_DEAD_PARENTS = 4_096
"""How many processes that ended are remembered, so that what they started still descends from whoever started them."""


class ProcessTree:
    """Judged processes by id. A parent is remembered as it first was: an orphan still descends from who started it."""

    def __init__(self) -> None:
        self.judged: dict[int, Judged] = {}
        self._parents: dict[int, int] = {}
        self._children: dict[int, Counter[str]] = {}
        self._held: Counter[str | None] = Counter()
        """Bytes of the texts of each account's processes."""

    def put(self, judged: Judged) -> None:
        self._let_go(self.judged.get(judged.row.pid))
        row = self._fitting(judged.row)
        self._held[row.owner] += row.weight
        self.judged[row.pid] = judged if row is judged.row else judged._replace(row=row)
        self._parents.setdefault(row.pid, row.ppid)

    def forked(self, pid: int, parent: int) -> None:
        """A new process, told before anything could be read of it; its id may have been another's before."""
        if len(self._parents) > 2 * len(self.judged) + _DEAD_PARENTS:
            self._parents = {pid: parent for pid, parent in self._parents.items() if pid in self.judged}
        self._parents[pid] = parent

    def drop(self, pid: int) -> Judged | None:
        """Forget a process that ended; who its parent was is kept for its children."""
        self._children.pop(pid, None)
        self._let_go(self.judged.get(pid))
        return self.judged.pop(pid, None)

    def _fitting(self, row: ProcessRow) -> ProcessRow:
        """With as many of its words as its account has room for; those of the first are kept whole."""
        left = _ROOM - self._held[row.owner] - row.weight
        if left < 0:
            row = row._replace(argv=kept(row.argv, _SHORT, _SHORT))
        if left < -_ROOM:
            row = row._replace(argv=(), cwd=None, exe=row.exe and row.exe[-_SHORT:])
        return row

    def _let_go(self, judged: Judged | None) -> None:
        if judged:
            self._held[judged.row.owner] -= judged.row.weight

    def clear(self) -> None:
        self.judged.clear()
        self._parents.clear()
        self._children.clear()
        self._held.clear()

    def ancestors(self, judged: Judged) -> Iterator[Judged]:
        """From the parent upwards, without those of which nothing is known."""
        pid, seen = judged.row.pid, {judged.row.pid}
        while (pid := self._parents.get(pid, 0)) and pid not in seen:
            seen.add(pid)
            if pid in self.judged:
                yield self.judged[pid]

    def top(self, judged: Judged) -> Judged:
        """The outermost process of the same program: a launcher such as npx stands above the server it starts."""
        top = judged
        for above in self.ancestors(judged):
            if above.same_program(judged):
                top = above
            elif above.agent:
                break
        return top

    def parent_agent(self, judged: Judged) -> Judged | None:
        """The outermost process of the nearest agent above, if that is another one."""
        for above in self.ancestors(judged):
            if above.agent and above.agent != judged.agent:
                return self.top(above)
        return None

    def parent_server(self, judged: Judged) -> Judged | None:
        """The outermost process of the defined server that started it, if that is another program."""
        for above in self.ancestors(judged):
            if above.agent:
                return None
            if above.servers and not above.same_program(judged):
                return self.top(above)
        return None

    def started(self, judged: Judged) -> bool:
        """Count a program that an agent started, with the agent's outermost process; whether the count doubled."""
        above = next((above for above in self.ancestors(judged) if above.agent), None)
        if above is None or above.agent == judged.agent:
            return False
        counts = self._children.setdefault(self.top(above).row.pid, Counter())
        name = base_name(program_of(judged.row))[:64]
        counts[name] += 1
        return counts[name].bit_count() == 1

    def children(self, pid: int) -> Counter[str]:
        """Programs started below an agent since it was first seen."""
        return self._children.get(pid, Counter())
