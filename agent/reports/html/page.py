"""The page: its parts in the order in which people ask, under a content policy that allows nothing else."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path

from agent import __version__
from agent.reports.html.agents import agents
from agent.reports.html.coverage import coverage
from agent.reports.html.elements import Html, joined, name, short, tag
from agent.reports.html.findings import findings
from agent.reports.html.inventory import inventory
from agent.reports.html.permissions import permissions
from agent.reports.html.subject import Machine
from agent.reports.html.summary import machine_name, summary
from agent.reports.html.timeline import timeline
from agent.reports.html.topology import topology

_PARTS = {
    "summary": ("Summary", summary),
    "findings": ("Findings", findings),
    "inventory": ("Inventory", inventory),
    "agents": ("Agents", agents),
    "topology": ("Who reaches what", topology),
    "permissions": ("Permissions", permissions),
    "timeline": ("Timeline", timeline),
    "coverage": ("Coverage", coverage),
}
_NO_COMPLIANCE = "It shows what was seen; it is no statement of conformity with any standard or law."


def lines(machine: Machine) -> Iterator[str]:
    """The whole document."""
    called = machine_name(machine)
    links = [tag("li", tag("a", title, href=f"#{id_}")) for id_, (title, _) in _PARTS.items()]
    top = tag(
        "header",
        tag("h1", "AI agents and MCP servers on ", name(called)),
        tag("p", f"{machine.made_at:%Y-%m-%d %H:%M} UTC, from {short(machine.known_from)}. Rollcall {__version__}."),
        tag("nav", tag("ul", links), aria_label="Parts of this page"),
    )
    body = joined([part(machine) for _, part in _PARTS.values()])
    yield from document(f"Rollcall: {short(called, 60)}", top, body, script=True)


def document(title: str, top: Html, body: Html, *, script: bool = False) -> Iterator[str]:
    """A whole document around a page's parts, line by line."""
    style, program = _file("style.css"), _file("filter.js") if script else ""
    sources = f"script-src {_hash(program)}" if script else "script-src 'none'"
    policy = f"default-src 'none'; style-src {_hash(style)}; {sources}; base-uri 'none'; form-action 'none'"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", title),
        tag("style", Html(style)),
    )
    whole = tag(
        "html",
        head,
        tag(
            "body",
            tag("a", "Skip to the content", href="#main", class_="skip"),
            top,
            tag("main", body, id="main", tabindex=-1),
            tag("footer", tag("p", f"Made by Rollcall {__version__}. {_NO_COMPLIANCE}")),
            tag("script", Html(program)) if script else None,
        ),
        lang="en",
    )
    yield "<!doctype html>"
    yield from whole.split("\n")


def _file(called: str) -> str:
    return (Path(__file__).parent / called).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
