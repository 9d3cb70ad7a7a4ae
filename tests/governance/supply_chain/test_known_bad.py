"""The versions that each advisory is about are known to be bad, and those beside them are not."""

from __future__ import annotations

import pytest

from agent.governance.supply_chain.known_bad import KnownBadPackages
from tests import made

# A version that is bad, one beside it that is not, and how many advisories tell of the bad one.
EDGES = [
    ("npm/postmark-mcp", "1.0.18", "1.0.15", 1),
    ("npm/mcp-remote", "0.1.15", "0.1.16", 1),
    ("npm/mcp-remote", "0.0.5", "0.0.4", 1),
    ("npm/@modelcontextprotocol/inspector", "0.14.0", "0.14.1", 1),
    ("npm/@modelcontextprotocol/server-filesystem", "0.6.2", "0.6.3", 2),
    ("npm/@modelcontextprotocol/server-filesystem", "2025.3.28", "2025.7.1", 2),
    ("npm/figma-developer-mcp", "0.6.2", "0.6.3", 1),
    ("npm/mcp-server-kubernetes", "2.4.9", "2.5.0", 1),
    ("npm/@akoskm/create-mcp-server-stdio", "0.0.12", "0.0.13", 1),
    ("pypi/mcp-server-git", "2025.7.1", "2025.12.18", 3),
    ("pypi/mcp-server-git", "2025.11.25", "2025.12.18", 2),
]


def told(package: str, version: str) -> int:
    return len(list(KnownBadPackages().of(made.server("s", package=f"pkg:{package}@{version}"))))


@pytest.mark.parametrize(("package", "bad", "good", "advisories"), EDGES)
def test_only_the_versions_of_the_advisory_are_known_to_be_bad(
    package: str, bad: str, good: str, advisories: int
) -> None:
    assert (told(package, bad), told(package, good)) == (advisories, 0)
