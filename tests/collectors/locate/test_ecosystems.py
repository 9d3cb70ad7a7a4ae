"""Where each package manager puts its packages."""

from __future__ import annotations

from pathlib import Path

import pytest

from collectors.locate.ecosystems import ECOSYSTEMS, PackageFolders
from collectors.sources.account import Os
from tests.collectors.world import World, client


def find(world: World, package: str, machine: bool = False) -> list[str]:
    return list(PackageFolders(world.context, None if machine else world.home).find(package))


@pytest.mark.parametrize(
    ("os", "package", "path"),
    [
        ("linux", "npm:@x/demo", "~/.nvm/versions/node/v22.1.0/lib/node_modules/@x/demo"),
        ("linux", "npm:demo", "~/.local/share/pnpm/global/5/node_modules/demo"),
        ("linux", "npm:demo", "~/.volta/tools/image/packages/demo/lib/node_modules/demo"),
        ("windows", "npm:demo", "~/AppData/Roaming/npm/node_modules/demo"),
        ("linux", "pypi:demo-cli", "~/.local/share/uv/tools/demo-cli"),
        ("linux", "pypi:demo-cli", "~/.local/share/pipx/venvs/demo-cli"),
        ("linux", "pypi:demo-cli", "~/.local/lib/python3.12/site-packages/demo_cli-1.0.dist-info"),
        ("linux", "pypi:demo-cli", "~/.local/lib/python3.12/site-packages/Demo_CLI-1.0.dist-info"),
        ("linux", "vscode:some.demo", "~/.vscode/extensions/some.demo-1.2.3"),
        ("linux", "vscode:Some.Demo", "~/.vscode-server/extensions/some.demo-1.2.3-linux-x64"),
        ("macos", "vscode:some.demo", "~/.cursor/extensions/some.demo-0.1.0"),
        ("linux", "jetbrains:demo", "~/.local/share/JetBrains/IntelliJIdea2026.1/demo"),
        ("macos", "jetbrains:demo", "~/Library/Application Support/JetBrains/PyCharm2026.1/plugins/demo"),
        ("windows", "jetbrains:demo", "~/AppData/Roaming/JetBrains/PyCharm2026.1/plugins/demo"),
        ("windows", "winget:Some.Demo", "~/AppData/Local/Microsoft/WinGet/Packages/Some.Demo_Winget.Source_8we"),
    ],
)  # fmt: skip
def test_a_package_of_a_home_is_found(tmp_path: Path, os: Os, package: str, path: str) -> None:
    world = World(tmp_path, os=os)
    assert find(world, package) == []
    assert find(world, package) == [] and world.folder(path) == find(world, package)[0]
    assert find(world, package, machine=True) == []


@pytest.mark.parametrize(
    ("os", "package", "path"),
    [
        ("linux", "npm:demo", "/usr/local/lib/node_modules/demo"),
        ("macos", "npm:demo", "/opt/homebrew/lib/node_modules/demo"),
        ("linux", "pypi:demo", "/usr/lib/python3/dist-packages/demo-1.0.dist-info"),
        ("linux", "pypi:demo", "/usr/local/lib/python3.12/dist-packages/demo-1.0.dist-info"),
        ("linux", "deb:demo", "/var/lib/dpkg/info/demo.list"),
        ("macos", "brew:demo", "/opt/homebrew/Cellar/demo"),
        ("macos", "cask:demo", "/usr/local/Caskroom/demo"),
        ("windows", "npm:demo", "C:/Program Files/nodejs/node_modules/demo"),
        ("windows", "winget:Some.Demo", "C:/Program Files/WinGet/Packages/Some.Demo_x64"),
    ],
)
def test_a_package_of_the_machine_is_found_once(tmp_path: Path, os: Os, package: str, path: str) -> None:
    world = World(tmp_path, os=os)
    world.folder(path)
    assert find(world, package, machine=True) == [path]
    assert find(world, package) == []


@pytest.mark.parametrize(
    ("package", "path"),
    [
        ("npm:demo", "~/.npm-global/lib/node_modules/demo-extra"),
        ("npm:demo", "~/.npm-global/lib/node_modules/@x/demo"),
        ("pypi:demo", "~/.local/lib/python3.12/site-packages/demo_extra-1.0.dist-info"),
        ("pypi:demo", "~/.local/lib/python3.12/site-packages/demo"),
        ("vscode:some.demo", "~/.vscode/extensions/some.demo-extra-1.0.0"),
        ("vscode:some.demo", "~/.vscode/extensions/some.demo"),
        ("unheard-of:demo", "~/.npm-global/lib/node_modules/demo"),
    ],
)
def test_another_package_is_not_taken_for_it(tmp_path: Path, package: str, path: str) -> None:
    world = World(tmp_path)
    world.folder(path)
    assert find(world, package) == []


def test_a_file_in_place_of_a_shelf_holds_nothing(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.write("~/.vscode/extensions", "")
    assert find(world, "vscode:some.demo") == []


def test_each_shelf_is_listed_once_however_many_packages_are_asked_for(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.folder("~/.vscode/extensions/a.a-1.0.0")
    shelves = PackageFolders(world.context, world.home)
    assert len(list(shelves.find("vscode:a.a"))) == 1
    world.folder("~/.vscode/extensions/b.b-1.0.0")
    assert list(shelves.find("vscode:b.b")) == []
    assert len(find(world, "vscode:b.b")) == 1


def test_every_shelf_is_a_place_that_can_be_looked_up() -> None:
    roots = {root for kinds in ECOSYSTEMS.values() for ecosystem in kinds for root in ecosystem.roots}
    assert all(root.startswith(("/", "~/", "{data}/", "{config}/", "{appdata}/", "C:/")) for root in roots)
    assert all("{" in kind.entry for kinds in ECOSYSTEMS.values() for kind in kinds)


def test_npm_packages_are_found_where_the_account_told_npm_to_install(tmp_path: Path) -> None:
    world = World(tmp_path, client(install=[{"packages": ["npm:demo", "npm:@scope/demo"]}]))
    world.write("~/.npmrc", "registry=https://r.example\nprefix = ${HOME}/my-node\n")
    own = world.folder("~/my-node/lib/node_modules/demo")
    volta = world.folder("~/.volta/tools/image/packages/@scope/demo/lib/node_modules/@scope/demo")
    folders = PackageFolders(world.context, world.home)
    assert (list(folders.find("npm:demo")), list(folders.find("npm:@scope/demo"))) == ([own], [volta])
