"""Which package a process runs: by where its script lies, else by how it was launched."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectors.launch.packages import package_name
from collectors.processes.package import Programs, base_name
from collectors.sources.filesystem.file_tree import FileTree
from tests.collectors.running import WAIT, Processes, needs, node_package, processes

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture
def start() -> Iterator[Processes]:
    with processes() as started:
        yield started


def package(start: Processes, pid: int) -> str | None:
    return Programs(FileTree()).package(start.row(pid))


@pytest.mark.parametrize("name", ["demo-server", "@scope/demo-server"])
def test_a_script_in_node_modules_is_its_package(start: Processes, tmp_path: Path, name: str) -> None:
    script = node_package(tmp_path, name)
    assert package(start, start(needs("node"), script)) == f"npm:{name}"
    assert package(start, start(needs("node"), "--max-old-space-size=64", script, "--flag")) == f"npm:{name}"


def test_a_relative_script_is_looked_up_where_the_process_works(start: Processes, tmp_path: Path) -> None:
    script = node_package(tmp_path, "demo-server")
    assert package(start, start(needs("node"), "./index.js", cwd=script.parent)) == "npm:demo-server"


def test_a_link_in_bin_is_the_package_it_leads_to(start: Processes, tmp_path: Path) -> None:
    node_package(tmp_path, "demo-server")
    link = tmp_path / "node_modules/.bin/demo"
    link.parent.mkdir()
    link.symlink_to("../demo-server/dist/index.js")
    assert package(start, start(needs("node"), link)) == "npm:demo-server"


def test_the_innermost_of_nested_packages_runs(start: Processes, tmp_path: Path) -> None:
    script = node_package(tmp_path / "node_modules/outer", "inner")
    assert package(start, start(needs("node"), script)) == "npm:inner"


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("lib/python3.12/site-packages/demo_server/__main__.py", "pypi:demo-server"),
        ("share/uv/tools/demo-server/bin/demo", "pypi:demo-server"),
        ("share/pipx/venvs/demo-server/bin/demo", "pypi:demo-server"),
        ("src/demo.py", None),
    ],
)
def test_a_python_script_is_the_package_it_lies_in(
    start: Processes, tmp_path: Path, script: str, expected: str | None
) -> None:
    path = tmp_path / script
    path.parent.mkdir(parents=True)
    path.write_text(WAIT)
    assert package(start, start(sys.executable, path)) == expected


def test_a_console_script_is_the_distribution_that_declares_it(start: Processes, tmp_path: Path) -> None:
    environment = tmp_path / ".venv"
    script = environment / "bin/serve"
    script.parent.mkdir(parents=True)
    script.write_text(WAIT)
    (environment / "pyvenv.cfg").write_text("")
    for name, entry in (("other-1.0", "serve-all = x:y"), ("demo_server-2.0", "serve = demo:main")):
        metadata = environment / f"lib/python3.12/site-packages/{name}.dist-info"
        metadata.mkdir(parents=True)
        (metadata / "entry_points.txt").write_text(f"[console_scripts]\n{entry}\n")
    assert package(start, start(sys.executable, script)) == "pypi:demo-server"


def test_a_module_is_most_likely_the_distribution_of_its_name(start: Processes, tmp_path: Path) -> None:
    (tmp_path / "demo_server").mkdir()
    (tmp_path / "demo_server/__main__.py").write_text(WAIT)
    assert package(start, start(sys.executable, "-m", "demo_server", cwd=tmp_path)) == "pypi:demo-server"


def test_code_on_the_command_line_is_no_package(start: Processes) -> None:
    assert package(start, start(sys.executable, "-c", WAIT, "/x/node_modules/demo/index.js")) is None


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/usr/bin/node", "node"),
        ("C:\\Program Files\\nodejs\\node.exe", "node"),
        ("node", "node"),
        ("a/b.EXE", "b"),
        ("", ""),
    ],
)
def test_a_program_is_named_without_its_folder_and_ending(path: str, name: str) -> None:
    assert base_name(path) == name


@pytest.mark.parametrize(
    ("purl", "name"),
    [
        ("pkg:npm/%40scope/demo@1.0.0", "npm:@scope/demo"),
        ("pkg:npm/demo", "npm:demo"),
        ("pkg:docker/ghcr.io/a/b@sha256:0?x=y", "docker:ghcr.io/a/b"),
        ("pkg:pypi/demo@1.0#sub", "pypi:demo"),
    ],
)
def test_a_package_is_named_without_its_version(purl: str, name: str) -> None:
    assert package_name(purl) == name
