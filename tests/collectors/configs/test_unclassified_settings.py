"""Settings of which nobody looked what they decide: told, never taken for nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.records import Posture
from collectors.catalog.catalog import Catalog
from collectors.configs.collector import ConfigCollector
from tests.collectors.world import World

CATALOG = Catalog.load()


@pytest.mark.parametrize(
    ("client", "path", "text", "told"),
    [
        ("codex", "~/.codex/config.toml", 'model = "m"\nnew_key = true\n', ("new_key",)),
        ("codex", "~/.codex/config.toml", "[sandbox_workspace_write]\nnew = 1\n", ("sandbox_workspace_write.new",)),
        ("gemini-cli", "~/.gemini/settings.json", '{"policyPaths": ["/srv/p"], "ui": {"x": 1}}', ("policyPaths",)),
        ("gemini-cli", "~/p/.gemini/settings.json", '{"security": {"newSwitch": true}}', ("security.newSwitch",)),
        ("qwen-code", "~/.qwen/settings.json", '{"$version": 2, "tools": {"newMode": "x"}}', ("tools.newMode",)),
        ("copilot-cli", "~/.copilot/settings.json", '{"theme": "x", "permissions": {"new": 1}}', ("permissions.new",)),
        ("copilot-cli", "~/.copilot/settings.json", '{"theme": "x", "beep": true}', None),
        ("gemini-cli", "~/.gemini/settings.json", '{"general": {"vimMode": true}, "theme": "x"}', None),
    ],
)
def test_a_key_that_nobody_classified(
    tmp_path: Path, client: str, path: str, text: str, told: tuple[str, ...] | None
) -> None:
    world = World(tmp_path, CATALOG.clients[client])
    world.folder("~/p/.git")
    world.write(path, text)
    records = (record for seen in ConfigCollector().collect(world.context) for record in seen.records)
    assert next((record.unclassified for record in records if isinstance(record, Posture)), None) == told


def test_a_file_of_many_types_is_not_ignored(tmp_path: Path) -> None:
    world = World(tmp_path, CATALOG.clients["gemini-cli"])
    world.write("~/.gemini/settings.json", '{"tools": "wrong", "general": {"defaultApprovalMode": "auto_edit"}}')
    records = [record for seen in ConfigCollector().collect(world.context) for record in seen.records]
    assert [r.approval_mode for r in records if isinstance(r, Posture)] == ["auto_approves"]
