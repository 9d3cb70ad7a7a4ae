"""A project that wants to look safe: whatever its files hold, the account's own bypass stays in sight."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, get_args

import pytest

from agent.config.settings import Settings
from agent.records import Finding, Posture
from agent.records.posture import ApprovalMode
from agent.service.scan import take_inventory
from collectors.catalog.catalog import Catalog
from collectors.catalog.permissions import PosturePart

MODES = get_args(ApprovalMode)
CATALOG = Catalog.load()
PROJECT = "/home/dev/code/app"
OWN: dict[str, tuple[str, str]] = {
    "amp": ("~/.config/amp/settings.json", '{"amp.dangerouslyAllowAll": true}'),
    "claude-code": ("~/.claude/settings.json", '{"permissions": {"defaultMode": "bypassPermissions"}}'),
    "codex": ("~/.codex/config.toml", 'approval_policy = "never"\nsandbox_mode = "danger-full-access"\n'),
    "copilot-cli": ("~/.copilot/settings.json", '{"defaultPermissionMode": "allow-all"}'),
    "cursor-agent": ("~/.cursor/cli-config.json", '{"permissions": {"allow": ["Shell(*)"]}}'),
    "gemini-cli": ("~/.gemini/settings.json", '{"tools": {"allowed": ["run_shell_command"]}}'),
    "opencode": ("~/.config/opencode/opencode.json", '{"permission": {"*": "allow"}}'),
    "qwen-code": ("~/.qwen/settings.json", '{"tools": {"approvalMode": "yolo"}}'),
    "vscode": ("~/.config/Code/User/settings.json", '{"chat.tools.global.autoApprove": true}'),
    "zed": ("~/.config/zed/settings.json", '{"agent": {"always_allow_tool_actions": true}}'),
}
"""What the account set for itself: as loose as the client has it."""


def parts(client: str) -> list[PosturePart]:
    found = (part for posture in CATALOG.clients[client].posture for part in posture.parts)
    return [part for part in found if part.scope in ("project", "local")]


def files() -> dict[str, list[PosturePart]]:
    """All files of a project that say anything about permissions."""
    read: dict[str, list[PosturePart]] = {}
    for client in OWN:
        for part in parts(client):
            for template in part.on("linux"):
                if template.startswith("{project}/"):
                    read.setdefault(template.removeprefix("{project}/").replace("*", "x"), []).append(part)
    return read


def filled(part: PosturePart, value: Any) -> dict[str, Any]:
    """A document in which `value`, or the strictest that the client knows, stands at every path that is read."""
    document: dict[str, Any] = {}
    places = [p for p in (*part.posture.mode, *part.posture.sandbox, *part.posture.network) if not p.read]
    for place in places:
        strictest = next((word for word, meaning in place.values.items() if meaning in MODES[:2]), "ask")
        told = {"true": True, "false": False}.get(strictest, strictest) if value is None else value
        inside, *names = document, *filter(None, f"{part.posture.at}.{place.at}".split("."))
        for name in names[:-1]:
            inside = inside.setdefault(name, {})
            if not isinstance(inside, dict):
                break
        else:
            inside[names[-1]] = told
    return document


def text(part: PosturePart, value: Any) -> str:
    document = filled(part, value)
    if part.format == "toml":
        return "".join(f"{key} = {json.dumps(v)}\n" for key, v in document.items() if isinstance(v, str | bool | list))
    return json.dumps(document)


HOSTILE = {
    "strict": lambda part: text(part, None),
    "unknown": lambda part: text(part, "some-new-mode"),
    "lists": lambda part: text(part, [["ask"]]),
    "numbers": lambda part: text(part, False),
    "garbage": lambda part: "}{ not a document",
    "empty": lambda part: "",
    "a list": lambda part: "[]",
    "nested": lambda part: "[" * 100_000,
    "locked": lambda part: json.dumps(
        {"permissions": {"disableBypassPermissionsMode": "disable", "defaultMode": "plan", "deny": ["*"]}}
        | {"allowManagedPermissionRulesOnly": True, "admin": {"secureModeEnabled": True}}
        | {"security": {"disableYoloMode": True}, "permission": 7}
    ),
}


@cache
def look(folder: Path, kind: str) -> tuple[tuple[Posture, ...], tuple[Finding, ...]]:
    root = folder / kind.replace(" ", "-")
    for path, content in OWN.values():
        write(root / "home/dev" / path.removeprefix("~/"), content)
    (root / PROJECT[1:] / ".git").mkdir(parents=True)
    write(root / PROJECT[1:] / ".mcp.json", "{}")
    for path, read in files().items() if kind != "nothing" else ():
        write(root / PROJECT[1:] / path, HOSTILE[kind](read[0]))
    settings = Settings.model_validate({"state": {"dir": str(folder / "state")}})
    records = take_inventory(settings, str(root)).records
    postures = tuple(r for r in records if isinstance(r, Posture) and r.basis == "effective")
    return postures, tuple(r for r in records if isinstance(r, Finding))


def write(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("machines")


def mode(postures: tuple[Posture, ...], client: str, project: str | None) -> int:
    found = {p.project: p for p in postures if p.agent == client}
    told = (found.get(project) or found[None]).approval_mode
    assert told
    return MODES.index(told)


@pytest.mark.parametrize("client", OWN)
def test_the_account_is_loose_to_begin_with(folder: Path, client: str) -> None:
    postures, _ = look(folder, "nothing")
    assert mode(postures, client, None) >= MODES.index("auto_approves") or allows(postures, client)


def allows(postures: tuple[Posture, ...], client: str) -> list[str]:
    return [
        r.pattern for p in postures if p.agent == client and p.project is None for r in p.rules if r.effect == "allow"
    ]


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("client", OWN)
def test_no_file_of_a_project_changes_what_holds_outside_of_it(folder: Path, client: str, kind: str) -> None:
    before, _ = look(folder, "nothing")
    after, _ = look(folder, kind)
    assert mode(after, client, None) == mode(before, client, None)
    assert allows(after, client) == allows(before, client)


@pytest.mark.parametrize("kind", HOSTILE)
# mypy: those of `OWN` have permissions.
@pytest.mark.parametrize("client", [id for id in OWN if not CATALOG.clients[id].permissions.project_wins])  # type: ignore[union-attr]
def test_where_a_project_may_be_ignored_no_file_in_it_looks_safer(folder: Path, client: str, kind: str) -> None:
    before, _ = look(folder, "nothing")
    after, _ = look(folder, kind)
    assert mode(after, client, PROJECT) >= mode(before, client, PROJECT)


@pytest.mark.parametrize("kind", ["unknown", "lists", "numbers", "garbage", "empty", "a list", "nested"])
# mypy: those of `OWN` have permissions.
@pytest.mark.parametrize("client", [id for id in OWN if CATALOG.clients[id].permissions.project_wins])  # type: ignore[union-attr]
def test_where_a_project_is_obeyed_what_is_no_setting_looks_no_safer(folder: Path, client: str, kind: str) -> None:
    before, _ = look(folder, "nothing")
    after, _ = look(folder, kind)
    assert mode(after, client, PROJECT) >= mode(before, client, PROJECT)


def test_where_a_project_is_obeyed_it_may_tighten(folder: Path) -> None:
    before, after = (mode(look(folder, kind)[0], "claude-code", PROJECT) for kind in ("nothing", "strict"))
    assert after < before


@pytest.mark.parametrize("kind", HOSTILE)
def test_no_finding_about_the_account_itself_goes_away(folder: Path, kind: str) -> None:
    # The ids are of two machines: each is named by where its image lies.
    before, after = (told(look(folder, machine)[1]) for machine in ("nothing", kind))
    assert before
    assert before <= after


def told(findings: tuple[Finding, ...]) -> set[tuple[str, str]]:
    return {(finding.rule, finding.subject) for finding in findings if finding.rule.startswith("posture.")}
