"""The versions that each advisory is about are known to be bad, and those beside them are not."""

from __future__ import annotations

import pytest

from agent.governance.supply_chain.known_bad import KnownBadPackages, worst
from agent.records import PackageOnDisk
from tests import made

# A version that is bad, one beside it that is not, and how many advisories tell of the bad one.
EDGES = [
    ("npm/postmark-mcp", "1.0.18", "1.0.15", 1),
    ("npm/mcp-remote", "0.1.15", "0.1.16", 1),
    ("npm/mcp-remote", "0.0.5", "0.0.4", 1),
    ("npm/@modelcontextprotocol/inspector", "0.14.0", "0.16.6", 2),
    ("npm/@modelcontextprotocol/inspector", "0.14.1", "0.16.6", 1),
    ("npm/@cyanheads/git-mcp-server", "2.1.4", "2.1.5", 1),
    ("npm/mcp-package-docs", "0.1.26", "0.1.27", 1),
    ("npm/node-code-sandbox-mcp", "1.2.9", "1.3.0", 1),
    ("pypi/litellm", "1.82.8", "1.82.9", 1),
    ("pypi/litellm", "1.82.7", "1.82.6", 1),
    ("npm/@modelcontextprotocol/server-filesystem", "0.6.2", "0.6.3", 2),
    ("npm/@modelcontextprotocol/server-filesystem", "2025.3.28", "2025.7.1", 2),
    ("npm/figma-developer-mcp", "0.6.2", "0.6.3", 1),
    ("npm/mcp-server-kubernetes", "2.4.9", "2.5.0", 1),
    ("npm/@akoskm/create-mcp-server-stdio", "0.0.12", "0.0.13", 1),
    ("npm/@postman/postman-mcp-server", "2.4.12", "2.4.9", 1),
    ("npm/@postman/postman-mcp-cli", "1.0.3", "1.0.2", 1),
    ("npm/@seezo/sdr-mcp-server", "0.0.5", "0.0.4", 1),
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


def test_of_a_definition_without_a_version_the_copies_on_the_machine_count() -> None:
    def known(package: str, *versions: str) -> int:
        copies = tuple(PackageOnDisk(path=f"/home/dev/{version}", version=version) for version in versions)
        return len(list(KnownBadPackages().of(made.server("s", package=package, on_disk=copies))))

    assert known("pkg:npm/mcp-remote") == known("pkg:npm/mcp-remote", "0.1.29") == 0
    assert known("pkg:npm/mcp-remote", "0.1.29", "0.1.15", "0.1.14") == known("pkg:npm/mcp-remote", "0.1.15") == 1
    assert known("pkg:npm/mcp-remote@0.1.29", "0.1.15") == 0


# An agent, a version that is bad, one beside it that is not, and the severity of the worst that is told of the bad one.
AGENTS = [
    ("cline", "2.3.0", "2.3.1", "critical"),
    ("claude-code", "0.2.54", "2.1.163", "critical"),
    ("claude-code", "0.2.53", "2.1.163", "high"),
    ("claude-code", "2.1.162", "2.1.163", "critical"),
    ("codex", "0.23.0", "0.24.0", "critical"),
    ("codex", "0.130.0", "0.131.0", "high"),
    ("codex", "0.102.0", "0.101.0", "high"),
    ("goose", "1.43.9", "1.44.0", "high"),
    ("gemini-cli", "0.39.0", "0.39.1", "critical"),
    ("opencode", "1.0.215", "1.0.216", "high"),
    ("openclaw", "2026.3.28", "2026.3.31", "high"),
    ("cursor", "1.2.4", "1.3.9", "high"),
    ("cursor", "1.3.8", "1.3.9", "high"),
]


@pytest.mark.parametrize(("agent", "bad", "good", "severity"), AGENTS)
def test_versions_of_agents_are_known_to_be_bad_as_well(agent: str, bad: str, good: str, severity: str) -> None:
    known = KnownBadPackages()
    where = {"installed": True, "paths": (f"/usr/lib/node_modules/{agent}",)}
    assert worst(known.of_agent(made.agent(agent, version=bad, **where))) == severity
    assert list(known.of_agent(made.agent(agent, version=good, **where))) == []
    assert list(known.of_agent(made.agent(agent, version=None, **where))) == []


def test_an_extension_is_not_the_command_of_its_name() -> None:
    path = "/home/dev/.vscode/extensions/saoudrizwan.claude-dev-2.3.0"
    extension = made.agent("cline", version="2.3.0", installed=True, paths=(path,))
    assert list(KnownBadPackages().of_agent(extension)) == []
