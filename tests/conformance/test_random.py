"""Settings that nobody thought of: random ones, put to the clients that answer cheaply."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conformance.clients.codex import CODEX, CONFIG, TRUST
from tests.conformance.clients.opencode import OPENCODE, by_user
from tests.conformance.combination import LONG, Client, Combination
from tests.conformance.harness import compare
from tests.conformance.test_conformance import shown

EXAMPLES = 60 if LONG else 3
BATCH = 6


def codex_file() -> st.SearchStrategy[str]:
    """The top level of a configuration file, then its tables."""
    words = {
        "approval_policy": ("on-request", "never", "on-failure"),
        "sandbox_mode": ("read-only", "workspace-write", "danger-full-access"),
        "default_permissions": (":read-only", ":workspace", ":danger-full-access", "own"),
        "approvals_reviewer": ("user", "auto_review"),
    }
    roots = st.sampled_from(("/", "/opt/x", "/home", "{home}", "~"))
    access = st.dictionaries(
        st.sampled_from((":root", ":workspace_roots", "/", "/opt", ":tmpdir")), st.sampled_from(("read", "write"))
    )
    top = st.fixed_dictionaries({}, optional={key: st.sampled_from(values) for key, values in words.items()})

    @st.composite
    def text(draw: st.DrawFn) -> str:
        lines = [f'{key} = "{value}"' for key, value in draw(top).items()]
        lines += ["[sandbox_workspace_write]", f"network_access = {str(draw(st.booleans())).lower()}"]
        lines += [f'writable_roots = ["{draw(roots)}"]'] if draw(st.booleans()) else []
        lines += ["[permissions.own]", *(['extends = ":workspace"'] if draw(st.booleans()) else [])]
        lines += ["[permissions.own.filesystem]", *(f'"{where}" = "{what}"' for where, what in draw(access).items())]
        lines += ["[permissions.own.network]", f"enabled = {str(draw(st.booleans())).lower()}"]
        return "\n".join(lines) + "\n"

    return text()


def opencode_file() -> st.SearchStrategy[dict[str, object]]:
    """Rules of all agents, of the agent that runs, and the older map of tools."""
    effect = st.sampled_from(("allow", "ask", "deny"))
    tool = st.sampled_from(
        ("*", "bash", "edit", "b*", "?dit", "probe_*", "probe*", "read", "webfetch", "external_directory")
    )
    pattern = st.sampled_from(("*", "**", "git *", "./note *", "*.txt", "edited.txt", "src/*", "?*"))
    rules = st.one_of(
        effect, st.dictionaries(tool, st.one_of(effect, st.dictionaries(pattern, effect, max_size=3)), max_size=4)
    )
    agent = st.fixed_dictionaries(
        {},
        optional={
            "permission": rules,
            "tools": st.dictionaries(st.sampled_from(("bash", "edit", "write")), st.booleans()),
        },
    )
    return st.fixed_dictionaries(
        {},
        optional={
            "permission": rules,
            "agent": st.fixed_dictionaries({"build": agent}),
            "tools": st.dictionaries(tool, st.booleans(), max_size=2),
        },
    )


def agree(client: Client, combinations: list[Combination], npm: Path, environment: Mapping[str, str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        results = compare(client, combinations, npm.parent / client.package, Path(folder), environment)
    better = [f"{shown(r)}\n{r.combination}" for r in results if r.verdict == "dangerous"]
    assert not better, "\n".join(better)


CHECKED = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.timeout(900)
@CHECKED
@given(
    texts=st.lists(
        st.tuples(codex_file(), codex_file() | st.just(""), st.sampled_from(TRUST)), min_size=1, max_size=BATCH
    )
)
def test_codex(texts: list[tuple[str, str, str]], npm: Path, environment: Mapping[str, str]) -> None:
    made = [Combination(str(n), {CONFIG: user + trust}, {CONFIG: own}) for n, (user, own, trust) in enumerate(texts)]
    agree(CODEX, made, npm, environment)


@pytest.mark.timeout(900)
@CHECKED
@given(files=st.lists(opencode_file(), min_size=1, max_size=BATCH * 3))
def test_opencode(files: list[dict[str, object]], npm: Path, environment: Mapping[str, str]) -> None:
    made = [Combination(str(n), by_user("nothing"), {"opencode.json": file}) for n, file in enumerate(files)]
    agree(OPENCODE, made, npm, environment)
