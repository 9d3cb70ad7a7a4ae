"""The page: it tells the worst first, holds no markup that somebody else wrote, and is of bearable size."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest

from agent.records import DataSource, Evidence, Finding, McpServer, Posture, Proof, Record, Source
from agent.records.posture import Rule
from agent.reports.html.events import event
from agent.reports.html.page import lines
from agent.reports.html.subject import Machine
from tests import made

NOW = datetime(2026, 1, 2, tzinfo=UTC)
HOSTILE = (
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "</style></title></textarea><svg onload=alert(1)>",
    "javascript:alert(1)",
    "--><iframe srcdoc='<script>alert(1)</script>'>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "]]><math><mtext></form><a href=//evil.example>",
    "{{7*7}}${7*7}<%= 7*7 %>",
)  # fmt: skip


class Seen(HTMLParser):
    """Elements, attributes and text of a page, as a parser that is not ours sees them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[tuple[str, str]] = set()
        self.links: set[str] = set()
        self.raw: dict[str, str] = {}
        self.text = ""
        self._inside = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag
        self.tags.add(tag)
        self.attributes |= {(tag, name) for name, _ in attrs}
        self.links |= {value or "" for name, value in attrs if name in ("href", "src", "action")}

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside in ("script", "style"):
            self.raw[self._inside] = self.raw.get(self._inside, "") + data
        else:
            self.text += data


def page(*records: Record, **fields: Any) -> str:
    return "\n".join(lines(Machine(records, "a test", NOW, **fields)))


def finding(about: Record, /, severity: Any = "high", rule: str = "server.x", **fields: Any) -> Finding:
    given = {
        "rule": rule, "title": f"Title of {rule}", "severity": severity, "subject_id": about.id,
        "subject_key": about.id, "subject": f"about {about.id[:6]}", "remediation": "Mend it.", "opened_at": NOW,
        "agent": "demo", **fields,
    }  # fmt: skip
    return Finding(endpoint_id="e", owner="dev", evidence=Evidence(collector="rollcall"), **given)


def posture(**fields: Any) -> Posture:
    given = {"owner": "dev", "basis": "effective", "agent": "demo", "set_by": "user", **fields}
    return Posture(endpoint_id="e", evidence=Evidence(collector="x"), **given)


def everywhere(text: str) -> Sequence[Record]:
    """Records that say this wherever they can."""
    server = made.server(
        text, path=text, agent=text, owner=text, project=text, scope="project", command=text, args=(text,),
        package=text, env_names=(text,), header_names=(text,), data=(DataSource(kind="saas", target=text),),
    )  # fmt: skip
    rule = Rule(effect="allow", subject="tool", pattern=text, tool=text, set_by="user")
    return (
        server,
        made.agent(text, owner=text, name=text, vendor=text, version=text, paths=(text,), accountable=text, servers=1),
        made.owner(text, home=text),
        made.instance(agent=text, owner=text, name=text, cwd=text, bypass_flags=(text,)),
        made.diagnostic(code=text, path=text, agent=text, owner=text),
        posture(owner=text, agent=text, project=text, rules=(rule,), source=Source(path=text, key=text)),
        finding(
            server, "critical", text, title=text, subject=text, remediation=text, agent=text, accountable=text,
            evidence_for=(Proof(what=text, value=text),), controls=(text,),
        ),
    )  # fmt: skip


def test_no_text_of_others_becomes_markup() -> None:
    plain = Seen(page(*everywhere("ordinary"), events=[_event("ordinary")]))
    hostile = "".join(HOSTILE)
    seen = Seen(page(*everywhere(hostile), events=[_event(hostile)]))
    assert seen.tags == plain.tags
    assert seen.attributes == plain.attributes
    assert all(link.startswith("#") for link in seen.links)
    assert seen.raw == plain.raw
    assert HOSTILE[0] in seen.text


def _event(text: str) -> Any:
    record = {"kind": "mcp_server", "name": text, "agent": text, "owner": text}
    return event({"at": "2026-01-01T00:00:00Z", "op": "changed", "record": record,
                  "changes": [{"field": text, "before": text, "after": [text]}]})  # fmt: skip


def test_the_content_policy_allows_the_page_and_nothing_else() -> None:
    text = page(made.server())
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    directives = dict(part.strip().split(" ", 1) for part in unescape(policy).split(";"))
    assert directives.pop("default-src") == "'none'"
    assert directives["base-uri"] == directives["form-action"] == "'none'"
    raw = Seen(text).raw
    for name, directive in (("script", "script-src"), ("style", "style-src")):
        digest = base64.b64encode(hashlib.sha256(raw[name].encode()).digest()).decode()
        assert directives[directive] == f"'sha256-{digest}'"
    assert " style=" not in text


def test_the_three_worst_risks_come_first() -> None:
    servers = [made.server(f"s{n}") for n in range(6)]
    found = [
        finding(servers[0], "low", "z.low"),
        finding(servers[0], "high", "a.one"),
        finding(servers[1], "high", "b.two"),
        finding(servers[2], "high", "b.two"),
        finding(servers[3], "critical", "z.worst"),
        finding(servers[4], "critical", "a.gone", state="resolved"),
    ]
    text = Seen(page(*servers, *found)).text
    places = [text.index(f"Title of {rule}") for rule in ("z.worst", "b.two", "a.one", "z.low")]
    assert places == sorted(places)
    assert "a.gone" not in text
    assert "The three worst risks" in text and "1 resolved" in text


def test_a_machine_with_nothing_says_so() -> None:
    text = Seen(page()).text
    for told in ("Nothing wants attention.", "No AI agents found.", "No gap is known.", "No journal"):
        assert told in text


def test_what_is_left_out_is_said_and_the_worst_is_kept() -> None:
    servers: list[McpServer] = [made.server(f"server-{n:04}") for n in range(2_100)]
    text = Seen(page(made.agent(servers=2_100), *servers, finding(servers[-1], "critical"))).text
    assert "100 more servers with no graver findings than these are not on this page" in text
    assert "server-2099" in text and "server-2098" not in text


def test_a_very_long_name_is_cut_and_its_length_told() -> None:
    text = page(made.server("x" * 10_000))
    assert len(text) < 100_000
    assert "10,000 characters" in text


@pytest.mark.parametrize("name", ["a\u202eb", "a\u2066b", "a\x1b[2Jb", "a\nb", "a\ud800b", "a\x00b"])
def test_what_turns_the_direction_of_writing_or_is_no_text_is_replaced(name: str) -> None:
    assert "<bdi>a\N{REPLACEMENT CHARACTER}" in page(made.server(name))
    page(made.server(name)).encode()


def test_letters_of_a_script_from_right_to_left_stay_in_their_place() -> None:
    assert "<bdi>שרת-קבצים</bdi>" in page(made.server("שרת-קבצים"))
