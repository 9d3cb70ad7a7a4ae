"""Every form in which a client writes its servers down, and every wrong one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.catalog.client import ConfigFile, Dialect, ServersAt
from collectors.readers.servers import Definition, Problem, read_definitions
from collectors.sources.limits import Limits

PLAIN = Dialect()


def read(
    document: object, *at: str | ServersAt, scope: str = "user", dialect: Dialect = PLAIN, limits: Limits | None = None
) -> list[Definition | Problem]:
    places = tuple(place if isinstance(place, ServersAt) else ServersAt(at=place) for place in at or ("mcpServers",))
    config = ConfigFile.model_validate({"scope": scope, "servers": places, "source": "", "checked": ""})
    return list(read_definitions(document, config, dialect, limits or Limits()))


def one(entry: dict[str, Any], dialect: Dialect = PLAIN) -> Definition:
    found = read({"mcpServers": {"s": entry}}, dialect=dialect)
    assert len(found) == 1 and isinstance(found[0], Definition), found
    return found[0]


@pytest.mark.parametrize(
    ("entry", "command", "args"),
    [
        ({"command": "npx", "args": ["-y", "a"]}, "npx", ("-y", "a")),
        ({"command": ["npx", "-y", "a"]}, "npx", ("-y", "a")),
        ({"command": ["npx"], "args": ["a"]}, "npx", ("a",)),
        ({"command": {"path": "npx", "args": ["a"], "env": {"E": "1"}}}, "npx", ("a",)),
        ({"cmd": "npx", "args": "-y 'a b'"}, "npx", ("-y", "a b")),
        ({"path": "/opt/server"}, "/opt/server", ()),
        ({"command": "npx -y a"}, "npx", ("-y", "a")),
        ({"command": "/opt/My App/server", "args": [80, True, 1.5]}, "/opt/My App/server", ("80", "true", "1.5")),
        ({"transport": {"type": "stdio", "command": "npx", "args": ["a"]}}, "npx", ("a",)),
    ],
)  # fmt: skip
def test_a_command_in_every_form(entry: dict[str, Any], command: str, args: tuple[str, ...]) -> None:
    found = one(entry)
    assert (found.transport, found.command, found.args) == ("stdio", command, args)


@pytest.mark.parametrize(
    ("entry", "transport"),
    [
        ({"url": "https://h/mcp"}, "http"),
        ({"serverUrl": "https://h/mcp"}, "http"),
        ({"uri": "https://h/mcp", "type": "streamable_http"}, "http"),
        ({"baseUrl": "https://h/mcp", "auth": "oauth"}, "http"),
        ({"executable": "x"}, "stdio"),
        ({"httpUrl": "https://h/mcp"}, "http"),
        ({"httpUrl": "https://h/mcp", "type": "sse"}, "http"),
        ({"url": "https://h/mcp", "type": "streamableHttp"}, "http"),
        ({"url": "https://h/mcp", "type": "streamable-http"}, "http"),
        ({"url": "https://h/sse", "type": "SSE"}, "sse"),
        ({"url": "https://h/sse"}, "http"),
        ({"url": "wss://h/x", "type": "websocket"}, "ws"),
        ({"url": "https://h/mcp", "type": "remote"}, "http"),
        ({"url": "https://h/mcp", "type": "stdio"}, "http"),
        ({"url": "https://h/mcp", "transport": "sse"}, "sse"),
        ({"transport": {"type": "sse", "url": "https://h/mcp"}}, "sse"),
        ({"command": "x", "type": "local"}, "stdio"),
        ({"command": "x", "type": "sse"}, "stdio"),
        ({"command": "x", "url": "https://h/mcp"}, "stdio"),
        ({"command": "x", "url": "https://h/mcp", "type": "http"}, "http"),
        ({"command": ""}, "unknown"),
        ({"enabled": True, "settings": {"a": 1}}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_a_transport_is_what_is_declared_and_fits(entry: dict[str, Any], transport: str) -> None:
    assert one(entry).transport == transport


def test_a_dialect_names_its_own_types() -> None:
    dialect = Dialect(untyped_url="sse", skip_types=("builtin",), types={"odd": "ws"})
    assert one({"url": "https://h"}, dialect).transport == "sse"
    assert one({"url": "https://h", "type": "odd"}, dialect).transport == "ws"
    assert read({"mcpServers": {"s": {"type": "builtin", "enabled": True}}}, dialect=dialect) == []


@pytest.mark.parametrize(
    ("fields", "env", "headers"),
    [
        ({"env": {"B": "1", "A": None}}, ("A", "B"), ()),
        ({"envs": ["A=1", "B", {"name": "C", "value": "x"}]}, ("A", "B", "C"), ()),
        ({"environment": {"A": 1}}, ("A",), ()),
        ({"env_keys": ["A"], "env_vars": [{"name": "B"}]}, ("A", "B"), ()),
        ({"args": ["x"], "command": "env", "env": {"A": "1"}}, ("A",), ()),
        ({"command": "docker", "args": ["run", "-e", "B", "x"], "env": {"A": "1"}}, ("A", "B"), ()),
        ({"headers": {"X-B": "1", "X-A": "2"}}, (), ("X-A", "X-B")),
        ({"headers": ["X-A: b", {"key": "X-B", "value": "c"}]}, (), ("X-A", "X-B")),
        ({"http_headers": {"A": "b"}, "env_http_headers": {"B": "VARIABLE"}}, (), ("A", "B")),
        ({"bearer_token_env_var": "TOKEN"}, (), ("Authorization",)),
        ({"bearerTokenEnv": "TOKEN"}, (), ("Authorization",)),
        ({"requestInit": {"headers": {"A": "b"}}}, (), ("A",)),
        ({"requestOptions": {"headers": {"A": "b"}}}, (), ("A",)),
    ],
)
def test_names_of_variables_and_headers(fields: dict[str, Any], env: tuple[str, ...], headers: tuple[str, ...]) -> None:
    found = one({"command": "x", **fields})
    assert (found.env_names, found.header_names) == (env, headers)


@pytest.mark.parametrize(
    ("fields", "enabled"),
    [
        ({}, True),
        ({"disabled": True}, False),
        ({"disabled": False, "app": {"autoStart": True}}, True),
        ({"app": {"autoStart": False}}, False),
        ({"app": 7}, True),
        ({"disabled": "true"}, False),
        ({"disabled": None}, True),
    ],
)
def test_a_server_can_be_switched_off_by_the_keys_that_its_client_reads(fields: dict[str, Any], enabled: bool) -> None:
    dialect = Dialect(off={"disabled": True, "app.autoStart": False})
    assert one({"command": "x", **fields}, dialect).enabled is enabled


def test_an_element_of_a_list_without_a_name_is_called_as_its_client_does() -> None:
    document = {"servers": [{"transport": {"type": "stdio", "command": "x"}}]}
    (found,) = read(document, ServersAt(at="servers", unnamed="MCP Server"))
    assert isinstance(found, Definition) and (found.name, found.command) == ("MCP Server", "x")
    (problem,) = read(document, "servers")
    assert isinstance(problem, Problem) and problem.code == "definition.unnamed"


def test_a_place_may_tell_the_transport_of_its_urls() -> None:
    found = read(["https://h.example/sse"], ServersAt(at="", untyped_url="sse"))
    assert [one.transport for one in found if isinstance(one, Definition)] == ["sse"]


def test_an_element_of_a_list_may_be_a_url() -> None:
    found = read({"mcpServers": ["https://me:hunter2hunter2@h.example:8443/mcp?token=s3cret", "no server"]})
    server = next(one for one in found if isinstance(one, Definition))
    assert (server.name, server.url, server.inline_secret) == ("h.example:8443", "https://h.example:8443/mcp", True)
    assert [one.code for one in found if isinstance(one, Problem)] == ["definition.wrong_type"]


@pytest.mark.parametrize("switch", [{"disabled": True}, {"enabled": False}, {"isActive": False}, {"disable": True}])
def test_a_switch_that_the_client_does_not_read_switches_nothing_and_is_told(switch: dict[str, bool]) -> None:
    found = read({"mcpServers": {"s": {"command": "x", **switch}}}, dialect=Dialect(off={"active": False}))
    problem, server = sorted(found, key=lambda one: isinstance(one, Definition))
    assert isinstance(server, Definition) and server.enabled
    assert isinstance(problem, Problem)
    assert (problem.code, problem.key) == ("definition.switch_ignored", f"mcpServers.s.{next(iter(switch))}")


@pytest.mark.parametrize(
    ("entry", "dialect", "loaded"),
    [
        ({"url": "https://h/mcp"}, Dialect(typed_urls=True), False),
        ({"url": "https://h/mcp", "type": "http"}, Dialect(typed_urls=True), True),
        ({"url": "https://h/mcp", "transport": "http"}, Dialect(typed_urls=True, type_keys=("type",)), False),
        ({"serverUrl": "https://h/mcp"}, Dialect(urls=("url",)), False),
        ({"url": "https://h/mcp", "serverUrl": "https://h/mcp"}, Dialect(urls=("url",)), True),
        ({"command": "x", "serverUrl": "https://h/mcp"}, Dialect(urls=("url",)), True),
        ({"url": "https://h/mcp"}, Dialect(urls=()), False),
        ({"command": "x"}, Dialect(needs=("name",)), False),
        ({"command": "x", "name": "s"}, Dialect(needs=("name",)), True),
        ({"command": "x", "type": "local"}, Dialect(known_types=("stdio",)), False),
        ({"cmd": "x"}, Dialect(commands=("command",)), False),
        ({"cmd": "x"}, Dialect(commands=("command", "cmd")), True),
        ({"url": "https://h/mcp"}, Dialect(commands=("command",)), True),
        ({"command": ["x"]}, Dialect(strict=True), False),
        ({"command": "x", "args": "-y"}, Dialect(strict=True), False),
        ({"command": "x", "args": [1]}, Dialect(strict=True), False),
        ({"command": "x", "env": {"A": 1}}, Dialect(strict=True), False),
        ({"command": "x", "args": ["-y"], "env": {"A": "1"}}, Dialect(strict=True), True),
        ({"command": ["x"], "args": "-y", "env": {"A": 1}}, Dialect(), True),
        ({"command": "x"}, Dialect(known_types=("stdio",)), True),
    ],
)
def test_an_entry_that_the_client_drops_is_told_and_not_loaded(
    entry: dict[str, Any], dialect: Dialect, loaded: bool
) -> None:
    found = read({"mcpServers": {"s": entry}}, dialect=dialect)
    assert [one.loaded for one in found if isinstance(one, Definition)] == [loaded]
    codes = [one.code for one in found if isinstance(one, Problem)]
    assert codes == ([] if loaded else ["definition.not_loaded"])


def test_a_client_may_send_further_keys_as_a_token() -> None:
    found = one({"url": "https://h", "apiKey": "Zq7planted5x0123456789"}, Dialect(tokens=("apiKey",)))
    assert (found.header_names, found.inline_secret) == (("Authorization",), True)


def test_the_front_matter_of_an_agent_names_servers_or_defines_them() -> None:
    config = ConfigFile.model_validate(
        {"scope": "user", "format": "front_matter", "servers": [{"at": "mcpServers"}], "source": "", "checked": ""}
    )
    document = {"mcpServers": ["github", {"own": {"command": "x"}}, {"name": "other", "command": "y"}]}
    found = list(read_definitions(document, config, PLAIN, Limits()))
    assert [one.name for one in found if isinstance(one, Definition)] == ["own", "other"]
    assert not [one for one in found if isinstance(one, Problem)]


def test_a_map_of_servers_is_no_server() -> None:
    found = read({"mcp": {"servers": {"a": {"command": "x"}}}}, "mcp")
    assert [(one.code, one.key) for one in found if isinstance(one, Problem)] == [("definition.unread", "mcp.servers")]
    assert not [one for one in found if isinstance(one, Definition)]


def test_a_server_without_the_map_around_it_is_told_where_the_client_wants_the_map() -> None:
    (found,) = read({"name": "a", "command": "x"})
    assert isinstance(found, Problem) and (found.code, found.key) == ("definition.unread", "")


def test_servers_in_a_file_that_defines_none_are_told() -> None:
    config = ConfigFile.model_validate({"scope": "user", "source": "", "checked": ""})
    (found,) = read_definitions({"mcpServers": {"a": {"command": "x"}}, "hooks": {}}, config, PLAIN, Limits())
    assert isinstance(found, Problem) and (found.code, found.key) == ("definition.unread", "mcpServers")


@pytest.mark.parametrize(
    "entry",
    [
        {"command": "x", "env": {"A_TOKEN": "Zq7planted5x"}},
        {"command": "x", "env": ["A_TOKEN=Zq7planted5x"]},
        {"command": "x", "args": ["--token", "Zq7planted5x"]},
        {"command": "x --token Zq7planted5x"},
        {"command": "bash", "args": ["-c", "TOKEN=Zq7planted5x npx a"]},
        {"url": "https://h/mcp", "headers": {"Authorization": "Bearer Zq7planted5x"}},
        {"url": "https://u:Zq7planted5x@h/mcp?token=Zq7planted5x"},
        {"url": "https://h/mcp", "bearer_token": "Zq7planted5x"},
        {"url": "https://h/mcp", "apiKey": "Zq7planted5x"},
        {"url": "https://h/mcp", "requestOptions": {"headers": {"Authorization": "Bearer Zq7planted5x"}}},
        {"url": "https://h/mcp", "oauth": {"clientSecret": "Zq7planted5x"}},
        {"settings": {"context7_api_key": "Zq7planted5x"}},
        {"command": "x", "env": {"A_TOKEN": "${A_TOKEN:-Zq7planted5x}"}},
    ],
)
def test_a_secret_in_clear_text_is_said_and_not_shown(entry: dict[str, Any]) -> None:
    found = one(entry)
    assert found.inline_secret
    assert "Zq7planted5x" not in repr(found)


@pytest.mark.parametrize(
    "value", ["${TOKEN}", "${env:TOKEN}", "${input:t}", "$TOKEN", "{env:TOKEN}", "${cmd: op read x}", ""]
)
def test_a_placeholder_is_no_secret_and_stays(value: str) -> None:
    found = one({"command": "x", "args": [f"--token={value}"], "env": {"A_TOKEN": value}, "headers": {"X": value}})
    assert not found.inline_secret
    assert found.args == (f"--token={value}",)


def test_a_bridge_is_a_stdio_server_without_a_url() -> None:
    found = one({"command": "npx", "args": ["-y", "mcp-remote", "https://h/mcp?k=v"]})
    assert (found.transport, found.url, found.package) == ("stdio", None, "pkg:npm/mcp-remote")
    assert found.args[-1] == "https://h/mcp"


def test_servers_may_stand_in_a_list() -> None:
    found = read({"mcpServers": [{"name": "a", "command": "x"}, {"name": "a", "url": "https://h"}, {"command": "y"}]})
    assert [f.key for f in found] == ["mcpServers[a]", "mcpServers[a]#2", "mcpServers[2]"]
    assert isinstance(found[2], Problem) and found[2].code == "definition.unnamed"


def test_a_list_step_at_the_end_of_the_path_is_the_list() -> None:
    assert [f.key for f in read({"mcp": [{"name": "a", "command": "x"}]}, "mcp[]")] == ["mcp[a]"]


def test_captures_and_scope_come_with_the_place() -> None:
    document = {"mcpServers": {"u": {"command": "x"}}, "projects": {"/home/a": {"mcpServers": {"l": {"command": "y"}}}}}
    user, local = read(document, "mcpServers", ServersAt(at="projects.*.mcpServers", scope="local"))
    assert isinstance(user, Definition) and isinstance(local, Definition)
    assert (user.scope, user.captures) == ("user", ())
    assert (local.scope, local.captures, local.key) == ("local", ("/home/a",), "projects./home/a.mcpServers.l")


def test_a_file_may_be_one_server_named_by_itself_or_by_the_file() -> None:
    manifest = {"name": "own", "server": {"mcp_config": {"command": "node", "args": ["x.js"]}}}
    place = ServersAt(at="server.mcp_config", single=True, name_at="name")
    assert [(f.key, f.name) for f in read(manifest, place) if isinstance(f, Definition)] == [
        ("server.mcp_config.own", "own")
    ]
    config = ConfigFile(scope="user", servers=(ServersAt(at="", single=True),), source="", checked="")
    found = list(read_definitions({"command": "x"}, config, PLAIN, Limits(), "file"))
    assert [(f.key, f.name) for f in found if isinstance(f, Definition)] == [("file", "file")]
    assert list(read_definitions({"version": 1}, config, PLAIN, Limits(), "file")) == []


FLAT = (ServersAt(at="mcpServers"), ServersAt(at="", flat=True))


def test_a_flat_map_counts_only_where_there_is_no_wrapper_and_only_what_looks_like_a_server() -> None:
    flat = {"a": {"command": "x"}, "b": {"url": "https://h"}, "hooks": {"x": 1}, "version": "1"}
    assert [f.key for f in read(flat, *FLAT, scope="extension")] == ["a", "b"]
    assert [f.key for f in read({"mcpServers": {"c": {"command": "z"}}, **flat}, *FLAT)] == ["mcpServers.c"]
    assert read({"mcpServers": {}, **flat}, *FLAT) == []


def test_what_only_one_client_calls_a_url_makes_nothing_a_server_where_no_servers_stand() -> None:
    assert read({"models": {"baseUrl": "https://models.example/v1"}, "tool": {"executable": "x"}}, *FLAT) == []


def test_a_plugin_may_name_another_file_instead() -> None:
    assert read({"mcpServers": "./.mcp.json"}, scope="extension") == []
    assert read({"mcpServers": ["./a.json"]}, scope="extension") == []


@pytest.mark.parametrize(
    ("document", "key"),
    [
        ({"mcpServers": "text"}, "mcpServers"),
        ({"mcpServers": 1}, "mcpServers"),
        ({"mcpServers": {"s": "text"}}, "mcpServers.s"),
        ({"mcpServers": {"s": None}}, "mcpServers.s"),
        ({"mcpServers": {"s": ["x"]}}, "mcpServers.s"),
        ({"mcpServers": ["x"]}, "mcpServers[0]"),
        ({"mcpServers": {"s": {"command": 1}}}, "mcpServers.s.command"),
        ({"mcpServers": {"s": {"command": "x", "args": {"a": 1}}}}, "mcpServers.s.args"),
        ({"mcpServers": {"s": {"command": "x", "args": [["a"]]}}}, "mcpServers.s.args"),
        ({"mcpServers": {"s": {"command": "x", "env": "A=1"}}}, "mcpServers.s.env"),
        ({"mcpServers": {"s": {"url": ["x"]}}}, "mcpServers.s.url"),
        ({"mcpServers": {"s": {"url": "https://h", "headers": 1}}}, "mcpServers.s.headers"),
    ],
)
def test_a_wrong_type_is_a_problem_that_names_the_place(document: object, key: str) -> None:
    problems = [found for found in read(document) if isinstance(found, Problem)]
    assert [(problem.key, problem.code) for problem in problems] == [(key, "definition.wrong_type")]


@pytest.mark.parametrize("document", [{}, {"mcpServers": None}, {"mcpServers": {"_comment": "x"}}])
def test_a_document_without_servers_has_none_and_no_problem(document: object) -> None:
    assert read(document) == []


@pytest.mark.parametrize("document", [None, 1, "text", []])
def test_a_document_that_is_no_map_is_a_problem(document: object) -> None:
    assert [f.code for f in read(document) if isinstance(f, Problem)] == ["definition.wrong_type"]


def test_servers_under_a_key_that_this_client_does_not_read_are_a_problem() -> None:
    found = read({"servers": {"a": {"command": "x"}}, "lsp": {"b": {"command": "y"}}, "mcpServers": {}})
    assert [(f.key, f.code) for f in found if isinstance(f, Problem)] == [("servers", "definition.unread")]


def test_more_servers_than_allowed_is_a_problem_and_the_first_ones_count() -> None:
    found = read({"mcpServers": {str(i): {"command": "x"} for i in range(5)}}, limits=Limits(servers_per_file=3))
    assert [type(f) for f in found] == [Definition] * 3 + [Problem]


def test_the_launch_hash_changes_with_the_launch_and_with_nothing_else() -> None:
    base = {"command": "npx", "args": ["a"], "env": {"A_TOKEN": "one"}}
    same = one({**base, "env": {"A_TOKEN": "two"}, "timeout": 5})
    assert one(base).launch_hash == same.launch_hash
    others = [{"args": ["b"]}, {"command": "bunx"}, {"env": {"B": "1"}}, {"headers": {"A": "b"}}]
    assert len({one({**base, **change}).launch_hash for change in others} | {same.launch_hash}) == 5


NAMES = [
    "name",
    "type",
    "command",
    "cmd",
    "path",
    "args",
    "url",
    "httpUrl",
    "env",
    "headers",
    "transport",
    "oauth",
    "s",
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.sampled_from(["npx", "http"]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=4), inner, max_size=6)
    ),
    max_leaves=25,
)


@settings(max_examples=100, deadline=None)
@given(JSON)
def test_any_document_is_read_without_an_error(servers: object) -> None:
    for document in (servers, {"mcpServers": servers}, {"mcpServers": {"s": servers}}, {"mcpServers": [servers]}):
        for found in read(document, *FLAT):
            json.dumps(found.key, ensure_ascii=False).encode()
            assert isinstance(found, Problem) or len(found.launch_hash) == 64


def test_of_a_command_and_a_url_some_clients_use_the_url() -> None:
    both = {"command": "node", "url": "https://h.example/mcp"}
    assert one(both).transport == "stdio"
    assert one(both, Dialect(url_first=True)).transport == "http"


def test_an_element_of_a_list_may_be_called_by_something_else_than_a_name() -> None:
    config = ConfigFile(scope="user", servers=(ServersAt(at="servers"),), source="a test", checked="2026-01-01")
    document = {"servers": [{"uuid": "u-1", "command": "node"}, {"label": "two", "id": "2", "command": "node"}]}
    found = read_definitions(document, config, PLAIN, Limits())
    assert [definition.name for definition in found if isinstance(definition, Definition)] == ["u-1", "two"]


def test_a_map_of_servers_without_its_key_is_told_in_a_file_that_is_called_like_one() -> None:
    config = ConfigFile(scope="user", servers=(ServersAt(at="mcpServers"),), source="a test", checked="2026-01-01")
    document = {"a": {"command": "node"}}
    assert [p.code for p in read_definitions(document, config, PLAIN, Limits(), "mcp") if isinstance(p, Problem)] == [
        "definition.unread"
    ]
    assert not list(read_definitions(document, config, PLAIN, Limits(), "settings"))
