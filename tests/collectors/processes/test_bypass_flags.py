"""Arguments and variables that switch approvals off, in the spellings that clients take."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from collectors.catalog.catalog import Catalog
from collectors.catalog.starts import bypass_flags, bypass_variables
from collectors.sources.process.environment import environment as environment_of

BYPASS = '{"permissions":{"defaultMode":"bypassPermissions"}}'
ALL_TOOLS = {f"--allowedTools {tool}" for tool in ("Bash", "Edit", "Write")}
COPILOT = {"--allow-tool shell", "--allow-tool write"}
CLIENTS = Catalog.load().clients


@pytest.mark.parametrize(
    ("client", "argv", "flags"),
    [
        ("codex", ["-c", "approval_policy=never"], {"-c approval_policy=never"}),
        ("codex", ["-c", 'approval_policy="never"'], {"-c approval_policy=never"}),
        ("codex", ["-c", "sandbox_mode = 'danger-full-access'"], {"-c sandbox_mode=danger-full-access"}),
        ("codex", ["-c", 'default_permissions=":danger-full-access"'], {"-c default_permissions=:danger-full-access"}),
        ("codex", ["-c", "model=never"], set()),
        ("claude-code", ["--settings", BYPASS], {"--settings bypassPermissions"}),
        ("claude-code", ["--settings", "/home/dev/bypassPermissions.json"], set()),
        ("claude-code", ["--allowedTools", "Bash,Edit,Write"], ALL_TOOLS),
        ("claude-code", ["--allowedTools", "Bash(git:*)", "Read", "-p", "Bash"], set()),
        ("claude-code", ["--allowed-tools=Read,Bash"], {"--allowed-tools Bash"}),
        ("copilot-cli", ["--allow-tool", "shell", "--allow-tool", "write"], COPILOT),
        ("copilot-cli", ["--allow-tool", "shell(git:*)"], set()),
        ("gemini-cli", ["--allowed-tools", "run_shell_command"], {"--allowed-tools run_shell_command"}),
        ("hermes", ["--yolo"], {"--yolo"}),
    ],
)  # fmt: skip
def test_arguments(client: str, argv: list[str], flags: set[str]) -> None:
    assert set(bypass_flags(CLIENTS[client], argv)) == flags


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize(("value", "told"), [("true", ["COPILOT_ALLOW_ALL"]), ("false", [])])
def test_variables_of_a_real_process(value: str, told: list[str]) -> None:
    environment = {"COPILOT_ALLOW_ALL": value, "PATH": os.environ["PATH"]}
    with subprocess.Popen(["sleep", "30"], env=environment) as process:
        for _ in range(100):
            if found := list(
                bypass_variables(CLIENTS["copilot-cli"], environment_of(process.pid, ["COPILOT_ALLOW_ALL"]))
            ):
                break
            time.sleep(0.01 if told else 0.001)
        process.kill()
    assert found == told
