"""`config check` looks at what the settings name: files, certificates, collectors, clients, rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.config.load import load_with_sources
from agent.service.config_check import problems

CLIENT = 'id = "wanted"\nname = 3\n'


def check(folder: Path, text: str) -> list[str]:
    """What is said of a configuration, without its own path."""
    file = folder / "config.toml"
    file.write_text(text)
    return [line.replace(f"{file}:", "") for line in problems(load_with_sources(file, env={}))]


def test_nothing_is_wrong_with_nothing(tmp_path: Path) -> None:
    assert check(tmp_path, "") == []


def test_an_accepted_baseline_that_is_garbage(tmp_path: Path) -> None:
    (tmp_path / "accepted.json").write_text("{garbage")
    (said,) = check(tmp_path, f'[policy]\nbaseline = "{tmp_path}/accepted.json"\n')
    assert said.startswith(f"{tmp_path}/accepted.json:1: not JSON; ") and "rollcall baseline accept" in said


def test_files_that_are_not_there_or_not_what_they_should_be(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "ca.pem").write_text("no certificate")
    (tmp_path / "folder").mkdir()
    assert check(
        tmp_path,
        f'[policy]\nfile = "{tmp_path}/folder"\nbaseline = "{tmp_path}/later"\n'
        f'[[target]]\nurl = "https://a.test"\ntoken_file = "{tmp_path}/empty"\nca_file = "{tmp_path}/ca.pem"\n'
        f'[[target]]\nname = "b"\nurl = "https://b.test"\ntoken_file = "{tmp_path}/gone"\n'
        f'[[target]]\nname = "c"\nurl = "https://c.test"\ntoken_file = "/run/credentials/rollcall.service/token"\n',
    ) == [
        f"2: policy.file: {tmp_path}/folder: no file",
        f"6: target.0.token_file: {tmp_path}/empty: empty",
        f"7: target.0.ca_file: {tmp_path}/ca.pem: holds no certificate in PEM form",
        f"11: target.1.token_file: {tmp_path}/gone: no such file",
    ]


def test_names_that_nobody_bears(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text(
        'version = "1"\n[[agent]]\nid = "cursr"\n[[agent]]\nid = "claude-*"\n[rules]\ndisabled = ["agent.none"]\n'
    )
    said = check(
        tmp_path,
        f'[collect]\ndisabled = ["sokets", "actions"]\nclient_actions = {{ nobody-at-all = "off" }}\n'
        f'[policy]\nfile = "{tmp_path}/policy.toml"\n',
    )
    assert said[:2] == [
        "2: collect.disabled: no collector is called 'sokets'; did you mean 'sockets'?",
        "3: collect.client_actions: no client is called 'nobody-at-all'",
    ]
    assert said[2] == f"{tmp_path}/policy.toml:3: agent.0.id: no client is called 'cursr'; did you mean 'cursor'?"
    assert said[3].startswith(f"{tmp_path}/policy.toml:7: rules.disabled: no rule is called 'agent.none'")
    assert len(said) == 4


@pytest.mark.parametrize("text", ["id = ", CLIENT, "\xff"])
def test_an_entry_of_the_catalog_that_cannot_be_used(tmp_path: Path, text: str) -> None:
    folder = tmp_path / "catalog"
    folder.mkdir()
    (folder / "wanted.toml").write_bytes(text.encode("latin-1"))
    (said,) = check(tmp_path, f'[catalog]\npaths = ["{folder}"]\n')
    assert said.startswith(f"{folder}/wanted.toml: ")
    assert check(tmp_path, f'[catalog]\npaths = ["{tmp_path}/gone"]\n') == [
        f"2: catalog.paths: {tmp_path}/gone: No such file or directory"
    ]
