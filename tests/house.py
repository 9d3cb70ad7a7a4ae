"""The plan of the tree: what each folder is about, and which others it may import. `docs/architecture.md` shows it."""

from __future__ import annotations

from typing import NamedTuple


class Room(NamedTuple):
    """One folder, or one file that stands alone."""

    about: str
    imports: tuple[str, ...]


_SEES_ALL = ("agent", "collectors")

ROOMS: dict[str, Room] = {
    "agent/records": Room("what is said: a frozen model a kind", ()),
    "agent/redaction": Room("secrets out of command lines, URLs and text", ()),
    "agent/runtime": Room("this process: logs, lazy imports, child processes, locks, atomic files", ("agent/records",)),
    "agent/platform": Room(
        "accounts, homes, machine id: a file a system", ("agent/runtime", "collectors/sources")
    ),
    "agent/network": Room(
        "who is at the other end of a connection", ("agent/records", "agent/runtime", "collectors/reach")
    ),
    "agent/journal": Room("the log: append-only, numbered, hash-chained, signed", ("agent/records", "agent/runtime")),
    "agent/correlation": Room(
        "definition joined with process and socket; effective posture; coverage",
        ("agent/records", "agent/runtime", "agent/network", "collectors/catalog", "collectors/launch",
         "collectors/sources"),
    ),
    "agent/governance": Room(
        "policy, rules, findings, owners, trust, baseline, controls",
        ("agent/records", "agent/redaction", "agent/runtime", "collectors/catalog", "collectors/launch",
         "collectors/reach", "collectors/sources"),
    ),
    "agent/inventory": Room(
        "what is true now: collectors run, facts kept, records derived and stored",
        ("agent/records", "agent/redaction", "agent/runtime", "agent/platform", "agent/network", "agent/journal",
         "agent/correlation", "agent/governance", "collectors"),
    ),
    "agent/delivery": Room(
        "cursor, sender, supervisor, targets", ("agent/records", "agent/runtime", "agent/journal")
    ),
    "agent/probe": Room(
        "asks servers for their tools, in a sandbox",
        ("agent/records", "agent/redaction", "agent/runtime", "collectors/launch", "collectors/readers",
         "collectors/tools"),
    ),
    "agent/reports": Room(
        "what people read: pure functions of records",
        ("agent/records", "agent/runtime", "agent/governance", "agent/probe", "collectors/catalog",
         "collectors/readers"),
    ),
    "agent/config": Room(
        "the sections that the layers declare, composed and loaded",
        ("agent/runtime", "agent/journal", "agent/governance", "agent/inventory", "agent/delivery"),
    ),
    "agent/service": Room("daemon, session, health, status, the one-shot scan", _SEES_ALL),
    "agent/cli": Room("the commands, a file a group", _SEES_ALL),
    "collectors/sources": Room("bounded reading of files, documents, processes, sockets; watching", ()),
    "collectors/catalog": Room("the clients, as data, and their schema", ("agent/records", "collectors/sources")),
    "collectors/launch": Room("what a command line starts", ("agent/redaction",)),
    "collectors/reach": Room("what a server reaches", ("agent/records", "agent/redaction", "collectors/launch")),
    "collectors/text": Room("what texts that models read hide", ("agent/records", "agent/redaction")),
    "collectors/contract.py": Room(
        "what a collector is", ("agent/records", "collectors/catalog", "collectors/sources")
    ),
    "collectors/events.py": Room(
        "what a source of events is", ("agent/records", "collectors/contract.py", "collectors/catalog")
    ),
    "collectors/locate": Room(
        "which files to read: path index, projects, presence, versions",
        ("agent/records", "agent/redaction", "collectors/contract.py", "collectors/catalog", "collectors/launch",
         "collectors/sources"),
    ),
    "collectors/readers": Room(
        "what one file says: servers, posture, artifacts, providers",
        ("agent/records", "agent/redaction", "collectors/contract.py", "collectors/catalog", "collectors/launch",
         "collectors/reach", "collectors/locate", "collectors/sources", "collectors/text"),
    ),
    "collectors/configs": Room(
        "the collector of configuration files, and its watch",
        ("agent/records", "collectors/contract.py", "collectors/catalog", "collectors/locate", "collectors/readers",
         "collectors/sources"),
    ),
    "collectors/processes": Room(
        "the collector of processes: tree, classifier, signatures, instances",
        ("agent/records", "agent/redaction", "collectors/contract.py", "collectors/catalog", "collectors/launch",
         "collectors/locate", "collectors/sources"),
    ),
    "collectors/sockets": Room(
        "the collector of sockets, and the peers it counts",
        ("agent/records", "collectors/contract.py", "collectors/sources"),
    ),
    "collectors/transcripts": Room(
        "what sessions ran with, and what they did, from the clients' transcripts",
        ("agent/records", "agent/redaction", "collectors/contract.py", "collectors/events.py", "collectors/catalog",
         "collectors/locate", "collectors/readers", "collectors/sources"),
    ),
    "collectors/tools": Room(
        "what servers offer: tools as clients, packages and logs keep them, and what they seem to do",
        ("agent/records", "agent/redaction", "collectors/contract.py", "collectors/catalog", "collectors/sources",
         "collectors/text", "collectors/transcripts"),
    ),
    "collectors/telemetry": Room(
        "what clients send of themselves by OTLP, received on a loopback port",
        ("agent/records", "collectors/catalog", "collectors/sources", "collectors/transcripts"),
    ),
}  # fmt: skip


def table() -> str:
    """The plan as a Markdown table."""
    rows = [
        f"| `{folder}` | {room.about} | {', '.join(f'`{name}`' for name in room.imports) or 'nothing of ours'} |"
        for folder, room in ROOMS.items()
    ]
    return "\n".join(["| folder | what | may import |", "|---|---|---|", *rows])
