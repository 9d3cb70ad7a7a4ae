"""One list of editor folders for all clients that live in an editor."""

from __future__ import annotations

from collectors.catalog.catalog import Catalog
from collectors.catalog.editors import editors, expanded, extension_folders

CATALOG = Catalog.load()


def test_a_template_of_one_editor_stands_for_all_its_builds() -> None:
    paths = list(expanded("{editor:vscodium}/mcp.json", "linux"))
    assert "{config}/VSCodium/User/mcp.json" in paths
    assert "~/.var/app/com.vscodium.codium/config/VSCodium/User/mcp.json" in paths
    assert not [path for path in expanded("{editor:vscodium}/mcp.json", "macos") if ".var" in path]


def test_a_template_of_any_editor_stands_for_all_of_all() -> None:
    every = set(expanded("{editor}/x", "linux"))
    assert every == {path for name in editors() for path in expanded(f"{{editor:{name}}}/x", "linux")}
    assert list(expanded("~/x", "linux")) == ["~/x"]


def test_extensions_of_other_vendors_are_looked_for_in_every_editor() -> None:
    for client in ("cline", "roo-code", "kilo-code"):
        paths = {path for config in CATALOG.clients[client].config for path in config.on("linux")}
        for editor in editors().values():
            for folder in editor.user:
                assert any(path.startswith(f"{folder}/globalStorage/") for path in paths), (client, folder)


def test_no_client_lists_an_editors_builds_itself() -> None:
    folders = {folder for editor in editors().values() for folder in editor.user}
    raw = {
        template
        for client in CATALOG.clients.values()
        for fact in (*client.config, *client.roots, *client.artifact, *client.provider)
        for template in (*fact.paths, *fact.linux)
    }
    assert not [template for template in raw if template.startswith(tuple(f"{folder}/" for folder in folders))]


def test_every_editor_says_where_its_extensions_are() -> None:
    assert all(editor.extensions for editor in editors().values())
    assert len(set(extension_folders())) == len(extension_folders())
