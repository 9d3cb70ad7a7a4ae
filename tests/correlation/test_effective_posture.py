"""What is in effect after precedence, and that nothing can make it look safer than it is."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.correlation.correlate import correlate
from agent.correlation.effective_posture import effective
from agent.correlation.observed_posture import observed
from agent.records import Posture, Source
from agent.records.posture import ApprovalMode, Network, Rule, Sandbox, SetBy
from agent.runtime.memo import DerivationCache
from collectors.catalog.catalog import Catalog
from tests import made
from tests.collectors.world import client
from tests.correlation.posture_layers import P, layer

MODES, SANDBOXES, NETWORKS = get_args(ApprovalMode), get_args(Sandbox), get_args(Network)
REAL = Catalog.load()


def catalog(**permissions: Any) -> Catalog:
    stated = {"source": "a test", "checked": "2026-01-01", "mode": "asks_risky", "sandbox": "none", **permissions}
    return Catalog([client("demo", permissions=stated)])


def rule(effect: str, pattern: str, set_by: SetBy = "user") -> Rule:
    return Rule(effect=effect, subject="tool", pattern=pattern, set_by=set_by)


def in_effect(*layers: Posture, project: str | None = P, known: Catalog | None = None, agent: str = "demo") -> Posture:
    found = {
        p.project: p
        for p in effective([made.agent(agent)], layers, known or catalog(project_wins=True), DerivationCache())
    }
    return found.get(project) or found[None]


def test_without_settings_the_default_of_the_client_holds_and_is_told_as_that() -> None:
    posture = in_effect(known=catalog(network="on"))
    assert (posture.approval_mode, posture.set_by, posture.source) == ("asks_risky", "default", None)
    assert (posture.basis, posture.sandbox, posture.network) == ("effective", "none", "on")


def test_a_client_whose_default_is_not_known_is_unknown() -> None:
    assert in_effect(known=catalog(mode="unknown")).approval_mode == "unknown"


def test_a_mode_that_nobody_understands_stands_for_no_default_but_the_worst() -> None:
    said = layer("user", "unknown")
    modes = [in_effect(said, known=catalog(mode=mode)).approval_mode for mode in ("asks_risky", "auto_approves")]
    assert modes == ["unknown", "unknown"]
    assert in_effect(said, known=catalog(mode="bypasses")).approval_mode == "bypasses"
    assert in_effect(layer("project", "unknown"), known=catalog(mode="auto_approves")).approval_mode == "auto_approves"


def test_a_client_of_whose_permissions_nothing_is_known_has_a_posture_that_says_so() -> None:
    [posture] = effective([made.agent()], [], Catalog([client("demo")]), DerivationCache())
    assert (posture.approval_mode, posture.sandbox, posture.network) == ("unknown", "unknown", "unknown")


def test_what_serves_others_or_is_a_library_does_nothing_by_itself() -> None:
    assert list(effective([made.agent()], [], Catalog([client("demo", kind="gateway")]), DerivationCache())) == []


@pytest.mark.parametrize(
    ("layers", "mode", "set_by"),
    [
        (("user:auto_approves",), "auto_approves", "user"),
        (("user:auto_approves", "project:asks_always"), "asks_always", "project"),
        (("user:auto_approves", "project:asks_always", "local:bypasses"), "bypasses", "local"),
        (("local:bypasses", "managed:asks_risky"), "asks_risky", "managed"),
        (("user:bypasses", "project:unknown"), "bypasses", "user"),
        (("user:asks_always", "project:unknown"), "unknown", "project"),
    ],
)
def test_the_stronger_layer_decides(layers: tuple[str, ...], mode: str, set_by: str) -> None:
    given = [layer(*one.split(":")) for one in layers]
    posture = in_effect(*given)
    assert (posture.approval_mode, posture.set_by) == (mode, set_by)
    assert posture.source == Source(path=f"/{set_by}.json", key="")


def test_where_a_project_may_be_ignored_it_can_loosen_but_not_tighten() -> None:
    known = catalog(project_wins=False)
    assert in_effect(layer("user", "bypasses"), layer("project", "asks_always"), known=known).set_by == "user"
    assert in_effect(layer("user", "asks_risky"), layer("project", "bypasses"), known=known).set_by == "project"
    denied = layer("project", rules=(rule("deny", "a", "project"), rule("allow", "b", "project")))
    assert [r.pattern for r in in_effect(denied, known=known).rules] == ["b"]


def test_outside_of_a_project_its_settings_do_not_count() -> None:
    assert in_effect(layer("project", "bypasses"), project=None).approval_mode == "asks_risky"
    assert in_effect(layer("project", "bypasses")).approval_mode == "bypasses"


def test_the_settings_of_another_account_do_not_count() -> None:
    assert in_effect(layer("user", "bypasses", owner="eve")).approval_mode == "asks_risky"


def test_an_administrators_defaults_give_way_to_everybody() -> None:
    fallback = layer("managed", "bypasses", fallback=True)
    assert in_effect(fallback).set_by == "managed"
    assert in_effect(fallback, layer("user", "asks_risky")).approval_mode == "asks_risky"


def test_of_two_files_of_one_layer_the_less_safe_counts() -> None:
    posture = in_effect(layer("user", "asks_always", path="/b"), layer("user", "auto_approves", path="/a"))
    assert posture.approval_mode == "auto_approves"


def test_what_is_locked_down_is_passed_over() -> None:
    lock = layer("managed", permitted_modes=("asks_always", "asks_risky", "auto_approves"))
    assert in_effect(lock, layer("project", "bypasses")).approval_mode == "asks_risky"
    assert in_effect(lock, layer("project", "bypasses"), layer("user", "auto_approves")).set_by == "user"
    strict = layer("managed", permitted_modes=("asks_always",))
    assert in_effect(strict).approval_mode == "asks_always"
    assert in_effect(strict).set_by == "managed"


def test_a_lock_down_in_a_project_locks_nothing() -> None:
    for place in ("project", "local"):
        lock = layer(place, permitted_modes=("asks_always",))
        assert in_effect(lock, layer("user", "bypasses")).approval_mode == "bypasses"


def test_only_managed_rules_count_where_a_managed_file_says_so() -> None:
    users, theirs = layer("user", rules=(rule("allow", "a"),)), rule("deny", "b", "managed")
    lock = layer("managed", rules=(theirs,), managed_rules_only=True)
    assert in_effect(users, lock).rules == (theirs,)
    assert len(in_effect(users, layer("project", managed_rules_only=True)).rules) == 1


def test_rules_of_all_layers_count_and_say_who_set_them() -> None:
    layers = [
        layer("user", rules=(rule("deny", "a"), rule("deny", "a"))),
        layer("project", rules=(rule("allow", "a", "project"),)),
    ]
    told = [(r.effect, r.set_by) for r in in_effect(*layers).rules]
    assert told == [("deny", "user"), ("allow", "project")]
    told = [(r.effect, r.set_by) for r in in_effect(*layers, known=catalog(rules="last_wins")).rules]
    assert told == [("allow", "project")]


def test_without_a_sandbox_there_is_no_limit_to_the_network() -> None:
    assert in_effect(layer("user", sandbox="partial", network="off")).network == "off"
    assert in_effect(layer("user", sandbox="none", network="off")).network == "on"


@pytest.mark.parametrize(
    ("policy", "sandbox", "mode"),
    [
        ("auto_approves", "partial", "auto_approves"),
        ("auto_approves", "none", "bypasses"),
        ("asks_risky", "none", "bypasses"),
        ("asks_always", "none", "asks_always"),
    ],
)
def test_codex_without_a_sandbox_has_nothing_left_to_ask_for(policy: str, sandbox: str, mode: str) -> None:
    own = layer("user", policy, sandbox=sandbox, agent="codex")
    assert in_effect(own, known=REAL, agent="codex").approval_mode == mode


def test_flags_are_what_was_observed_of_a_process() -> None:
    args = ("--sandbox", "danger-full-access", "-a=never", "--bogus")
    (posture,) = observed([made.instance(agent="codex", args=args, project=P)], (), REAL)
    assert (posture.basis, posture.set_by, posture.project) == ("observed", "flag", P)
    assert (posture.approval_mode, posture.sandbox, posture.network) == ("bypasses", "none", "on")
    assert posture.flags == ("--sandbox danger-full-access", "-a never")


def test_a_bypass_flag_of_unknown_reach_bypasses() -> None:
    (posture,) = observed([made.instance(bypass_flags=("--anything-goes",))], (), catalog())
    assert (posture.approval_mode, posture.flags) == ("bypasses", ("--anything-goes",))


def test_a_process_without_such_flags_shows_no_posture() -> None:
    quiet = [made.instance(agent="codex", args=("exec",)), made.instance(8, subject="mcp_server", bypass_flags=("-y",))]
    assert list(observed(quiet, (), REAL)) == []


@cache
def _catalogs() -> list[Catalog]:
    return [
        catalog(mode=mode, project_wins=wins, unconfined_bypasses=unconfined, rules=rules)
        for mode in ("asks_always", "unknown", "bypasses")
        for wins in (True, False)
        for unconfined in (True, False)
        for rules in ("deny_wins", "last_wins")
    ]


PLACES = st.sampled_from(["managed", "user", "local", "project"])
RULES = st.lists(st.builds(rule, st.sampled_from(["allow", "ask", "deny"]), st.sampled_from("ab")), max_size=2)


@st.composite
def layers(draw: st.DrawFn) -> Posture:
    place = draw(PLACES)
    limits = st.none() | st.lists(st.sampled_from(MODES), min_size=1, unique=True).map(
        lambda some: tuple(mode for mode in MODES if mode in some)
    )
    return layer(
        place,
        draw(st.none() | st.sampled_from(MODES)),
        sandbox=draw(st.none() | st.sampled_from(SANDBOXES)),
        network=draw(st.none() | st.sampled_from(NETWORKS)),
        rules=tuple(r.model_copy(update={"set_by": place}) for r in draw(RULES)),
        permitted_modes=draw(limits),
        managed_rules_only=draw(st.booleans()),
        fallback=place == "managed" and draw(st.booleans()),
        path=draw(st.sampled_from(["/1", "/2"])),
    )


def safety(posture: Posture) -> tuple[int, int, int]:
    assert posture.approval_mode and posture.sandbox and posture.network
    return (
        MODES.index(posture.approval_mode),
        SANDBOXES.index(posture.sandbox),
        NETWORKS.index(posture.network),
    )


def allowed(posture: Posture) -> set[str]:
    return {r.pattern for r in posture.rules if r.effect == "allow"}


def refused(posture: Posture) -> set[tuple[str, str]]:
    return {(r.effect, r.pattern) for r in posture.rules if r.effect != "allow"}


@settings(max_examples=120, deadline=None)
@given(st.lists(layers(), max_size=5), PLACES, st.sampled_from(range(24)))
def test_adding_a_bypass_anywhere_never_makes_the_posture_safer(given_: list[Posture], place: Any, which: int) -> None:
    known = _catalogs()[which]
    wide = tuple(rule("allow", pattern, place) for pattern in "ab")
    bypass = layer(place, "bypasses", sandbox="none", network="on", rules=wide, path="/bypass")
    before, after = in_effect(*given_, known=known), in_effect(*given_, bypass, known=known)
    assert all(new >= old for old, new in zip(safety(before), safety(after), strict=True))
    assert allowed(before) <= allowed(after)
    assert refused(after) <= refused(before)


@settings(max_examples=120, deadline=None)
@given(st.lists(layers(), max_size=4), layers().filter(lambda p: p.set_by == "project"), st.sampled_from(range(24)))
def test_where_projects_may_be_ignored_nothing_in_one_makes_the_posture_safer(
    given_: list[Posture], hostile: Posture, which: int
) -> None:
    stated = _catalogs()[which].clients["demo"].permissions
    assert stated
    known = catalog(**(stated.model_dump() | {"project_wins": False}))
    before, after = in_effect(*given_, known=known), in_effect(*given_, hostile, known=known)
    assert all(new >= old for old, new in zip(safety(before), safety(after), strict=True))
    assert refused(after) <= refused(before)


def test_the_inventory_holds_what_is_configured_what_is_in_effect_and_what_was_observed() -> None:
    facts = [made.agent(), layer("user", "auto_approves"), made.instance(bypass_flags=("--yolo",))]
    records = correlate(facts, catalog(), live=True).values()
    told = {p.basis: p.approval_mode for p in records if isinstance(p, Posture)}
    assert told == {"configured": "auto_approves", "effective": "auto_approves", "observed": "bypasses"}


SHARED = Path(__file__).resolve().parents[3] / "shared" / "clients"


@pytest.mark.parametrize(
    ("home", "agent", "mode", "set_by", "allowed_", "approvals"),
    [
        (
            "claude",
            "claude-code",
            "asks_risky",
            "default",
            [],
            {"proj-stdio": "pending", "probe-stdio": "not_applicable"},
        ),
        ("codex", "codex", "asks_risky", "default", [], {"probe-http": "not_applicable"}),
        ("gemini", "gemini-cli", "asks_risky", "default", ["probe-stdio"], {"probe-stdio": "not_applicable"}),
        ("copilot", "copilot-cli", "asks_risky", "default", [], {"probe-sse": "not_applicable"}),
        ("opencode", "opencode", "auto_approves", "user", ["echo *"], {"probe-stdio": "not_applicable"}),
    ],
)
def test_homes_of_real_clients_have_the_posture_that_their_commands_set(
    tmp_path: Path, home: str, agent: str, mode: str, set_by: str, allowed_: list[str], approvals: dict[str, str]
) -> None:
    if not SHARED.is_dir():
        pytest.skip("the recorded homes of real clients are not here")
    records = _once(tmp_path, SHARED / home)
    (posture,) = [r for r in records if r["kind"] == "posture" and r["basis"] == "effective" and not r["project"]]
    assert (posture["agent"], posture["approval_mode"], posture["set_by"]) == (agent, mode, set_by)
    assert [r["pattern"] for r in posture["rules"] if r["effect"] == "allow"] == allowed_
    states = {r["server"]: r["state"] for r in records if r["kind"] == "approval"}
    assert approvals.items() <= states.items()
    if home == "codex":
        assert posture["trusted_folders"] == ["/home/dev/proj"]


def _once(tmp_path: Path, home: Path) -> list[dict[str, Any]]:
    shutil.copytree(home, tmp_path / "home/dev")
    arguments = ["--once", "--root", str(tmp_path), "--format", "ndjson", "--no-deliver"]
    done = subprocess.run([sys.executable, "-m", "agent", *arguments], capture_output=True, text=True, timeout=60)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_profile_that_an_argument_chooses_counts_for_that_process() -> None:
    fast = layer("user", "auto_approves", agent="codex", profile="fast", sandbox="none", path="/fast.config.toml")
    slow = layer("user", "asks_always", agent="codex", profile="slow", path="/slow.config.toml")
    runs = made.instance(agent="codex", args=("--profile", "fast"))
    (posture,) = observed([runs], [fast, slow], REAL)
    # Without a sandbox Codex has nothing left to ask for.
    assert (posture.approval_mode, posture.sandbox, posture.flags) == ("bypasses", "none", ("--profile fast",))
    assert list(observed([made.instance(agent="codex", args=("--profile", "other"))], [fast, slow], REAL)) == []
