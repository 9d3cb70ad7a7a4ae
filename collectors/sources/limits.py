"""Bounds on input that is hostile or merely huge."""

from __future__ import annotations

import math
import os
import time
from typing import NamedTuple


class Limits(NamedTuple):
    """Bounds on hostile or merely huge input."""

    file_bytes: int = 16 * 1024 * 1024
    depth: int = 200
    """Nesting of a parsed document."""
    links: int = 40
    folder_entries: int = 20_000
    """Entries read from one folder."""
    walk_depth: int = 6
    """Folders below a home that the project walk descends."""
    walk_entries: int = 400_000
    walk_seconds: float = 10.0
    survey_entries: int = 1_000_000
    """Names that are looked through for files of clients in one home; a folder counts as ten more."""
    servers_per_file: int = 2_000
    file_seconds: float = 4.0
    """Processor time for turning one file into records."""
    account_projects: int = 2_000
    """Project and plug-in folders of one account."""
    account_files: int = 10_000
    account_records: int = 2_500
    """Records from the files of one account."""
    machine_records: int = 3_000
    """Of all accounts together; some are kept free for each."""
    account_bytes: int = 4_000_000
    """Memory that the records from the files of one account take, about."""
    machine_bytes: int = 8_000_000
    """Of all accounts together, as with records."""
    account_seconds: float = 10.0
    """Processor time for reading the files of one account in one look."""
    until: float = math.inf
    """When a look that has begun has to end, by `processor_seconds`."""
    account_instances: int = 250
    """Running agents and servers of one account that are told one by one."""
    instance_peers: int = 250
    """Peers of one instance that are told one by one."""

    def from_now(self) -> Limits:
        """The same for a look at one account that begins now."""
        return self._replace(until=processor_seconds() + self.account_seconds)


def processor_seconds() -> float:
    """Processor time of this process and of those it waited for: on a busy machine everything takes long, and nobody is
    to lose detail by that."""
    times = os.times()
    return time.process_time() + times.children_user + times.children_system


def at_least(count: int) -> int:
    """The largest power of two in a count, so that what is told of it does not change with every one more."""
    return 1 << (count.bit_length() - 1) if count > 0 else 0
