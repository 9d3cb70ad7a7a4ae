"""How agents ran lately, from transcripts in homes: per project, bounded, and read again only when written to."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from agent.records import Posture
from collectors.catalog.catalog import Catalog
from collectors.catalog.client import Client
from collectors.contract import Observation
from collectors.sources.filesystem.file_tree import FileTree, UnreadableError
from collectors.transcripts import sessions
from collectors.transcripts.sessions import SessionCollector
from tests.collectors.world import World
from tests.counting import ends

CLAUDE, CODEX, COPILOT = (Catalog.load().clients[id] for id in ("claude-code", "codex", "copilot-cli"))
SHARED = Path(__file__).resolve().parents[4] / "shared/clients"
DAY = 86_400


def prompt(mode: str, cwd: str = "/code/app", **fields: Any) -> str:
    told = {"type": "user", "cwd": cwd, "version": "2.1.197", "permissionMode": mode, **fields}
    return json.dumps({**told, "message": {"content": "CANARY"}}) + "\n"


def write(world: World, name: str, text: str, days: float = 0, folder: str = "p") -> str:
    """A transcript of Claude Code that was last written so many days ago."""
    path = world.write(f"~/.claude/projects/{folder}/{name}.jsonl", text)
    then = time.time() - days * DAY
    os.utime(world.here(path), (then, then))
    return path


def observe(world: World, collector: SessionCollector | None = None) -> list[Observation]:
    return list((collector or SessionCollector()).collect(world.context))


def postures(world: World, collector: SessionCollector | None = None) -> list[Posture]:
    found = [record for seen in observe(world, collector) for record in seen.records]
    assert all(isinstance(record, Posture) for record in found)
    return [record for record in found if isinstance(record, Posture)]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, CLAUDE)


def test_each_project_has_the_posture_its_sessions_showed(world: World) -> None:
    world.folder("/code/app/.git")
    world.folder("/code/app/deep")
    loose = write(world, "a", prompt("bypassPermissions", "/code/app/deep"))
    write(world, "b", prompt("default", "/code/app"))
    write(world, "c", prompt("plan", "/code/other"))
    write(world, "d", prompt("acceptEdits", "/home/dev"))
    found = {posture.project: posture for posture in postures(world)}
    modes = {project: posture.approval_mode for project, posture in found.items()}
    assert modes == {"/code/app": "bypasses", "/code/other": "asks_always", None: "auto_approves"}
    there = found["/code/app"]
    assert (there.basis, there.set_by, there.owner, there.agent) == ("observed", "session", "dev", "claude-code")
    assert (there.evidence.source, there.evidence.collector) == (loose, "sessions")
    assert there.client_version == "2.1.197" and there.source is None


def test_what_counts_are_the_last_sessions_of_a_project(world: World) -> None:
    write(world, "now", prompt("default"), days=1)
    write(world, "lately", prompt("acceptEdits"), days=7)
    write(world, "before", prompt("bypassPermissions"), days=9)
    write(world, "elsewhere", prompt("bypassPermissions", "/code/old"), days=29)
    write(world, "forgotten", prompt("bypassPermissions", "/code/older"), days=31)
    found = {posture.project: posture.approval_mode for posture in postures(world)}
    assert found == {"/code/app": "auto_approves", "/code/old": "bypasses"}


def test_a_time_is_when_the_session_said_so_and_never_after_the_file_was_written(world: World) -> None:
    write(world, "a", prompt("plan", timestamp="2020-01-02T03:04:05Z"))
    write(world, "b", prompt("plan", "/code/b", timestamp="9000-01-01T00:00:00Z"), days=2)
    then, now = sorted(posture.observed_at.timestamp() for posture in postures(world))
    assert then == 1577934245 and now < time.time() - DAY


def test_the_identity_stays_when_sessions_come_and_no_process_has_it(world: World) -> None:
    write(world, "a", prompt("default"))
    (before,) = postures(world)
    write(world, "b", prompt("bypassPermissions", version="2.2.0"))
    (after,) = postures(world)
    assert before.id == after.id and before.approval_mode != after.approval_mode
    of_process = Posture(**{**_fields(after), "instance_id": "some", "set_by": "flag"})
    assert of_process.id != after.id


def _fields(record: Posture) -> dict[str, Any]:
    return {name: value for name, value in record if name != "id"}


def test_a_new_session_that_ran_the_same_way_is_no_change(world: World) -> None:
    write(world, "a", prompt("default"), days=1)
    (before,) = postures(world)
    write(world, "b", prompt("default"))
    (after,) = postures(world)
    assert before.same_facts(after) and before.evidence != after.evidence


def test_a_transcript_that_was_not_written_to_is_not_read_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    collector, read = SessionCollector(), list[str]()

    class Counting(FileTree):
        def opened(self, path: str, home: Any = None) -> Any:
            read.append(path)
            return super().opened(path, home)

    world.files = Counting(str(world.root))
    a, b = write(world, "a", prompt("default"), days=1), write(world, "b", prompt("plan"), days=1)
    first = postures(world, collector)
    assert sorted(read) == [a, b]
    assert postures(world, collector) == first and len(read) == 2
    world.write(a, prompt("default") + prompt("bypassPermissions"))
    (after,) = next(iter(collector.poll(world.context))).records
    assert isinstance(after, Posture) and after.approval_mode == "bypasses"
    assert read[2:] == [a]
    world.here(a).unlink()
    (left,) = postures(world, collector)
    assert left.approval_mode == "asks_always" and len(read) == 3


def test_only_so_many_transcripts_are_read_the_latest_first(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "_MOST_FILES", 3)
    for number in range(6):
        write(world, f"n{number}", prompt("plan", f"/code/{number}"), days=number)
    assert [posture.project for posture in postures(world)] == ["/code/0", "/code/1", "/code/2"]


def test_each_account_has_its_own(tmp_path: Path) -> None:
    world = World(tmp_path, CLAUDE, owners=("ann", "ben"))
    world.write("/home/ann/.claude/projects/p/a.jsonl", prompt("plan"))
    world.write("/home/ben/.claude/projects/p/a.jsonl", prompt("bypassPermissions"))
    assert {p.owner: p.approval_mode for p in postures(world)} == {"ann": "asks_always", "ben": "bypasses"}


def test_a_folder_that_cannot_be_listed_leaves_what_was_known(world: World) -> None:
    class Closed(FileTree):
        def folder(self, path: str, home: Any = None) -> Any:
            raise UnreadableError("file.not_permitted", "no")

    write(world, "a", prompt("default"))
    world.files = Closed(str(world.root))
    (seen,) = observe(world)
    assert seen.unknown and not seen.records


def test_an_account_out_of_reach_is_unknown(tmp_path: Path) -> None:
    world = World(tmp_path, CLAUDE)
    world.homes = (world.home._replace(reachable=False),)
    (seen,) = observe(world)
    assert seen.unknown and seen.scope.key == "/home/dev"


def test_without_a_sandbox_codex_has_nothing_left_to_ask_for(tmp_path: Path) -> None:
    world = World(tmp_path, CODEX)
    payload = {"cwd": "/code/app", "approval_policy": "never", "sandbox_policy": {"type": "danger-full-access"}}
    world.write("~/.codex/sessions/2026/11/23/rollout-x.jsonl", {"type": "turn_context", "payload": payload})
    (posture,) = postures(world)
    assert (posture.approval_mode, posture.sandbox, posture.network) == ("bypasses", "none", "on")


def test_two_sessions_together_are_no_bypass_that_neither_was(tmp_path: Path) -> None:
    world = World(tmp_path, CODEX)
    for name, policy, sandbox in (("a", "untrusted", "danger-full-access"), ("b", "never", "workspace-write")):
        payload = {"cwd": "/code/app", "approval_policy": policy, "sandbox_policy": {"type": sandbox}}
        world.write(f"~/.codex/sessions/2026/11/23/rollout-{name}.jsonl", {"type": "turn_context", "payload": payload})
    (posture,) = postures(world)
    assert (posture.approval_mode, posture.sandbox) == ("auto_approves", "none")


def test_a_folder_of_windows_is_a_project_too(tmp_path: Path) -> None:
    world = World(tmp_path, CLAUDE, os="windows")
    world.write("~/.claude/projects/p/a.jsonl", prompt("plan", "c:\\code\\app"))
    (posture,) = postures(world)
    assert posture.project == "C:\\code\\app"


@pytest.mark.parametrize(
    "cwd", ["", "code/app", "/", "/x" * 3000, "/code/\0", "/y" * 100, "\ud800", "//host/share", "/code/\x1b[2J\n"]
)
def test_a_strange_folder_is_none_or_at_least_text(world: World, cwd: str) -> None:
    write(world, "a", prompt("bypassPermissions", cwd))
    (posture,) = postures(world)
    assert posture.approval_mode == "bypasses"
    assert json.loads(posture.to_json())["project"] == posture.project
    assert posture.project is None or posture.project in ("/host/share", "/code/\x1b[2J\n")


def test_a_home_full_of_hostile_transcripts_ends(world: World) -> None:
    line = json.dumps({"type": "user", "permissionMode": "x", "cwd": "/a" * 60})
    for number in range(60):
        write(world, f"n{number}", f"{line}\n" * 8_000, folder=f"f{number}")
    with ends():
        (posture,) = postures(world)
    assert posture.approval_mode == "unknown"


@pytest.mark.parametrize(
    ("home", "client", "mode", "sandbox", "version"),
    [
        ("claude", CLAUDE, "bypasses", None, "2.1.197"),
        ("codex", CODEX, "bypasses", "none", "0.169.0"),
        ("copilot", COPILOT, None, None, "1.0.102"),
    ],
)
def test_homes_of_real_clients_show_how_their_sessions_ran(
    tmp_path: Path, home: str, client: Client, mode: str | None, sandbox: str | None, version: str
) -> None:
    if not SHARED.is_dir():
        pytest.skip("the recorded homes of real clients are not here")
    world = World(tmp_path, client)
    shutil.copytree(SHARED / home, world.here("~"), dirs_exist_ok=True)
    for file in world.here("~").rglob("*.jsonl"):
        os.utime(file)
    (posture,) = postures(world)
    assert (posture.project, posture.approval_mode, posture.sandbox) == ("/home/dev/proj", mode, sandbox)
    assert posture.client_version == version and not posture.unknown


def test_real_transcripts_are_read_one_by_one_as_their_commands_set_them(tmp_path: Path) -> None:
    if not SHARED.is_dir():
        pytest.skip("the recorded homes of real clients are not here")
    found = set()
    for source in sorted((SHARED / "claude/.claude/projects").rglob("*.jsonl")):
        world = World(tmp_path / source.stem, CLAUDE)
        write(world, "a", source.read_text())
        found |= {posture.approval_mode for posture in postures(world)}
    assert found == {"asks_risky", "bypasses"}
