import os
import subprocess
import sys
from pathlib import Path

import pytest

from agent.runtime import capabilities

REPOSITORY = Path(__file__).parents[2]
STARTS = """
import subprocess, sys
from agent.runtime.capabilities import keep_from_children, privileged, reading_lent
assert privileged()
keep_from_children()
rights = ["grep", "CapEff", "/proc/self/status"]

def told():
    print(int(subprocess.run(rights, capture_output=True, text=True).stdout.split()[1], 16))

told()
with reading_lent(True):
    told()
told()
"""


@pytest.fixture
def linux(as_root: None) -> None:
    if sys.platform != "linux":
        pytest.skip("capabilities are Linux's")


def started(*prefix: str) -> list[str]:
    done = subprocess.run(
        [*prefix, sys.executable, "-c", STARTS], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def test_what_root_starts_has_no_capabilities(linux: None) -> None:
    assert started() == ["0", "0", "0"]


def test_what_was_lent_to_one_is_handed_on_to_no_other(linux: None) -> None:
    def inheritable() -> str:
        return next(line for line in Path("/proc/thread-self/status").read_text().splitlines() if "CapInh" in line)

    before = inheritable()
    with capabilities.sandboxing_lent():
        assert inheritable() != before
    assert inheritable() == before
    assert started() == ["0", "0", "0"]


def test_what_an_account_with_capabilities_starts_has_none_but_the_one_that_is_lent(linux: None) -> None:
    caps = "+dac_read_search,+sys_ptrace,+net_admin"
    words = (
        "setpriv",
        "--reuid=61001",
        "--regid=61001",
        "--clear-groups",
        f"--inh-caps={caps}",
        f"--ambient-caps={caps}",
    )
    assert started(*words) == ["0", "4", "0"]


def test_root_without_capabilities_comes_not_into_a_closed_home(tmp_path: Path, linux: None) -> None:
    (tmp_path / "home/bin").mkdir(parents=True)
    assert capabilities._is_open(tmp_path / "home/bin/python")
    os.chown(tmp_path / "home", 61001, 61001)
    (tmp_path / "home").chmod(0o700)
    assert not capabilities._is_open(tmp_path / "home/bin/python")
