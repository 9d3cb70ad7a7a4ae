"""The last good policy stays in force, whatever is at the place that the settings name."""

from __future__ import annotations

import json
import os
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.governance.policy.in_force import InForce
from agent.governance.policy.keeper import PolicyManager
from agent.governance.policy.last_good import FILE
from agent.governance.policy.settings import PolicySettings
from tests.governance.policy.minisign_keys import PolicyServer, Signer

GOOD = 'version = "1"\norganisation = "Example"\n'
BETTER = 'version = "2"\norganisation = "Example"\n'
TYPO = 'version = "3"\n\n[[agent]]\nid = "x"\nstat = "hunter2"\n'


def told(keeper: PolicyManager) -> tuple[str, str | None, str | None]:
    """State, version and trouble, as the record says them."""
    record = keeper.in_force.record("e")
    assert record
    return record.state, record.version, record.trouble


def until(keeper: PolicyManager, wanted: Callable[[InForce], object]) -> None:
    deadline = time.monotonic() + 60
    while not wanted(keeper.in_force):
        assert time.monotonic() < deadline, keeper.in_force
        keeper.look()
        time.sleep(0.01)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "policy.toml"
    path.write_text(GOOD)
    return path


def started(folder: Path, durable: bool = True, **settings: Any) -> PolicyManager:
    # Sooner than anybody may set it, for the sake of whoever waits for this test.
    quick = {"refresh_seconds": 0.05} if settings.get("refresh_seconds") == 1 else {}
    named = PolicySettings.model_validate(settings).model_copy(update=quick)
    keeper = PolicyManager(named, folder / "state", durable)
    keeper.start()
    return keeper


# A file.


def test_where_no_policy_is_named_there_is_none_and_nothing_is_said_of_it(tmp_path: Path) -> None:
    keeper = started(tmp_path)
    assert not keeper.in_force.policy.given
    assert keeper.in_force.record("e") is None
    assert not keeper.look()
    assert not (tmp_path / "state").exists()


def test_a_changed_file_is_taken_up_once_it_is_no_longer_written(tmp_path: Path, file: Path) -> None:
    keeper = started(tmp_path, file=str(file))
    assert told(keeper) == ("current", "1", None)
    assert not keeper.look()
    file.write_text(BETTER)
    assert not keeper.look()
    assert keeper.look()
    assert told(keeper) == ("current", "2", None)
    assert not keeper.look()


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda file: file.write_text(TYPO), ":5: agent.0.stat"),
        (lambda file: file.write_text('version = "3'), "line 1"),
        (lambda file: file.write_text("organisation = 'x'\n"), "version: every policy needs a version"),
        (lambda file: file.write_bytes(b"version = '\xff'"), "UnicodeDecodeError"),
        (lambda file: file.write_text("#" * 1_100_000), "larger than"),
        (lambda file: file.write_text("a = " + "[" * 5000), "nested too deep"),
        (lambda file: file.unlink(), "FileNotFoundError"),
        (lambda file: (file.unlink(), file.mkdir()), "no file"),
        (lambda file: (file.unlink(), os.mkfifo(file)), "no file"),
    ],
    ids=["typo", "no-toml", "no-version", "no-text", "large", "deep", "gone", "folder", "pipe"],
)
def test_a_file_that_cannot_be_used_never_replaces_a_good_one(
    tmp_path: Path, file: Path, spoil: Callable[[Path], object], reason: str
) -> None:
    keeper = started(tmp_path, file=str(file))
    spoil(file)
    until(keeper, lambda now: now.trouble)
    assert told(keeper) == ("last_good", "1", "invalid")
    assert keeper.in_force.trouble and reason in keeper.in_force.trouble.reason
    assert "hunter2" not in keeper.in_force.trouble.reason
    again = started(tmp_path, file=str(file))
    assert told(again) == ("last_good", "1", "invalid")
    if file.is_dir():
        file.rmdir()
    file.unlink(missing_ok=True)
    file.write_text(BETTER)
    until(again, lambda now: not now.trouble)
    assert told(again) == ("current", "2", None)


def test_without_any_good_one_there_is_no_policy_but_the_trouble_is_told(tmp_path: Path, file: Path) -> None:
    file.write_text(TYPO)
    keeper = started(tmp_path, file=str(file))
    assert told(keeper) == ("none", None, "invalid")
    assert not keeper.in_force.policy.given


def test_a_file_that_is_restored_is_no_trouble_any_more(tmp_path: Path, file: Path) -> None:
    keeper = started(tmp_path, file=str(file))
    file.write_text(TYPO)
    until(keeper, lambda now: now.trouble)
    file.write_text(GOOD)
    until(keeper, lambda now: not now.trouble)
    assert told(keeper) == ("current", "1", None)


def test_the_last_good_one_is_kept_for_its_owner_alone_and_only_by_the_daemon(tmp_path: Path, file: Path) -> None:
    started(tmp_path, durable=False, file=str(file))
    assert not (tmp_path / "state").exists()
    started(tmp_path, file=str(file))
    assert stat.S_IMODE((tmp_path / "state" / FILE).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700


@pytest.mark.parametrize("held", ["", "{", "[]", '{"text": 1}', json.dumps({"text": TYPO, "place": "x"})])
def test_a_damaged_last_good_one_is_not_used(tmp_path: Path, file: Path, held: str) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / FILE).write_text(held)
    file.write_text(TYPO)
    assert told(started(tmp_path, file=str(file))) == ("none", None, "invalid")


def test_a_state_folder_that_cannot_be_written_costs_nothing_but_the_memory(tmp_path: Path, file: Path) -> None:
    (tmp_path / "state").write_text("no folder")
    assert told(started(tmp_path, file=str(file))) == ("current", "1", None)


# A signed file.


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    return Signer(tmp_path / "signer")


def test_a_signed_file_needs_the_signature_of_the_pinned_key(tmp_path: Path, file: Path, signer: Signer) -> None:
    signature = file.with_name("policy.toml.minisig")
    settings: dict[str, Any] = {"file": str(file), "public_key": signer.public_key}
    keeper = started(tmp_path, **settings)
    assert told(keeper) == ("none", None, "invalid")
    signature.write_text(signer.sign(GOOD, 1000))
    until(keeper, lambda now: now.good)
    assert told(keeper) == ("current", "1", None)
    signature.write_text(Signer(tmp_path / "other").sign(GOOD, 2000))
    until(keeper, lambda now: now.trouble)
    assert told(keeper) == ("last_good", "1", "invalid")
    assert told(started(tmp_path, **settings)) == ("last_good", "1", "invalid")


def test_a_last_good_one_that_was_changed_in_the_state_folder_is_not_used(
    tmp_path: Path, file: Path, signer: Signer
) -> None:
    file.with_name("policy.toml.minisig").write_text(signer.sign(GOOD, 1000))
    settings: dict[str, Any] = {"file": str(file), "public_key": signer.public_key}
    started(tmp_path, **settings)
    file.unlink()
    assert told(started(tmp_path, **settings)) == ("last_good", "1", "invalid")
    kept = tmp_path / "state" / FILE
    kept.write_text(kept.read_text().replace("Example", "Exempel"))
    assert told(started(tmp_path, **settings)) == ("none", None, "invalid")


# An address.


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PolicyServer]:
    made = PolicyServer(tmp_path / "server")
    yield made
    made.close()


@pytest.fixture
def settings(server: PolicyServer, signer: Signer) -> dict[str, Any]:
    server.publish(GOOD, signer.sign(GOOD, 1000))
    key = signer.public_key
    return {"url": server.url, "public_key": key, "ca_file": str(server.ca_file), "refresh_seconds": 1}


def test_a_policy_is_fetched_and_an_unchanged_one_is_not_sent_again(
    tmp_path: Path, server: PolicyServer, signer: Signer, settings: dict[str, Any]
) -> None:
    keeper = started(tmp_path, **settings)
    assert told(keeper) == ("current", "1", None)
    until(keeper, lambda now: server.answers[1:])
    assert server.answers[:2] == [200, 304]
    server.publish(BETTER, signer.sign(BETTER, 2000))
    until(keeper, lambda now: now.policy.version == "2")
    record = keeper.in_force.record("e")
    assert record and record.signed_at and record.signed_at.timestamp() == 2000
    assert record.signed_by and int(record.signed_by, 16) < 1 << 64
    keeper.close()


def test_nothing_but_a_later_policy_of_the_pinned_key_replaces_the_one_in_force(
    tmp_path: Path, server: PolicyServer, signer: Signer, settings: dict[str, Any]
) -> None:
    server.publish(BETTER, signer.sign(BETTER, 2000))
    keeper = started(tmp_path, **settings)
    other = Signer(tmp_path / "other")
    bad = {
        "not of this text": (BETTER.replace("Example", "Evil"), signer.sign(BETTER, 3000)),
        "another key": (GOOD, other.sign(GOOD, 3000)),
        "not signed": (GOOD, None),
        "none of minisign": (GOOD, "<html>"),
        "not signed later": (GOOD, signer.sign(GOOD, 1000)),
        "no timestamp": (GOOD, signer.sign(GOOD, None, "-t", "x")),
        ":5: agent.0.stat": (TYPO, signer.sign(TYPO, 4000)),
        "larger than": ("#" * 1_100_000, signer.sign(GOOD, 4000)),
    }
    for reason, published in bad.items():
        server.publish(*published)
        until(keeper, lambda now, reason=reason: now.trouble and reason in now.trouble.reason)
        assert told(keeper) == ("last_good", "2", "invalid")
    server.publish(BETTER, signer.sign(BETTER, 2000))
    until(keeper, lambda now: not now.trouble)
    fixed = TYPO.replace("stat =", "# ")
    server.publish(fixed, signer.sign(fixed, 5000))
    until(keeper, lambda now: now.policy.version == "3")
    keeper.close()


def test_a_server_that_is_down_is_another_trouble_and_stops_no_start(
    tmp_path: Path, server: PolicyServer, settings: dict[str, Any]
) -> None:
    started(tmp_path, **settings).close()
    server.status = 500
    keeper = started(tmp_path, **settings)
    assert told(keeper) == ("current", "1", None)
    until(keeper, lambda now: now.trouble)
    assert told(keeper) == ("last_good", "1", "unreachable")
    server.status = 200
    until(keeper, lambda now: not now.trouble)
    server.close()
    until(keeper, lambda now: now.trouble)
    assert told(keeper) == ("last_good", "1", "unreachable")
    keeper.close()
    assert told(started(tmp_path / "new", **settings)) == ("none", None, "unreachable")


def test_a_server_of_another_authority_is_not_believed(tmp_path: Path, settings: dict[str, Any]) -> None:
    settings.pop("ca_file")
    assert told(started(tmp_path, **settings)) == ("none", None, "unreachable")


def test_an_older_policy_is_refused_after_a_restart_too(
    tmp_path: Path, server: PolicyServer, signer: Signer, settings: dict[str, Any]
) -> None:
    server.publish(BETTER, signer.sign(BETTER, 2000))
    started(tmp_path, **settings).close()
    server.publish(GOOD, signer.sign(GOOD, 1000))
    keeper = started(tmp_path, **settings)
    until(keeper, lambda now: now.trouble)
    assert told(keeper) == ("last_good", "2", "invalid")
    keeper.close()


def test_a_new_key_beside_the_old_one_takes_over(
    tmp_path: Path, server: PolicyServer, signer: Signer, settings: dict[str, Any]
) -> None:
    started(tmp_path, **settings).close()
    new = Signer(tmp_path / "new-key")
    server.publish(BETTER, new.sign(BETTER, 2000))
    keeper = started(tmp_path, **{**settings, "public_key": f"{signer.public_key} {new.public_key}"})
    until(keeper, lambda now: now.policy.version == "2")
    keeper.close()


def test_one_look_uses_what_the_daemon_confirmed_lately_and_else_asks_itself(
    tmp_path: Path, server: PolicyServer, settings: dict[str, Any]
) -> None:
    started(tmp_path, **settings).close()
    slow = {**settings, "refresh_seconds": 3600}
    asked = len(server.answers)
    assert told(started(tmp_path, durable=False, **slow)) == ("current", "1", None)
    assert len(server.answers) == asked
    kept = tmp_path / "state" / FILE
    os.utime(kept, (0, 0))
    assert told(started(tmp_path, durable=False, **slow)) == ("current", "1", None)
    assert len(server.answers) == asked + 1
    assert kept.stat().st_mtime == 0


def test_one_signed_in_the_future_is_refused_and_one_taken_before_blocks_nothing(
    tmp_path: Path, server: PolicyServer, signer: Signer, settings: dict[str, Any]
) -> None:
    keeper = started(tmp_path, **settings)
    server.publish(BETTER, signer.sign(BETTER, 99_999_999_999))
    until(keeper, lambda now: now.trouble and "in the future" in now.trouble.reason)
    assert told(keeper) == ("last_good", "1", "invalid")
    keeper.close()
    kept = tmp_path / "state" / FILE
    far = json.loads(kept.read_text()) | {"signature": signer.sign(GOOD, 99_999_999_999)}
    kept.write_text(json.dumps(far))
    server.publish(BETTER, signer.sign(BETTER, 2000))
    keeper = started(tmp_path, **settings)
    until(keeper, lambda now: now.policy.version == "2")
    keeper.close()


def test_a_clock_that_is_turned_back_lets_no_older_policy_in(
    tmp_path: Path, server: PolicyServer, signer: Signer, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    server.publish(BETTER, signer.sign(BETTER, int(time.time())))
    started(tmp_path, **settings).close()
    monkeypatch.setattr(time, "time", lambda: 500_000.0)
    server.publish(GOOD, signer.sign(GOOD, 400_000))
    keeper = started(tmp_path, **settings)
    until(keeper, lambda now: now.trouble)
    assert told(keeper) == ("last_good", "2", "invalid")
    keeper.close()
