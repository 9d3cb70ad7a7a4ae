"""For which version of a client a posture was concluded, and what is not known of other versions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.config.settings import Settings
from agent.correlation.client_versions import as_of, is_known
from agent.correlation.effective_posture import effective
from agent.records import Finding, Posture
from agent.records.posture import ApprovalMode
from agent.runtime.memo import DerivationCache
from agent.service.scan import take_inventory
from collectors.catalog.catalog import Catalog
from collectors.catalog.permissions import Permissions
from collectors.catalog.version_numbers import release
from tests import made
from tests.collectors.world import client
from tests.correlation.posture_layers import layer

MODES = get_args(ApprovalMode)


def permissions(*versions: str) -> Permissions:
    return Permissions.model_validate({"source": "a test", "checked": "2026-01-01", "versions": versions or None})


@pytest.mark.parametrize(
    ("version", "checked", "known"),
    [
        ("2.1.197", ("2.1.197", "2.1.197"), True),
        ("2.1.196", ("2.1.197", "2.1.197"), False),
        ("2.9", ("2.1.197", "2.1.197"), True),
        ("3.0.0", ("2.1.197", "2.1.197"), False),
        ("2.1", ("2.1.0", "2.1.0"), True),
        ("0.169.4", ("0.169.0", "0.169.0"), True),
        ("0.170.0", ("0.169.0", "0.169.0"), False),
        ("0.140.0", ("0.139.0", "0.169.0"), True),
        ("1.0.0", ("0.139.0", "0.169.0"), False),
        ("0.169.0-alpha.1", ("0.169.0", "0.169.0"), True),
        (None, ("0.169.0", "0.169.0"), None),
        ("latest", ("0.169.0", "0.169.0"), None),
        ("1.0.0", (), None),
    ],
)
def test_versions_like_those_that_were_checked_are_known(
    version: str | None, checked: tuple[str, ...], known: bool | None
) -> None:
    assert is_known(version, permissions(*checked)) is known


def test_what_is_no_version_has_no_numbers() -> None:
    assert release("v2.1.197-beta.1") == (2, 1, 197)
    assert [release(text) for text in ("", "7", "2.1 and a secret", "2.1\n", "1." * 40 + "1", "a2.1")] == [None] * 6


@pytest.mark.parametrize(
    ("version", "mode"),
    [("0.148.9", "asks_always"), ("0.149.0", "unknown"), ("1.0", "unknown"), (None, "unknown"), ("odd", "unknown")],
)
def test_a_mode_that_a_client_no_longer_knows_is_unknown(version: str | None, mode: str) -> None:
    assert as_of(version, layer("user", "asks_always", mode_until="0.149.0")).approval_mode == mode


@given(st.sampled_from(MODES), st.none() | st.sampled_from(["0.1.0", "9.9.9", "x"]))
def test_no_version_makes_a_mode_look_safer(mode: str, version: str | None) -> None:
    told = as_of(version, layer("user", mode, mode_until="0.149.0")).approval_mode
    assert told and MODES.index(told) >= MODES.index(mode)


def session(version: str, at: str = "2026-01-02T00:00:00Z", **fields: Any) -> Posture:
    given_ = {"owner": "dev", "agent": "demo", "basis": "observed", "set_by": "session", **fields}
    return Posture(
        endpoint_id="e", observed_at=at, evidence={"collector": "sessions"}, client_version=version, **given_
    )


KNOWN = Catalog([client("demo", permissions=permissions("2.0.0", "2.1.0").model_dump())])


def concluded(version: str | None, *known: Posture) -> tuple[str | None, bool | None]:
    (posture,) = effective([made.agent(version=version)], known, KNOWN, DerivationCache())
    return posture.client_version, posture.version_known


def test_a_posture_says_for_which_version_it_was_concluded() -> None:
    assert concluded("2.0.5") == ("2.0.5", True)
    assert concluded("3.0.0") == ("3.0.0", False)
    assert concluded(None) == (None, None)


def test_where_the_installation_does_not_tell_the_version_the_last_session_does() -> None:
    old, new = session("1.0.0", "2026-01-01T00:00:00Z", project="/a"), session("2.0.1", project="/b")
    assert concluded(None, old, new) == concluded(None, new, old) == ("2.0.1", True)
    assert concluded("2.0.0", old, new) == ("2.0.0", True)
    assert concluded(None, session("2.0.1", owner="ann")) == (None, None)


def test_what_a_session_ran_with_is_no_setting() -> None:
    memo, agent = DerivationCache(), made.agent()
    (before,) = effective([agent], [], KNOWN, memo)
    (after,) = effective([agent], [session("2.0.1", approval_mode="bypasses", sandbox="none")], KNOWN, memo)
    assert (before.approval_mode, before.sandbox) == (after.approval_mode, after.sandbox)


def test_a_newer_version_is_noticed_at_once() -> None:
    memo, agent = DerivationCache(), made.agent()
    (before,) = effective([agent], [session("2.0.1")], KNOWN, memo)
    memo.turn()
    (after,) = effective([agent], [session("3.0.0")], KNOWN, memo)
    assert (before.version_known, after.version_known) == (True, False)


@pytest.mark.parametrize(
    ("version", "mode", "known"),
    [("0.148.0", "asks_always", False), ("0.169.3", "unknown", True), ("0.200.0", "unknown", False)],
)
def test_codex_is_judged_as_the_version_that_last_ran_reads_its_settings(
    tmp_path: Path, version: str, mode: str, known: bool
) -> None:
    home = tmp_path / "home/dev/.codex"
    rollout = home / "sessions/2026/11/23/rollout-x.jsonl"
    rollout.parent.mkdir(parents=True)
    rollout.write_text(json.dumps({"type": "session_meta", "payload": {"cwd": "/code/x", "cli_version": version}}))
    (home / "config.toml").write_text('approval_policy = "untrusted"\n')
    settings = Settings.model_validate({"state": {"dir": str(tmp_path / "state")}})
    records = take_inventory(settings, str(tmp_path)).records
    found = {r.basis: r for r in records if isinstance(r, Posture)}
    assert (found["configured"].approval_mode, found["configured"].mode_until) == ("asks_always", "0.149.0")
    told = found["effective"]
    assert (told.approval_mode, told.client_version, told.version_known) == (mode, version, known)
    rules = {r.rule for r in records if isinstance(r, Finding)}
    assert ("posture.unchecked_version" in rules) is not known
