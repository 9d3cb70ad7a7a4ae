"""The first page of an evidence pack: what is in it, how it is checked, for somebody who never saw a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from agent import __version__
from agent.records import AiAgent, McpServer
from agent.reports.evidence.register import said_of
from agent.reports.evidence.subject import EvidenceSubject
from agent.reports.html.elements import Html, code, facts, joined, name, row, table, tag
from agent.reports.html.summary import machine_name

_HEAD = ("File", "What it is")
_CHECK = """jq -r '.files[] | "\\(.sha256)  \\(.name)"' manifest.json | sha256sum --check
openssl pkeyutl -verify -pubin -inkey journal.pub -rawin -in manifest.json -sigfile manifest.sig
rollcall audit verify journal.ndjson --key journal.pub"""


class Listed(NamedTuple):
    """A file of the pack."""

    name: str
    about: str


def page(subject: EvidenceSubject, files: Sequence[Listed]) -> Html:
    """Facts, the files, and how to check that nobody changed them."""
    rows = [row(_HEAD, (tag("a", file.name, href=file.name), file.about)) for file in files]
    return joined(
        _facts(subject),
        tag("h2", "What is in this pack"),
        tag("p", "Begin with the Statement of Applicability input. CSV files open in any spreadsheet."),
        table("Files", _HEAD, rows),
        tag("h2", "What is proved"),
        _proof(subject),
        tag("h2", "To check it yourself"),
        tag("p", "On any computer with jq and OpenSSL 3, in the folder of this pack; the third line needs Rollcall:"),
        tag("ul", [tag("li", tag("code", line)) for line in _CHECK.split("\n")]),
        tag("p", "Use the public key that was kept elsewhere than on the endpoint, where there is one."),
    )


def _facts(subject: EvidenceSubject) -> Html:
    machine = subject.machine
    still = sum(f.state in ("open", "reopened") for f in subject.nonconformities)
    return facts(
        (
            ("Endpoint", name(machine_name(machine))),
            ("Period", subject.period),
            ("Inventory", name(machine.known_from)),
            ("Made", f"{machine.made_at:%Y-%m-%d %H:%M} UTC by Rollcall {__version__}"),
            ("AI agents", f"{len(machine.of(AiAgent)):,}"),
            ("MCP servers", f"{len(machine.of(McpServer)):,}"),
            ("Nonconformities", f"{still:,} open, {len(subject.nonconformities) - still:,} acknowledged or closed"),
            ("Changes in the period", f"{len(subject.changes):,}"),
            ("Policy", name(said_of(subject.policy))),
        )
    )


def _proof(subject: EvidenceSubject) -> Html:
    if subject.key_id:
        signed = joined("The manifest is signed with key ", code(subject.key_id), " of this endpoint.")
    else:
        signed = joined("The manifest is not signed: whoever made this pack may not read the endpoint's key.")
    checks = [tag("li", name(line, 300)) for line in subject.verification]
    return joined(tag("p", signed), tag("p", "Of the journal export:"), tag("ul", checks))
