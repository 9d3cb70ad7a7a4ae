"""One file becomes records, or the diagnostic that says why it does not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agent.records import Artifact, Diagnostic, McpServer, ModelProvider
from collectors.contract import Observation, Scope
from collectors.locate.interest import Interest, Root
from collectors.readers.file import observe_file
from collectors.sources.limits import Limits
from tests.collectors.world import World, client, reading

PATH = "~/.demo.json"
CONFIG = {"scope": "user", "paths": [PATH], "servers": [{"at": "mcpServers"}]}
DEMO = client(config=[CONFIG])
ONE = {"mcpServers": {"files": {"command": "npx", "args": ["-y", "files@1.0.0"]}}}


def observe(world: World, content: object = ONE, *readings: Interest) -> Observation:
    path = world.write(PATH, content)
    return observe_file(world.context, world.home, path, readings or [reading(DEMO)])


def diagnostics(seen: Observation) -> list[tuple[str, str, int | None, int | None]]:
    found = [record for record in seen.records if isinstance(record, Diagnostic)]
    return [(record.severity, record.code, record.line, record.column) for record in found]


def test_a_definition_becomes_a_record_that_says_where_it_stands(tmp_path: Path) -> None:
    seen = observe(World(tmp_path))
    (server,) = seen.records
    assert isinstance(server, McpServer)
    assert seen.scope == Scope("configs", "dev", "/home/dev/.demo.json") and not seen.unknown
    assert (server.owner, server.agent, server.name, server.scope) == ("dev", "demo", "files", "user")
    assert (server.source.path, server.source.key) == ("/home/dev/.demo.json", "mcpServers.files")
    assert (server.package, server.pinned, server.running) == ("pkg:npm/files@1.0.0", True, None)
    assert (server.evidence.collector, server.evidence.confidence) == ("configs", "declared")


def test_paths_are_told_as_windows_writes_them(tmp_path: Path) -> None:
    world = World(tmp_path, os="windows")
    (server,) = observe(world).records
    assert isinstance(server, McpServer) and server.source.path == "C:\\Users\\dev\\.demo.json"


@pytest.mark.parametrize(
    ("content", "code", "line", "column"),
    [
        ('{"mcpServers": {\n  "a": nonsense}}', "parse.json", 2, 8),
        ("<<<<<<< ours\n{}\n=======\n{}\n>>>>>>> theirs\n", "parse.conflict", 1, 1),
        (b'{"a":\n "\xff"}', "parse.encoding", 2, None),
        ("[" * 1_000, "parse.too_deep", None, None),
    ],
)
def test_what_cannot_be_parsed_is_unknown_and_says_where(
    tmp_path: Path, content: str | bytes, code: str, line: int | None, column: int | None
) -> None:
    seen = observe(World(tmp_path), content)
    assert seen.unknown and diagnostics(seen) == [("error", code, line, column)]


@pytest.mark.parametrize("content", ["", "  \n", b"\0\0\0\0", b"\xef\xbb\xbf"])
def test_an_empty_file_defines_nothing_and_is_not_unknown(tmp_path: Path, content: str | bytes) -> None:
    seen = observe(World(tmp_path), content)
    assert not seen.unknown and diagnostics(seen) == [("info", "parse.empty", None, None)]


def test_a_file_that_is_absent_has_no_records(tmp_path: Path) -> None:
    world = World(tmp_path)
    assert observe_file(world.context, world.home, "/home/dev/.demo.json", [reading(DEMO)]) == Observation(
        Scope("configs", "dev", "/home/dev/.demo.json")
    )


@pytest.mark.parametrize("kind", ["folder", "pipe", "large", "loop"])
def test_what_is_no_plain_small_file_is_unknown(tmp_path: Path, kind: str) -> None:
    world = World(tmp_path, limits=Limits(file_bytes=100))
    place = world.here(PATH)
    if kind == "folder":
        place.mkdir()
    elif kind == "pipe":
        os.mkfifo(place)
    elif kind == "loop":
        place.symlink_to(place.name)
    else:
        place.write_bytes(b" " * 101)
    seen = observe_file(world.context, world.home, world.path(PATH), [reading(DEMO)])
    assert seen.unknown
    (found,) = seen.records
    assert isinstance(found, Diagnostic) and found.severity == "error" and found.path == "/home/dev/.demo.json"
    assert found.code == {"large": "file.too_large", "loop": "file.link_loop"}.get(kind, "file.not_regular")


def test_every_reader_of_a_file_takes_what_is_its_own(tmp_path: Path) -> None:
    artifact = {"kind": "plugin", "scope": "user", "paths": [PATH], "at": "plugins", "take": "key"}
    provider = {"scope": "user", "paths": [PATH], "at": "", "id": "p", "model_at": ["model"]}
    one = client("one", config=[CONFIG], artifact=[artifact], provider=[provider])
    two = client("two", config=[CONFIG])
    readings = [Interest(one, part) for part in (*one.config, *one.artifact, *one.provider)] + [reading(two)]
    seen = observe(World(tmp_path), {**ONE, "plugins": {"x": True}, "model": "m"}, *readings)
    found = [(type(record), getattr(record, "agent", None)) for record in seen.records]
    assert found == [(McpServer, "one"), (Artifact, "one"), (ModelProvider, "one"), (McpServer, "two")]


def test_of_several_readers_the_one_whose_file_it_is_is_named_in_what_went_wrong(tmp_path: Path) -> None:
    sharing = client("a-sharing", config=[{**CONFIG, "shared": True}])
    (found,) = observe(World(tmp_path), "{", reading(sharing), reading(DEMO)).records
    assert isinstance(found, Diagnostic) and found.agent == "demo"


def test_a_wrong_type_names_the_key_and_keeps_the_rest(tmp_path: Path) -> None:
    seen = observe(World(tmp_path), {"mcpServers": {"a": 7, **ONE["mcpServers"]}})
    wrong, server = seen.records
    assert isinstance(wrong, Diagnostic) and (wrong.code, wrong.key) == ("definition.wrong_type", "mcpServers.a")
    assert isinstance(server, McpServer) and not seen.unknown


def test_a_key_that_stands_twice_is_told_and_the_last_one_counts(tmp_path: Path) -> None:
    seen = observe(World(tmp_path), '{"mcpServers": {"a": {"command": "x"}, "a": {"command": "y"}}}')
    note, server = seen.records
    assert isinstance(note, Diagnostic) and note.code == "parse.duplicate_key"
    assert isinstance(server, McpServer) and server.command == "y"


def test_a_project_local_definition_belongs_to_the_project_its_key_names(tmp_path: Path) -> None:
    part = {"scope": "user", "paths": [PATH], "servers": [{"at": "projects.*.mcpServers", "scope": "local"}]}
    seen = observe(World(tmp_path), {"projects": {"/srv/p": ONE}}, reading(client(config=[part])))
    (server,) = seen.records
    assert isinstance(server, McpServer) and (server.scope, server.project) == ("local", "/srv/p")


def test_a_plugin_right_in_a_known_place_is_named_by_its_folder(tmp_path: Path) -> None:
    part = {"scope": "extension", "paths": ["~/.demo/plugins/*/mcp.json"], "servers": [{"at": "mcpServers"}]}
    (server,) = observe(World(tmp_path), ONE, reading(client(config=[part]), captures=("git",))).records
    assert isinstance(server, McpServer) and (server.scope, server.extension) == ("extension", "git")


def test_a_file_of_the_machine_has_no_owner(tmp_path: Path) -> None:
    world = World(tmp_path)
    path = world.write("/etc/demo.json", ONE)
    seen = observe_file(world.context, None, path, [reading(DEMO)])
    assert seen.scope.owner == "" and [record.owner for record in seen.records] == [None]


def test_a_file_that_only_names_folders_has_no_records_of_its_own(tmp_path: Path) -> None:
    roots = client(roots=[{"kind": "project", "paths": [PATH], "at": "folders"}])
    seen = observe(World(tmp_path), "{", reading(roots))
    assert seen.records == () and not seen.unknown


def test_one_format_that_fails_does_not_hide_that_the_file_is_unknown(tmp_path: Path) -> None:
    rule = client("rule", artifact=[{"kind": "rule", "scope": "user", "paths": [PATH]}])
    seen = observe(World(tmp_path), "{", reading(rule), reading(DEMO))
    assert seen.unknown and [type(record) for record in seen.records] == [Diagnostic]


def test_nothing_of_the_content_is_in_what_went_wrong(tmp_path: Path) -> None:
    secret = "Zq7planted5x"
    for content in (f'{{"mcpServers": {{"a": {secret}', f"{secret}: [", f'{{"mcpServers": "{secret}"}}'):
        assert secret not in "".join(record.to_json() for record in observe(World(tmp_path), content).records)


def test_a_definition_of_a_project_says_which(tmp_path: Path) -> None:
    root = Root("project", "/srv/p", "/srv/p")
    (server,) = observe(World(tmp_path), ONE, reading(DEMO, root=root)).records
    assert isinstance(server, McpServer) and server.project == "/srv/p"
