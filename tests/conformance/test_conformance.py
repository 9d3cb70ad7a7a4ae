"""What Rollcall says against what the real client does: it may say worse than the truth, never better."""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.conformance.clients import CLIENTS
from tests.conformance.combination import LONG, Client
from tests.conformance.harness import Result, compare

KNOWN: dict[str, dict[str, str]] = tomllib.loads(Path(__file__).with_name("known.toml").read_text())
"""Combinations of which Rollcall still says better than the truth, by client, and why."""


@pytest.mark.timeout(7200 if LONG else 900)
@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.id)
def test_rollcall_never_says_better_than_the_client_does(
    client: Client, npm: Path, environment: Mapping[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    package = npm.parent / client.package
    version = json.loads((package / "package.json").read_text())["version"]
    results = compare(client, client.chosen(), package, tmp_path, environment)
    with capsys.disabled():
        print(f"\n{client.id} {version}: {summary(results)}")
    refused = {r.combination.name for r in results if r.behaviour.refused and r.combination.refuses is not None}
    assert refused == {r.combination.name for r in results if r.combination.refuses}, refusals(results)
    better = {r.combination.name: r for r in results if r.verdict == "dangerous"}
    asked = {result.combination.name for result in results}
    known = {name: why for name, why in KNOWN.get(client.id, {}).items() if name in asked}
    assert not better.keys() - known.keys(), "\n".join(
        map(shown, (better[name] for name in better.keys() - known.keys()))
    )
    assert not known.keys() - better.keys(), "mended, so no longer to be listed in known.toml"


def test_the_matrix_has_two_hundred_combinations_and_no_name_twice() -> None:
    names = Counter((client.id, combination.name) for client in CLIENTS for combination in client.chosen())
    assert [name for name, times in names.items() if times > 1] == []
    assert len(names) >= 200


def summary(results: list[Result]) -> str:
    """How many combinations agree, and what Rollcall says worse than the truth."""
    verdicts = Counter(result.verdict for result in results)
    cautious = Counter(d.text for r in results for d in r.differences if d.direction == "cautious")
    lines = [f"{len(results)} combinations, {', '.join(f'{n} {verdict}' for verdict, n in verdicts.items())}"]
    return "\n  ".join(
        [*lines, *(f"worse than the truth in {number}: {text}" for text, number in cautious.most_common())]
    )


def shown(result: Result) -> str:
    return f"{result.combination.name!r}: {'; '.join(d.text for d in result.differences if d.direction == 'dangerous')}"


def refusals(results: list[Result]) -> str:
    return "\n".join(f"{r.combination.name!r}: {r.behaviour.refused}" for r in results if r.behaviour.refused)
