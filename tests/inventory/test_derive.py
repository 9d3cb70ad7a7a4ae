"""What is derived account by account is what follows from all facts at once, whatever was kept of earlier times."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.correlation.correlate import correlate
from agent.governance.policy.in_force import InForce
from agent.governance.policy.model import Policy
from agent.inventory.derive import Derivation
from agent.network.name_cache import NameCache
from agent.network.sockets import network
from agent.records import Artifact, Endpoint, Evidence, McpServer, ModelProvider, Record, SignIn, Source
from agent.records.posture import ServerRule
from agent.runtime.memo import DerivationCache
from collectors.catalog.catalog import Catalog
from tests import made
from tests.correlation.posture_layers import layer

REAL = Catalog.load()
CATALOG = Catalog([REAL.clients[name] for name in ("claude-code", "codex", "1mcp")])
POLICY = Policy.model_validate(
    {
        "version": "1",
        "agent": [{"id": "codex", "state": "unsanctioned"}],
        "server": [{"name": "files", "state": "sanctioned", "package": "npm:files"}],
        "owner": [{"account": "eve", "person": "Eve"}],
        "egress": {"allow": ["*.example.com"]},
        "require": {"hook": [{"agent": "claude-code", "event": "PreToolUse", "program": "guard"}]},
    }
)
NAMES = NameCache()
NAMES.learn("mcp.example.com", ["192.0.2.1"])
GOVERNED = {"sanction", "in_scope", "role", "origin", "publisher_known", "accountable", "accountable_by", "team"}
TOLD_WHEN = {"opened_at", "closed_at"}
LOOPBACK = "http://127.0.0.1:8000/mcp"
AGENTS = tuple(CATALOG.clients)
OWNERS = ("dev", "eve", "root", None)
PLACES = (
    {"local": "127.0.0.1:8000"},
    {"local": "0.0.0.0:8000"},
    {"relation": "established", "remote": "192.0.2.1:443"},
    {"relation": "established", "remote": "127.0.0.1:8000"},
)


def seen(kind: Callable[..., Record], path: str = "/x", **fields: Any) -> Record:
    source = {} if kind is Endpoint else {"source": Source(path=path, key="")}
    evidence = Evidence(collector="configs")
    return kind(**{"endpoint_id": "e", "observed_at": made.SEEN, "evidence": evidence, **source, **fields})


def server(chance: random.Random) -> McpServer:
    pick = chance.choice
    return made.server(
        pick(("files", "fi1es")),
        pick(("/etc/a.json", "/etc/b.json")),
        owner=pick(OWNERS),
        agent=pick(AGENTS),
        scope=pick(("managed", "user", "local", "project")),
        project=pick((None, None, "/code/a")),
        command=pick((None, "npx", "1mcp")),
        package=pick((None, "pkg:npm/files@1.0.0", "pkg:npm/%401mcp/agent@1.0.0")),
        url=pick((None, LOOPBACK, "https://mcp.example.com/mcp")),
        enabled=pick((True, True, False)),
        launch_hash=pick(("1" * 64, "2" * 64)),
    )


def posture(chance: random.Random) -> Record:
    pick = chance.choice
    effects = chance.sample(("approve", "deny", "only", "on", "off"), chance.randrange(3))
    return layer(
        pick(("managed", "user", "project")),
        pick((None, "asks_always", "bypasses")),
        owner=pick(OWNERS),
        agent=pick(AGENTS),
        servers=tuple(ServerRule(effect=e, match=pick(("name", "any")), pattern="files") for e in effects),
        trusted_folders=pick(((), ("/home/eve",))),
        path=pick(("/etc/a.json", "/etc/b.json")),
    )


def world(chance: random.Random) -> list[Record]:
    """Facts of which some are there at a time; of several with one id the last that came is."""
    pick = chance.choice
    servers = [server(chance) for _ in range(24)]
    ids = [server.id for server in servers]
    processes = [
        made.instance(
            pid,
            owner=OWNERS[pid % 4],
            subject=pick(("agent", "mcp_server")),
            agent=pick(AGENTS),
            login_uid=pick((None, 1_000)),
            euid=pick((0, 1_000)),
            server_ids=tuple(sorted(chance.sample(ids, chance.randrange(3)))),
        )
        for pid in (*range(1, 7), *range(1, 7))
    ]
    sockets = [made.connection(p.id, owner=p.owner, **pick(PLACES)) for p in processes]
    owners = [made.owner(n, account=pick(("human", "service")), uid=pick((0, 1_000))) for n in ("dev", "eve", "root")]
    gaps = [made.diagnostic(owner=o, agent=None, severity="error", path="/home/dev/.claude") for o in OWNERS]
    more = [
        record
        for owner in OWNERS
        for record in (
            made.agent(pick(AGENTS), owner=owner, version=pick((None, "1.0.0"))),
            seen(SignIn, owner=owner, agent=pick(AGENTS), account="x@y"),
            seen(ModelProvider, owner=owner, agent=pick(AGENTS), provider="own", scope="user", base_url=LOOPBACK),
            seen(
                Artifact, owner=owner, agent="claude-code", artifact="hook", name="PreToolUse", scope="user",
                program=pick(("guard", "other")),
            ),
        )
    ]  # fmt: skip
    machine = seen(Endpoint, hostname="h", os="linux", rollcall_version="1")
    return [*servers, *processes, *sockets, *owners, *gaps, *more, machine, *(posture(chance) for _ in range(16))]


def derivation() -> Derivation:
    return Derivation(CATALOG, InForce(POLICY, "policy.toml"), live=True, names=NAMES)


def plain(records: Mapping[str, Record], without: set[str]) -> dict[str, dict[str, Any]]:
    facts = {id_: record.facts() for id_, record in records.items()}
    return {id_: {name: value for name, value in told.items() if name not in without} for id_, told in facts.items()}


@settings(max_examples=15, deadline=None)
@given(st.randoms(use_true_random=True))
def test_what_follows_account_by_account_is_what_follows_from_all_facts_at_once(chance: random.Random) -> None:
    some = chance.sample(world(chance), 50)
    held = list({record.id: record for record in some}.values())
    whole = correlate(held, CATALOG, live=True)
    whole |= {record.id: record for record in network(whole.values(), NAMES, DerivationCache())}
    joined = {id_: r for id_, r in derivation()(held, {}).items() if r.kind not in ("finding", "policy")}
    assert plain(joined, GOVERNED) == plain(whole, GOVERNED)


@settings(max_examples=8, deadline=None)
@given(st.randoms(use_true_random=True))
def test_after_any_changes_the_inventory_is_the_one_that_is_derived_from_nothing(chance: random.Random) -> None:
    possible, kept, held = world(chance), derivation(), dict[str, Record]()
    before: Mapping[str, Record] = {}
    for step in range(12):
        for record in chance.sample(possible, 2 if step else 50):
            if held.pop(record.id, None) is not record:
                held[record.id] = record
        now = kept(held.values(), before)
        assert plain(now, TOLD_WHEN) == plain(derivation()(held.values(), before), TOLD_WHEN)
        before = now


EVES = made.server("files", owner="eve", agent="codex")
EVERYBODYS = made.server("files", owner=None, agent="codex", scope="managed", url=LOOPBACK)
ROOTS = made.instance(3, owner="root", subject="mcp_server", agent="codex", server_ids=(EVES.id,))
DEVS = made.instance(4, owner="dev", subject="mcp_server", agent="codex")
DISABLED = made.server("files", owner="eve", agent="codex", enabled=False)
FAKE = made.server("files", owner="dev", agent="codex", package="pkg:npm/other@1.0.0", launch_hash="2" * 64)
SET = made.server("files", path="/m", owner="eve", agent="codex", scope="managed", package="pkg:npm/files@1.0.0")
ACROSS: dict[str, tuple[Sequence[Record], Record, str | None]] = {
    "root's process runs eve's server": ([EVES], ROOTS, "eve"),
    "dev's process listens where the machine's definition points": (
        [EVERYBODYS, DEVS], made.connection(DEVS.id, local="127.0.0.1:8000"), None,
    ),
    "eve's server is disabled while root runs it": ([EVES, ROOTS], DISABLED, "root"),
    "a trusted folder becomes somebody's home": (
        [made.agent("codex"), layer("user", agent="codex", trusted_folders=("/srv/eve",))],
        made.owner("eve", home="/srv/eve"),
        "dev",
    ),
    "an administrator sets a server in eve's account": ([FAKE], SET, "dev"),
    "an administrator sets a server for all": (
        [FAKE], made.server("files", path="/m", owner=None, agent="claude-code", scope="managed", url=LOOPBACK), "dev",
    ),
    "the required hook is set for all": (
        [made.agent("claude-code")],
        seen(
            Artifact, owner=None, agent="claude-code", artifact="hook", name="PreToolUse", scope="managed",
            program="guard",
        ),
        "dev",
    ),
    "eve may not start what is the machine's": (
        [made.server("files", owner="eve", agent="claude-code", scope="user")],
        made.server("files", path="/m", owner=None, agent="claude-code", scope="managed"),
        "eve",
    ),
    "root's process stems from eve's login": (
        [made.instance(5, owner="root", euid=0, login_uid=1_000, agent="codex")], made.owner("eve", uid=1_000), "root",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", ACROSS)
def test_what_crosses_accounts_is_seen_in_the_other_account(case: str) -> None:
    held, change, concerned = ACROSS[case]
    kept = derivation()
    before = kept(held, {})
    facts = {record.id: record for record in (*held, change)}
    now, anew = kept(facts.values(), before), derivation()(facts.values(), before)
    assert plain(now, TOLD_WHEN) == plain(anew, TOLD_WHEN)
    first, second = (
        {id_: record for id_, record in records.items() if record.owner == concerned and id_ != change.id}
        for records in (before, now)
    )
    assert plain(first, set()) != plain(second, set()), "nothing follows from it"


def test_a_change_in_one_account_leaves_the_records_of_another_as_they_are() -> None:
    kept = derivation()
    mine, theirs = made.server("a", agent="codex"), made.server("b", agent="codex", owner="eve")
    first = kept([mine, theirs], {})
    second = kept([made.server("a", agent="codex", enabled=False), theirs], first)
    same = {id_ for id_, record in second.items() if first.get(id_) is record}
    assert {id_ for id_, record in first.items() if record.owner == "eve"} <= same
    assert mine.id not in same
