"""What is held of the words that running agents were started with."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from collectors.locate import starts
from collectors.sources.process.words import weigh
from tests.waiting import wait_for

FLAG = "--dangerously-skip-permissions"


@pytest.mark.skipif(sys.platform != "linux", reason="Linux only")
def test_a_long_command_line_is_not_remembered_and_loses_no_option() -> None:
    document = '{"mcpServers": {"a": {"command": "' + "x" * 8_000 + '"}}}'
    words = [sys.executable, "-c", "input()", "p" * 100_000, *["word"] * 2_000, "--mcp-config", document, FLAG]
    for given in (words, [*words[:3], "--mcp-config", document, FLAG]):
        with subprocess.Popen(given, stdin=subprocess.PIPE) as process:
            assert wait_for(lambda: Path(f"/proc/{process.pid}/cmdline").read_bytes())
            args, _ = starts._started_with(f"an instance {process.pid}", process.pid, ())
            process.communicate(b"\n")
        assert FLAG in args and "--mcp-config" in args and "p" * 100_000 not in args
        assert sum(map(weigh, args)) < 2 * starts._ROOM
        assert (f"an instance {process.pid}", ()) not in starts._known
    assert document in args
