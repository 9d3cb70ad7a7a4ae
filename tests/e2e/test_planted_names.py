"""Generated secrets in every place of people's files that holds a name or a value: the command tells none of them."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.redaction.planted import GENERATED

if TYPE_CHECKING:
    from conftest import Rollcall

KINDS = ("github token", "sk- key", "base62 32", "lower case 32")


class Planted:
    """Secrets by the place they were put into."""

    def __init__(self) -> None:
        self._rng = random.Random(18)
        self.places: dict[str, str] = {}
        self.kind = ""

    def __call__(self, place: str) -> str:
        secret = GENERATED[self.kind](self._rng)
        self.places[secret] = f"{place}: {self.kind}"
        return secret


def servers(plant: Planted) -> dict[str, object]:
    return {
        plant("server name"): {"command": "npx", "args": ["-y", "x"]},
        "part-" + plant("part of a server name"): {"command": "npx", "args": ["x"]},
        "argument": {"command": "npx", "args": [plant("argument")]},
        "option": {"command": "npx", "args": ["x", "--flag=" + plant("value of an option")]},
        "variable": {"command": "npx", "env": {plant("name of a variable"): plant("value of a variable")}},
        "command": {"command": plant("command")},
        "url": {
            "url": f"https://h.example/{plant('URL path')}/mcp",
            "headers": {plant("header name"): plant("header")},
        },
        "query": {"url": f"https://u:{plant('URL user')}@h.example/mcp?a={plant('URL query')}"},
        "image": {"command": "docker", "args": ["run", "-e", f"X={plant('docker variable')}", plant("image")]},
        "git": {"command": "uvx", "args": ["--from", f"git+https://github.com/o/{plant('repository')}", "tool"]},
        "module": {"command": "python", "args": ["-m", plant("module")]},
        "unknown": {"command": "npx", "args": ["x"], plant("unknown key"): plant("unknown value")},
        "type": {"url": "https://h.example/mcp", "type": plant("type")},
        "continue": {"url": "https://h.example/mcp", "apiKey": plant("apiKey")},
    }


def settings(plant: Planted) -> dict[str, object]:
    allow = [f"Bash({plant('rule')})", f"mcp__{plant('rule of a server')}__tool", f"Bash(curl -u a:{plant('user')} h)"]
    hook = {"matcher": plant("matcher"), "hooks": [{"type": "command", "command": f"/bin/x {plant('hook')}"}]}
    return {
        "permissions": {"allow": allow, "defaultMode": plant("mode"), plant("permission key"): 1},
        "env": {"A": plant("variable of the settings")},
        "hooks": {"PreToolUse": [hook], plant("hook event"): [hook]},
        "enabledMcpjsonServers": [plant("enabled server")],
        "enabledPlugins": {f"{plant('plug-in')}@market": True},
        "apiKeyHelper": f"/bin/{plant('helper')}",
        "model": plant("model"),
    }


def codex(plant: Planted) -> str:
    return (
        f'[mcp_servers."{plant("Codex server")}"]\ncommand = "x"\n'
        f'[model_providers."{plant("provider")}"]\nname = "{plant("provider name")}"\n'
        f'base_url = "https://h.example/{plant("provider URL")}/v1"\n'
        f'[profiles."{plant("profile")}"]\nmodel = "{plant("model of a profile")}"\n'
    )


def test_no_planted_secret_is_told_whatever_it_is_the_name_or_value_of(
    rollcall: Rollcall, tmp_path: Path, place: Callable[[Path, Mapping[str, object]], Path],
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    plant = Planted()
    files: dict[str, object] = {"etc/passwd": "dev:x:1000:1000::/home/dev:/bin/sh\n"}
    for number, plant.kind in enumerate(KINDS):
        project = f"home/dev/code/p{number}"
        files[f"{project}/.git/HEAD"] = "x"
        files[f"{project}/.mcp.json"] = {"mcpServers": servers(plant), plant("top key"): {"mcpServers": servers(plant)}}
        files[f"{project}/.cursor/mcp.json"] = {"mcpServers": servers(plant)}
        files[f"{project}/.claude/settings.json"] = settings(plant)
        files[f"{project}/.codex/config.toml"] = codex(plant)
    outcome = rollcall.once(place(tmp_path / "root", files))
    assert len(outcome.of("mcp_server")) > 100 and outcome.of("posture")
    told = json.dumps(outcome.records, ensure_ascii=False) + outcome.stderr.decode()
    left = [where for secret, where in plant.places.items() if secret in told]
    with capsys.disabled():
        print(f"\nrollcall --once: {len(left)} of {len(plant.places)} planted secrets are told")
    assert len(plant.places) > 200
    assert not left
