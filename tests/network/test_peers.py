"""Names of peers and what a connection is for, without ever connecting."""

from __future__ import annotations

import pytest

from agent.network.name_cache import NameCache, canonical, host_name
from agent.network.peers import Endpoint, EndpointIndex, endpoint_of, exposure, hosts_to_resolve, named
from agent.network.provider_hosts import provider_hosts
from agent.records import Connection, Evidence, Instance, ModelProvider, Purpose, Source
from agent.redaction.redact import url
from agent.runtime.memo import DerivationCache
from tests import made

LINEAR = made.server("linear", transport="http", url="https://mcp.linear.app/mcp", agent="claude-code")
COPILOT_MCP = made.server("github", transport="http", url="https://api.githubcopilot.com/mcp/", agent="claude-code")
LOCAL = made.server("local", transport="http", url="http://localhost:8000/mcp", agent="claude-code")
BARE = made.server("bare", transport="http", url="http://10.1.2.3:9000/mcp", agent="claude-code")
SERVERS = (LINEAR, COPILOT_MCP, LOCAL, BARE)
CLAUDE = made.instance(7, agent="claude-code")
CODE = made.instance(8, agent="vscode")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def provider(base_url: str) -> ModelProvider:
    return ModelProvider(
        endpoint_id="e", owner="dev", evidence=Evidence(collector="configs"), agent="opencode", provider="own",
        scope="user", base_url=base_url, source=Source(path="/x", key="p"),
    )  # fmt: skip


def established(remote: str, instance: Instance = CLAUDE) -> Connection:
    return made.connection(instance.id, relation="established", remote=remote)


def one(remote: str, names: NameCache | None = None, instance: Instance = CLAUDE) -> tuple[str | None, Purpose | None]:
    peers = EndpointIndex(SERVERS, [provider("http://127.0.0.1:5001/v1"), provider("https://llm.corp.example/v1")])
    (found,) = named([established(remote, instance)], names, peers, [CLAUDE, CODE], DerivationCache())
    return found.host, found.purpose


def test_without_names_only_literal_addresses_are_matched() -> None:
    assert one("10.1.2.3:9000") == (None, "mcp_remote")
    assert one("10.1.2.3:9001") == (None, "other")
    assert one("160.79.104.10:443") == (None, "other")
    assert one("127.0.0.1:8000") == (None, "local")
    assert one("[::1]:4000") == (None, "local")


def test_a_model_on_this_machine_is_a_provider_by_its_port() -> None:
    assert one("127.0.0.1:5001") == (None, "model_provider")
    assert one("127.0.0.1:11434") == (None, "model_provider")


def test_a_resolved_address_gets_its_name_and_purpose() -> None:
    names = NameCache()
    names.learn("api.anthropic.com", ["160.79.104.10"])
    names.learn("mcp.linear.app", ["2606:4700::1"])
    names.learn("llm.corp.example", ["10.0.0.8"])
    names.learn("bedrock-runtime.eu-west-1.amazonaws.com", ["52.1.1.1"])
    names.learn("telemetry.example.com", ["203.0.113.9"])
    assert one("160.79.104.10:443", names) == ("api.anthropic.com", "model_provider")
    assert one("[2606:4700::1]:443", names) == ("mcp.linear.app", "mcp_remote")
    assert one("10.0.0.8:443", names) == ("llm.corp.example", "model_provider")
    assert one("52.1.1.1:443", names) == ("bedrock-runtime.eu-west-1.amazonaws.com", "model_provider")
    assert one("203.0.113.9:443", names) == ("telemetry.example.com", "other")
    assert one("203.0.113.10:443", names) == (None, "other")


def test_of_several_names_of_one_address_the_process_own_server_is_meant() -> None:
    names = NameCache()
    for host in ("mcp.linear.app", "api.openai.com", "shop.example.com"):
        names.learn(host, ["104.18.0.1"])
    assert one("104.18.0.1:443", names) == ("mcp.linear.app", "mcp_remote")
    assert one("104.18.0.1:443", names, CODE) == ("api.openai.com", "model_provider")


def test_a_host_of_models_and_of_a_server_is_what_the_agent_uses_it_for() -> None:
    names = NameCache()
    names.learn("api.githubcopilot.com", ["140.82.112.22"])
    assert one("140.82.112.22:443", names, CLAUDE) == ("api.githubcopilot.com", "mcp_remote")
    assert one("140.82.112.22:443", names, CODE) == ("api.githubcopilot.com", "model_provider")


def test_naming_keeps_the_id_and_changes_nothing_else() -> None:
    before = established("160.79.104.10:443").model_copy(update={"count": 3})
    (after,) = named([before], None, EndpointIndex([]), [CLAUDE], DerivationCache())
    assert after.id == before.id
    assert after == before.model_copy(update={"purpose": "other"})


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        ("127.0.0.1:80", "loopback"), ("[::1]:80", "loopback"), ("0.0.0.0:80", "any"), ("[::]:80", "any"),
        ("192.168.1.4:80", "lan"), ("[fe80::1]:80", "lan"), ("nonsense", None), ("None:80", None),
    ],
)  # fmt: skip
def test_a_listening_socket_is_reachable_by_whom_its_address_says(local: str, expected: str | None) -> None:
    assert exposure(local) == expected
    (found,) = named([made.connection("x", local=local)], None, EndpointIndex([]), [], DerivationCache())
    assert found.exposure == expected


def test_how_often_and_when_a_peer_was_seen_is_no_changed_fact() -> None:
    first = established("1.2.3.4:443")
    again = first.model_copy(update={"count": 9, "last_seen": made.SEEN, "first_seen": made.SEEN})
    assert first.same_facts(again) and first.facts() == again.facts()
    assert not first.same_facts(first.model_copy(update={"host": "a.example"}))


def test_a_name_expires_unless_a_connection_still_needs_it() -> None:
    clock = Clock()
    names = NameCache(clock, expiry_seconds=100)
    names.learn("a.example", ["192.0.2.1", "192.0.2.2"])
    assert names.hosts("192.0.2.1") == ("a.example",)
    for clock.now in (90, 180, 270):
        assert names.hosts("192.0.2.1") == ("a.example",)
    assert names.hosts("192.0.2.2") == ()


def test_the_version_grows_only_for_addresses_that_somebody_asked_for() -> None:
    names = NameCache()
    names.learn("a.example", ["192.0.2.1"])
    assert names.version == 0
    names.hosts("192.0.2.1")
    names.learn("a.example", ["192.0.2.1"])
    names.learn("b.example", ["192.0.2.9"])
    assert names.version == 0
    names.learn("b.example", ["192.0.2.1"])
    assert names.version == 1
    assert names.hosts("192.0.2.1") == ("b.example", "a.example")


def test_names_stay_bounded_whatever_is_learned() -> None:
    names = NameCache()
    for number in range(20_000):
        names.learn(f"h{number}.example", [f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", "192.0.2.1"])
        names.hosts(f"10.9.{number >> 8 & 255}.{number & 255}")
    assert len(names.hosts("192.0.2.1")) <= 8
    assert names.hosts("10.0.0.1") == ()
    assert names.hosts("10.0.78.31") == ("h19999.example",)


@pytest.mark.parametrize("text", ["localhost", "10.0.0.1", "a b.example", "x" * 300, "-", "", "é.example", "a..b"])
def test_what_is_no_host_name_is_never_learned_or_looked_up(text: str) -> None:
    assert host_name(text) is None
    names = NameCache()
    names.learn(text, ["192.0.2.1"])
    assert names.hosts("192.0.2.1") == ()


def test_addresses_are_compared_in_one_form() -> None:
    assert canonical("::ffff:192.0.2.1") == "192.0.2.1"
    assert canonical("FE80::1%eth0") == "fe80::1"
    assert canonical("nonsense") is None


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://A.Example/x", ("a.example", 443)), ("http://a.example:81", ("a.example", 81)),
        ("ws://[::1]:9/x", ("localhost", 9)), ("http://0.0.0.0:5/", ("localhost", 5)),
        ("http://grafana:3000", ("grafana", 3000)),
        ("https://${host}/x", None), ("http://a.example:${PORT}/", None), ("stdio", None), (None, None),
        ("http://[", None),
    ],
)  # fmt: skip
def test_an_endpoint_is_read_from_a_url_or_not_at_all(url: str | None, expected: tuple[str, int] | None) -> None:
    assert endpoint_of(url) == (Endpoint(*expected) if expected else None)


def test_only_hosts_of_this_machines_configuration_and_agents_are_looked_up() -> None:
    records = [*SERVERS, provider("https://llm.corp.example/v1"), made.agent("gemini-cli")]
    hosts = hosts_to_resolve(records)
    assert {"mcp.linear.app", "llm.corp.example", "generativelanguage.googleapis.com"} <= hosts
    assert "api.deepseek.com" not in hosts and "api2.cursor.sh" not in hosts
    assert all(host_name(host) for host in hosts)


def test_each_provider_host_leads_back_to_its_provider() -> None:
    found = provider_hosts().at("bedrock-runtime.us-east-1.amazonaws.com", 443)
    assert found and found.name == "Amazon Bedrock"
    assert provider_hosts().at("evil-api.openai.com.example", 443) is None
    assert provider_hosts().at("localhost", 9999) is None


def test_of_each_account_only_so_many_names_are_looked_up_and_no_long_or_generated_ones() -> None:
    flood = [made.server(f"s{n}", owner="alice", url=f"https://n{n:04}.alice.example/mcp") for n in range(300)]
    said = "q7x9kd03mfz81bqp5vt2w6ya4cn8ej1s"
    names = (f"{said}.example", "a" * 60 + "." + "b" * 60 + ".example")
    odd = [made.server(name, owner="bob", url=url(f"https://{name}").url) for name in names]
    hosts = hosts_to_resolve([*flood, *odd, made.server("usual", owner="bob", url="https://mcp.example.com/mcp")])
    assert len(hosts) == 101 and "mcp.example.com" in hosts
