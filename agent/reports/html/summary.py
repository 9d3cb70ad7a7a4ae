"""The beginning of the page: the three worst risks, and how much there is of what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from agent.governance.rules.meanings import meaning
from agent.records import AiAgent, Diagnostic, Endpoint, Instance, McpServer, Owner
from agent.records.finding import SEVERITIES
from agent.reports.html.elements import Html, badge, joined, name, tag
from agent.reports.html.subject import Machine, Risk

_WORST = 3
_NAMED = 3


def summary(machine: Machine) -> Html:
    """What to look at first, and the numbers."""
    risks = machine.risks[:_WORST]
    if risks:
        what = tag("ol", [_card(risk) for risk in risks], class_="worst")
        title = "The worst risk" if len(risks) == 1 else f"The {('two', 'three')[len(risks) - 2]} worst risks"
    else:
        what, title = tag("p", "Nothing wants attention.", class_="calm"), "What needs attention"
    numbers = tag(
        "ul", [tag("li", tag("b", f"{count:,}"), f" {_plural(count, what)}") for count, what in _numbers(machine)]
    )
    return tag("section", tag("h2", title), what, tag("div", numbers, class_="numbers"), id="summary")


def anchor(risk: Risk) -> str:
    """The id of a risk's place among the findings."""
    return f"risk-{risk.first.severity}-{risk.first.rule}"


def subjects(risk: Risk, most: int = _NAMED) -> Html:
    """The first subjects of a risk, and how many more it has."""
    named = list(dict.fromkeys(finding.subject for finding in risk.findings))
    more = f" and {len(named) - most:,} more" if len(named) > most else ""
    shown = [joined(", " if n else "", name(subject, 80)) for n, subject in enumerate(named[:most])]
    return joined(shown, more)


def _card(risk: Risk) -> Html:
    return tag(
        "li",
        tag("h3", badge(risk.first.severity), " ", tag("a", name(risk.first.title), href=f"#{anchor(risk)}")),
        tag("p", meaning(risk.first.rule)),
        tag("p", tag("b", "Where: "), subjects(risk)),
        tag("p", tag("b", "To do: "), risk.first.remediation),
        class_=f"card {risk.first.severity}",
    )


def _numbers(machine: Machine) -> Iterator[tuple[int, str]]:
    severities = Counter(finding.severity for finding in machine.wanting)
    for severity in reversed(SEVERITIES):
        if severities[severity]:
            yield severities[severity], f"{severity} finding"
    yield len(machine.of(AiAgent)), "AI agent"
    yield len(machine.of(McpServer)), "MCP server"
    yield len(machine.of(Instance)), "running now"
    yield len({owner.owner for owner in machine.of(Owner)}), "account"
    gaps = sum(d.severity != "info" for d in machine.of(Diagnostic))
    if gaps:
        yield gaps, "gap in what could be seen"


def machine_name(machine: Machine) -> str:
    """How a person calls the machine."""
    for endpoint in machine.of(Endpoint):
        return endpoint.hostname or f"the endpoint {endpoint.endpoint_id[:12]}"
    return "a machine"


def _plural(count: int, what: str) -> str:
    if count == 1 or what.endswith("now"):
        return what
    return what.replace("gap", "gaps") if what.startswith("gap") else f"{what}s"
