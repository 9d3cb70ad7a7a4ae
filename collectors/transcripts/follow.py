"""Follows one transcript: reads what is new in it and says it to the calls of its client."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import replace

from pydantic_core import from_json

from collectors.catalog.actions import Table
from collectors.catalog.transcripts import Transcript
from collectors.sources.filesystem.recent import Recent
from collectors.sources.formats.sqlite_file import Database
from collectors.transcripts.calls import Calls
from collectors.transcripts.position import Position, digest_before
from collectors.transcripts.statement import Read, is_repeated, marks, reader
from collectors.transcripts.table import JoinedRows, entries, last_row
from collectors.transcripts.tail import Line, blocks, continues, lines, lines_with, next_line
from collectors.transcripts.values import Entry, condition

_HEAD = 256 * 1024
"""Bytes of the start of a file that may tell of its session where its lines before are not read."""
_MOST_BACK = 256 << 20
"""Bytes before the end of a large file that are read at first."""
_MOST_DOCUMENT = 16 << 20
_MOST_ROWS = 5_000
_MOST_ROWS_BACK = 50_000
"""Rows before the last one that are read at first."""
_MOST_AGAIN = 100
"""Rows from the last one back that may be read again because they are written anew."""
_ROW_BYTES = 1_000
"""What a row, and each thing that an entry says, counts as, of the bytes that one step may read: it is held for as long
as the step takes."""
_MOST_SAID = 20_000
"""Of rows, in one step."""


class TranscriptReader:
    """The rules of one entry of the catalog, made ready."""

    def __init__(self, transcript: Transcript) -> None:
        self.transcript = transcript
        of_sessions = [rule for rule in transcript.rule if not rule.call]
        where = transcript.session, transcript.group, transcript.session_pattern
        self.read = reader(transcript.rule, *where)
        self.read_session = reader(of_sessions, *where)
        """Only what is said of sessions."""
        table = transcript.table
        self.is_unfinished = condition(table.unfinished) if table and table.unfinished else lambda _: False
        self.marks = _smallest(mark for rule in transcript.rule for mark in marks(rule))
        """Of lines that are worth parsing: all texts of one of these."""
        news = (rule for rule in transcript.rule if not is_repeated(rule, transcript.rule))
        self.news = _smallest(mark for rule in news for mark in marks(rule))
        """The same, of lines that are so once a file has told of its session."""


class Follower:
    """One file and how far it is read. A call that is still open keeps the durable position before it."""

    def __init__(
        self, reader: TranscriptReader, captures: tuple[str, ...], path: str, calls: Calls, position: Position | None
    ) -> None:
        """`captures`: what the parts of the path that differ stand for."""
        self.transcript = reader.transcript
        self._calls = calls
        self.path = path
        self.captures = captures
        self._known = position is not None
        self._reader = reader
        self._joined = JoinedRows(reader.transcript.table) if reader.transcript.table else None
        self.position = position or Position()
        self.is_complete = True
        """There was nothing more in the file when it was read last."""
        self._begun = False
        """Lines of it have told of their session."""
        self._stem = os.path.basename(path).partition(".")[0]
        if self.position.session:
            calls.sessions.setdefault(self.position.session, self.position.facts())

    def is_current(self, file: Recent) -> bool:
        position = self.position
        return self._known and position.hold is None and position.is_like(file.inode, file.size, file.modified)

    @property
    def can_skip(self) -> bool:
        """Whether what is new later can be told from what is there."""
        return self.transcript.shape in ("lines", "table")

    def durable(self, open_from: int | None) -> Position:
        """The position that a restart may go on from. `open_from`: where its first call begins that is open still."""
        hold = _first(open_from, self.position.hold)
        return self.position if hold is None else replace(self.position, hold=hold)

    def skip(self, file: int, log: int | None, found: Recent) -> None:
        """Take all that is there as read: it is older than what is asked for."""
        offset = found.size
        if self.transcript.table:
            offset = last_row(Database(file, log), self.transcript.table) + 1
        digest = ""
        if self.transcript.shape == "lines":
            offset = next_line(file, offset)
            digest = digest_before(file, offset)
        self._known = True
        self.position = Position(found.inode, found.size, found.modified, offset, digest)

    def give_up(self, found: Recent) -> None:
        """Leave the file alone until it changes: as it is it cannot be read."""
        self._known = True
        self.position = replace(self.position, inode=found.inode, size=found.size, modified=found.modified)

    def read(self, file: int, log: int | None, found: Recent, most: int) -> int:
        """Say what is new; at most about so many bytes of lines. `log` is a database's write-ahead log. Returns the
        bytes that were read. Raises `OSError` and `UnparseableError`."""
        if self.transcript.shape == "lines":
            read = self._lines(file, found, most)
        elif self.transcript.table and self._joined:
            read = self._rows(Database(file, log), found, self.transcript.table, self._joined)
        else:
            read = self._document(file, found)
        self._known = True
        session = self.position.session
        self.position = self.position.with_session(session, self._calls.sessions.get(session) if session else None)
        return read

    def _lines(self, file: int, found: Recent, most: int) -> int:
        start = self.position.offset if self.position.hold is None else self.position.hold
        if not (self._known and continues(file, self.position)):
            start = next_line(file, found.size - _MOST_BACK) if found.size > _MOST_BACK else 0
            self.position, self._begun = Position(session=self.position.session), False
        if start and not self.position.session:
            self._head(file, start)
        end, said = start, 0
        for line in self._telling(file, start, most):
            end = line.end
            if line.data:
                said += self._say(_json(line.data), line.start, self._reader.read)
            if said * _ROW_BYTES >= most:
                break
        self._begun = self._begun or end > start
        complete = self.is_complete = found.size - start <= most and said * _ROW_BYTES < most
        self.position = replace(
            self.position,
            inode=found.inode,
            size=found.size if complete else end,
            modified=found.modified if complete else 0,
            offset=end,
            digest=digest_before(file, end),
            hold=None,
        )
        return max(end - start, said * _ROW_BYTES)

    def _telling(self, file: int, start: int, most: int) -> Iterator[Line]:
        """Lines that are worth parsing, and an empty one wherever a block of them ends."""
        marks = self._reader.news if self._begun else self._reader.marks
        for block in blocks(file, start, most):
            yield from lines_with(block, marks) if all(marks) else lines(block)
            yield Line(block.end, block.end, b"")

    def _head(self, file: int, end: int) -> None:
        """What the start of the file says of its session."""
        for block in blocks(file, 0, min(_HEAD, end)):
            for line in lines(block):
                self._say(_json(line.data), line.start, self._reader.read_session)

    def _rows(self, database: Database, found: Recent, table: Table, joined: JoinedRows) -> int:
        since = self.position.offset if self.position.hold is None else min(self.position.hold, self.position.offset)
        last = last_row(database, table)
        if not self._known or last < self.position.offset - 1:  # rows were deleted, and their ids are given out again
            since = max(0, last - _MOST_ROWS_BACK)
        row_id, complete, unfinished, said = since - 1, True, None, self._open_rows(database, table, joined, since)
        for count, (row_id, row) in enumerate(entries(database, table, joined, since), 1):
            said += self._say(row, row_id, self._reader.read)
            if self._reader.is_unfinished(Entry(row)):
                unfinished = _first(row_id, unfinished)
            if count >= _MOST_ROWS or said >= _MOST_SAID:
                complete = False
                break
        self.is_complete = complete
        # One so far back is of a session that broke off.
        again = unfinished if unfinished is not None and row_id - unfinished < _MOST_AGAIN else row_id + 1
        self.position = replace(
            self.position,
            inode=found.inode,
            size=found.size if complete else 0,
            modified=found.modified if complete else 0,
            offset=again,
            hold=None,
        )
        return _ROW_BYTES * max(row_id + 1 - since, said)

    def _open_rows(self, database: Database, table: Table, joined: JoinedRows, before: int) -> int:
        """The rows of calls that are open, as these are written anew when they end. Returns how much they say."""
        said = 0
        for mark in self._calls.open_at(self.path)[-_MOST_AGAIN:]:
            row_id, row = next(entries(database, table, joined, mark), (0, {})) if mark < before else (0, {})
            said += self._say(row, mark, self._reader.read) if row_id == mark else 0
        return said

    def _document(self, file: int, found: Recent) -> int:
        os.lseek(file, 0, os.SEEK_SET)
        data = b""
        if found.size <= _MOST_DOCUMENT:
            while chunk := os.read(file, 1 << 20):
                data += chunk
                if len(data) > _MOST_DOCUMENT:
                    break
        value = (
            {"text": data[:4096].decode(errors="replace").strip()} if self.transcript.shape == "text" else _json(data)
        )
        said = self._say(value, 0, self._reader.read)
        self.position = replace(self.position, inode=found.inode, size=found.size, modified=found.modified, hold=None)
        return max(len(data), said * _ROW_BYTES)

    def _say(self, value: object, mark: int, read: Read) -> int:
        """Returns how much it says."""
        if value is None:
            return 0
        told = read(value, self.captures)
        session = self.position.session if told.session is None else told.session
        is_of_group = told.session == "" or self.transcript.shape == "text"
        for said in told.statements:
            session = said.session or session
            where = session or ("" if is_of_group else self._stem)
            self._calls.add(said, where, told.group, self.path, mark)
        if session != self.position.session:
            self.position = replace(self.position, session=session)
        return len(told.statements)


def _smallest(found: Iterable[frozenset[bytes]]) -> list[list[bytes]]:
    """Sets of texts without those that hold all of another one; the longest text first, as it is found fastest."""
    sets = set(found)
    kept = [texts for texts in sets if not any(other < texts for other in sets)]
    return sorted(sorted(texts, key=len, reverse=True) for texts in kept)


def _first(one: int | None, other: int | None) -> int | None:
    return one if other is None else other if one is None else min(one, other)


def _json(data: bytes) -> object:
    try:
        return from_json(data, cache_strings="keys")
    except ValueError:
        pass
    try:
        # It takes three times as long, and understands half of a surrogate pair, which clients write.
        return json.loads(data)
    except (ValueError, RecursionError):
        return None
