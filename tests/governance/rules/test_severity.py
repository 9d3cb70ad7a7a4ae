"""Findings about permissions over all postures that can be made: a bypass never makes them milder."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.correlation.effective_posture import effective
from agent.correlation.observed_posture import observed
from agent.governance.findings import Assessor
from agent.governance.policy.model import Policy
from agent.governance.rules import permissions
from agent.governance.rules.rule import RuleContext
from agent.records import Finding, Posture
from agent.records.finding import SEVERITIES
from agent.records.posture import ApprovalMode, Network, Rule, Sandbox, SetBy
from agent.runtime.memo import DerivationCache
from collectors.catalog.catalog import Catalog
from tests import made
from tests.collectors.world import client
from tests.correlation.posture_layers import P, layer

MODES, SANDBOXES, NETWORKS = get_args(ApprovalMode), get_args(Sandbox), get_args(Network)
PATHS = st.sampled_from(["/1", "/2"])
PLACES = st.sampled_from(["managed", "user", "local", "project"])
CEILINGS = ("asks_always", "asks_risky", "auto_approves", "bypasses")
POLICIES = [Policy(), *(Policy.model_validate({"version": "1", "permissions": {"max_mode": m}}) for m in CEILINGS)]
POLICIES += [Policy.model_validate({"version": "1", "permissions": {"require_sandbox": True}})]


def catalog(mode: str, wins: bool) -> Catalog:
    stated = {"source": "a test", "checked": "2026-01-01", "mode": mode, "sandbox": "none", "project_wins": wins}
    return Catalog([client("demo", permissions=stated)])


CATALOGS = [catalog(mode, wins) for mode in ("asks_always", "asks_risky", "unknown") for wins in (True, False)]


def rule(effect: str, pattern: str, set_by: SetBy) -> Rule:
    return Rule(effect=effect, subject="tool", pattern=pattern, set_by=set_by)


@st.composite
def layers(draw: st.DrawFn, places: Any = PLACES, paths: Any = PATHS) -> Posture:
    place = draw(places)
    rules = [rule(effect, pattern, place) for effect, pattern in draw(st.lists(RULES, max_size=2))]
    return layer(
        place,
        draw(st.none() | st.sampled_from(MODES)),
        sandbox=draw(st.none() | st.sampled_from(SANDBOXES)),
        network=draw(st.none() | st.sampled_from(NETWORKS)),
        rules=tuple(rules),
        trusted_folders=draw(st.sampled_from([(), ("/",), ("/srv/p",)])),
        unknown=draw(st.sampled_from([(), ("odd",)])),
        path=draw(paths),
    )


RULES = st.tuples(st.sampled_from(["allow", "ask", "deny"]), st.sampled_from(["*", "Bash", "Read"]))


def findings(given_: Iterable[Posture], known: Catalog, policy: Policy, *flags: str) -> list[Finding]:
    """About the agent in the project, and about its process."""
    given_ = [posture for posture in given_ if posture.project in (None, P)]
    instance = made.instance(bypass_flags=flags)
    postures = [
        *given_,
        *effective([made.agent()], given_, known, DerivationCache()),
        *observed([instance], given_, known),
    ]
    records = {posture.id: posture for posture in postures}
    found = Assessor(permissions.RULES, policy).assess(RuleContext(records, policy, known), {})
    return list(found.values())


def worst(found: Iterable[Finding]) -> int:
    return max((SEVERITIES.index(finding.severity) for finding in found), default=-1)


@settings(max_examples=150, deadline=None)
@given(st.lists(layers(), max_size=4), PLACES, st.sampled_from(CATALOGS), st.sampled_from(POLICIES))
def test_a_bypass_in_any_layer_never_lowers_the_worst_severity(
    given_: list[Posture], place: Any, known: Catalog, policy: Policy
) -> None:
    bypass = layer(place, "bypasses", sandbox="none", network="on", rules=(rule("allow", "*", place),), path="/bypass")
    assert worst(findings([*given_, bypass], known, policy)) >= worst(findings(given_, known, policy))


@settings(max_examples=60, deadline=None)
@given(st.lists(layers(), max_size=3), st.sampled_from(CATALOGS), st.sampled_from(POLICIES))
def test_a_bypass_flag_of_a_process_never_lowers_it_and_is_critical(
    given_: list[Posture], known: Catalog, policy: Policy
) -> None:
    before, after = findings(given_, known, policy), findings(given_, known, policy, "--yolo")
    assert worst(after) >= worst(before)
    assert worst(after) == SEVERITIES.index("critical")


@st.composite
def sessions(draw: st.DrawFn) -> Posture:
    project, mode = draw(st.sampled_from([None, P])), draw(st.none() | st.sampled_from(MODES))
    sandbox = draw(st.none() | st.sampled_from(SANDBOXES))
    return layer("session", mode, sandbox=sandbox, basis="observed", source=None, project=project)


@settings(max_examples=100, deadline=None)
@given(st.lists(layers(), max_size=3), sessions(), st.sampled_from(CATALOGS), st.sampled_from(POLICIES))
def test_a_transcript_never_lowers_it_and_one_of_a_bypass_makes_it_critical(
    given_: list[Posture], session: Posture, known: Catalog, policy: Policy
) -> None:
    before, after = worst(findings(given_, known, policy)), worst(findings([*given_, session], known, policy))
    assert after >= before
    assert after == SEVERITIES.index("critical") or session.approval_mode != "bypasses"


@settings(max_examples=150, deadline=None)
@given(
    st.lists(layers(), max_size=3),
    sessions(),
    layers(st.just("project"), st.just("/hostile")),
    st.sampled_from(MODES[:3]),
    st.sampled_from(POLICIES),
)
def test_where_a_project_may_be_ignored_nothing_in_it_lowers_the_worst_severity(
    given_: list[Posture], session: Posture, hostile: Posture, mode: str, policy: Policy
) -> None:
    known, given_ = catalog(mode, wins=False), [*given_, session]
    assert worst(findings([*given_, hostile], known, policy)) >= worst(findings(given_, known, policy))
