"""The files of an evidence pack that follow from records; the journal, its proof and the policy are added beside."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from agent.reports.evidence import applicability, cross_map, history, index, method, register, risks
from agent.reports.evidence.index import Listed
from agent.reports.evidence.subject import EvidenceSubject
from agent.reports.html import page as report
from agent.reports.html.elements import Html, joined, tag

_Make = Callable[[EvidenceSubject], Iterator[str]]


@dataclass(frozen=True)
class PackFile:
    """A file by its name, what it is, and its lines."""

    name: str
    about: str
    make: _Make


def _page(title: str, make: Callable[[EvidenceSubject], Html]) -> _Make:
    return lambda subject: _document(title, subject, make(subject))


def _document(title: str, subject: EvidenceSubject, body: Html) -> Iterator[str]:
    back = tag("nav", tag("ul", tag("li", tag("a", "Contents of this pack", href="index.html"))), aria_label="Pack")
    top = tag("header", tag("h1", title), tag("p", f"Period: {subject.period}."), back)
    return report.document(title, top, body)


FILES = (
    PackFile(
        "statement-of-applicability.html",
        "Input for the Statement of Applicability: per control objective and clause what is held, what does not "
        "conform, what cannot be shown and who has to",
        _page("Input for the Statement of Applicability", applicability.page),
    ),
    PackFile(
        "statement-of-applicability.csv",
        "The same as a list, with empty columns for applicability and justification",
        lambda subject: applicability.applicability(subject).csv(),
    ),
    PackFile(
        "inventory-register.csv",
        "Inventory register: a row for each AI agent and each MCP server",
        lambda subject: register.register(subject).csv(),
    ),
    PackFile("inventory-register.json", "The same for programs", register.as_json),
    PackFile(
        "risk-register.html",
        "Input for the risk register: each class of finding with its exposure and how it is treated",
        _page("Input for the risk register", lambda subject: risks.page(subject)),
    ),
    PackFile("risk-register.csv", "The same as a list", lambda subject: risks.risks(subject).csv()),
    PackFile(
        "nonconformities.csv",
        "Each finding that was open in the period: when it was opened and closed, who answers for it",
        lambda subject: risks.nonconformities(subject).csv(),
    ),
    PackFile(
        "changes.csv", "What changed in the period, entry by entry", lambda subject: history.changes(subject).csv()
    ),
    PackFile(
        "cross-map.html",
        "Which functions of the NIST AI RMF and duties under the EU AI Act the same evidence can serve",
        _page("Cross-map", lambda _: cross_map.page()),
    ),
    PackFile(
        "method-and-limits.html", "How it was made, and what it cannot say", _page("Method and limits", method.page)
    ),
    PackFile(
        "report.html", "The whole report of the endpoint on one page", lambda subject: report.lines(subject.machine)
    ),
)


def contents(subject: EvidenceSubject, others: Sequence[Listed]) -> Mapping[str, Callable[[], Iterator[str]]]:
    """The maker of each file's lines, by the file's name; the first page lists the others too."""
    listed = [*(Listed(file.name, file.about) for file in FILES), *others]
    first = joined(index.page(subject, listed))
    makers: dict[str, Callable[[], Iterator[str]]] = {
        "index.html": lambda: report.document("Evidence pack", tag("header", tag("h1", "Evidence pack")), first)
    }
    for file in FILES:
        makers[file.name] = partial(file.make, subject)
    return makers
