"""The first command of the README, on a Debian 12 with Python and nothing else."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.debian_root import ENVIRONMENT, debian, mirrors, skip_unless_possible

pytestmark = pytest.mark.timeout(600)


@dataclass(frozen=True)
class Ran:
    status: int
    out: str
    err: str


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    skip_unless_possible("chroot")
    fresh = debian(tmp_path_factory.mktemp("fresh") / "root", "python3", "ca-certificates")
    made = in_root(fresh, "useradd --create-home dev && chmod 700 /home/dev")
    assert made.status == 0, made.err
    servers = {"notes": {"command": "npx", "args": ["-y", "@example/notes@1.2.3"]}}
    (fresh / "home/dev/.claude.json").write_text(json.dumps({"mcpServers": servers}))
    yield fresh
    shutil.rmtree(fresh)


def in_root(root: Path, command: str) -> Ran:
    """Run a shell command inside, its output on a terminal; its mounts and processes end with it."""
    lines = [f"mount -t proc proc {root}/proc"]
    for folder in mirrors():
        lines += [f"mkdir -p {root}{folder}", f"mount --bind -o ro {folder} {root}{folder}"]
    lines.append(f"exec chroot {root} sh -c {shlex.quote(command)}")
    isolated = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-ec", "\n".join(lines)]
    reader, terminal = os.openpty()
    with subprocess.Popen(
        isolated, env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=terminal, stderr=subprocess.PIPE, text=True
    ) as process:
        os.close(terminal)
        err = process.communicate()[1]
    with os.fdopen(reader, "rb") as output:
        return Ran(process.returncode, _drain(output.fileno()), err)


def _drain(terminal: int) -> str:
    data = b""
    try:
        while chunk := os.read(terminal, 65_536):
            data += chunk
    except OSError:  # Linux says EIO where a terminal's other side is closed.
        pass
    return data.decode().replace("\r\n", "\n")


def test_one_command_installs_and_prints_the_inventory(root: Path) -> None:
    ran = in_root(root, "sh /src/packaging/once.sh")
    print(ran.out)
    assert ran.status == 0, ran.err[-3000:]
    assert "pkg:npm/%40example/notes@1.2.3" in ran.out
    assert ran.out.startswith("AGENT "), "stdout carries data only"


def test_an_ordinary_user_gets_their_own_inventory(root: Path) -> None:
    in_root(root, "python3 -c 'import ensurepip' || (apt-get update && apt-get install -y python3-venv)")
    in_root(root, "cp -r /src /home/dev/rollcall && rm -rf /home/dev/rollcall/.venv && chown -R dev: /home/dev")
    ran = in_root(root, "cd /home/dev && su dev -c 'sh rollcall/packaging/once.sh'")
    print(ran.out)
    assert ran.status == 0, ran.err[-3000:]
    assert "pkg:npm/%40example/notes@1.2.3" in ran.out
    assert "root" in ran.out, "the home it could not enter is named"
    home, skeleton = ({entry.name for entry in (root / folder).iterdir()} for folder in ("home/dev", "etc/skel"))
    assert home - skeleton - {".cache"} == {".claude.json", "rollcall"}, "pip's cache is all that is left behind"
