"""Names that look alike are found among thousands, and names that merely resemble each other are not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.governance.policy.model import Policy
from agent.governance.supply_chain.confusables import LookAlikes, near, skeleton
from agent.governance.supply_chain.known_packages import known_packages
from tests.counting import LINEAR, growth

POLICY = Policy.model_validate(
    {"server": [{"package": "npm:@acme-corp/*"}, {"package": "pypi:acme-invoices"}, {"package": "npm:acme-payments"}]}
)
KNOWN = known_packages(POLICY)


@pytest.mark.parametrize(
    "name",
    [
        "npm:@modelcontextprotocol/server-filesystem",
        "npm:@modelcontextprotocol/anything-else",
        "npm:@acme-corp/tool",
        "npm:acme-payments",
        "pypi:Acme_Invoices",
        "pypi:mcp_server.git",
        "pypi:mcp-server-gitlab",
        "npm:acme-invoices",
        "npm:convec",
        "oci:docker.io/mcp/tine",
        "npm:something-of-its-own",
    ],
)
def test_what_is_genuine_or_its_own_is_no_imitation(name: str) -> None:
    assert list(KNOWN.like(name)) == []


@pytest.mark.parametrize(
    ("name", "original"),
    [
        ("npm:modelcontextprotocol-server-github", "npm:@modelcontextprotocol/server-github"),
        ("npm:@modelcontextprotocol-server/github", "npm:@modelcontextprotocol/server-github"),
        ("npm:@modelcontextprotoco1/server-other", "npm:@modelcontextprotocol"),
        ("npm:@modelcontextprotcol/server-other", "npm:@modelcontextprotocol"),
        ("npm:@acme-c0rp/tool", "npm:@acme-corp"),
        ("npm:acme-payment", "npm:acme-payments"),
        ("npm:acme-paymnets", "npm:acme-payments"),
        ("npm:acme_payments", "npm:acme-payments"),
        ("npm:acrne-payments", "npm:acme-payments"),
        ("pypi:acme-inv0ices", "pypi:acme-invoices"),
        ("pypi:mcp-server-gitt", "pypi:mcp-server-git"),
        ("npm:chrome-devtool-mcp", "npm:chrome-devtools-mcp"),
        ("oci:ghcr.io/githud/github-mcp-server", "oci:ghcr.io/github/github-mcp-server"),
    ],
)
def test_an_imitation_is_told_with_its_original(name: str, original: str) -> None:
    assert original in list(KNOWN.like(name))


def test_letters_of_other_alphabets_and_accents_look_like_latin_ones() -> None:
    cyrillic = "gith\u0443b".replace("h", "\u04bb")
    assert skeleton(cyrillic) == skeleton("githyb")
    assert skeleton("git\u043db") != skeleton("github")
    assert skeleton("gith\u00fcb") == skeleton("github") == skeleton("Git-Hub") == skeleton("git.hub")


NAMES = st.text("abc", min_size=5, max_size=9)


@given(st.lists(NAMES, max_size=12), NAMES)
def test_the_index_finds_what_a_comparison_with_all_would(names: list[str], name: str) -> None:
    found = set(LookAlikes(names, shortest=5).like(name))
    assert found == {other for other in names if other != name and near(other, name)}


@given(NAMES, NAMES)
def test_being_near_is_mutual(one: str, other: str) -> None:
    assert near(one, other) == near(other, one)


def test_thousands_of_names_of_one_pattern_take_no_quadratic_work() -> None:
    def asking(count: int) -> Callable[[], object]:
        names = [f"server-number-{n:05}" for n in range(count)]
        index = LookAlikes(names, shortest=5)
        return lambda: [list(index.like(name)) for name in names]

    assert growth(asking, 500) < LINEAR


def test_a_package_that_is_a_known_one_without_its_scope_is_told() -> None:
    known = known_packages(Policy())
    assert known.like("npm:mcp-server-browserbase") == ("npm:@browserbasehq/mcp-server-browserbase",)
    assert known.like("npm:@browserbasehq/mcp-server-browserbase") == ()
    assert known.like("npm:mcp") == ()
