"""An agent's command line: what the catalog lists is told, everything else is counted."""

from __future__ import annotations

import json
from functools import cache

import pytest

from collectors.catalog.catalog import Catalog
from collectors.processes.shown_arguments import shown_arguments

PROMPT = "Draft a warning letter to Jane Miller about her sick leave"


@cache
def _catalog() -> Catalog:
    return Catalog.load()


@pytest.mark.parametrize(
    ("client", "own", "shown"),
    [
        ("claude-code", ["-p", PROMPT], ("-p",)),
        ("claude-code", [PROMPT], ()),
        ("claude-code", ["--append-system-prompt", PROMPT], ("--append-system-prompt",)),
        ("claude-code", [f"--append-system-prompt={PROMPT}"], ()),
        ("claude-code", ["--resume", PROMPT], ("--resume",)),
        ("claude-code", ["--model", "opus", PROMPT, "mcp"], ("--model", "opus")),
        ("claude-code", ["--model", PROMPT], ("--model",)),
        ("claude-code", ["--agents", '{"x":{"prompt":"Jane"}}'], ("--agents",)),
        ("claude-code", ["--settings", '{"env":{"A":"Jane"}}'], ("--settings",)),
        ("claude-code", ["--settings", "/srv/s.json"], ("--settings", "/srv/s.json")),
        ("claude-code", ["--fire-jane", "--", "--model", "opus"], ()),
        ("claude-code", ["--permission-mode", "bypassPermissions"], ("--permission-mode", "bypassPermissions")),
        ("claude-code", ["mcp", "serve"], ("mcp", "serve")),
        ("claude-code", ["--mcp-config=/x.json"], ("--mcp-config=/x.json",)),
        ("codex", ["exec", PROMPT, "--full-auto"], ("exec", "--full-auto")),
        (
            "codex",
            ["-c", "developer_instructions=Jane", "-c", "profile=x"],
            ("-c", "-c", "profile=x"),
        ),
        ("codex", ["exec", "resume", "Jane"], ("exec", "resume")),
        ("goose", ["run", "-t", PROMPT], ("run", "-t")),
        ("cursor-agent", [PROMPT], ()),
        ("copilot-cli", ["-p", PROMPT, "--allow-all-tools"], ("-p", "--allow-all-tools")),
        ("opencode", ["run", PROMPT, "-m", "openai/gpt-5"], ("run", "-m", "openai/gpt-5")),
        ("gemini-cli", ["-i", "Jane", "--yolo"], ("-i", "--yolo")),
        ("qwen-code", ["--openai-api-key", "Kestrel4711"], ("--openai-api-key",)),
        ("junie", ["--task", PROMPT, "Jane"], ()),
    ],
)
def test_only_what_the_catalog_lists_is_told(client: str, own: list[str], shown: tuple[str, ...]) -> None:
    found = shown_arguments(_catalog().clients[client], ["/usr/bin/it", *own], own)
    assert found.args == shown
    assert "Jane" not in json.dumps(found.args)
    assert found.withheld == len(own) - len(shown)


def test_what_sets_permissions_is_told_though_it_is_listed_elsewhere() -> None:
    for client in _catalog().clients.values():
        flags = [flag.flag for flag in client.permissions.flag] if client.permissions else []
        flags += [f"{option} work" for option in client.permissions.profile_flags] if client.permissions else []
        for flag in (*flags, *client.process.bypass):
            own = flag.split(" ", 1)
            assert shown_arguments(client, ["x", *own], own) == (tuple(own), 0), (client.id, flag)


def test_what_starts_the_agent_is_told_redacted() -> None:
    argv = ["node", "--max-old-space-size=8192", "/opt/claude/cli.js", "-p", PROMPT]
    found = shown_arguments(_catalog().clients["claude-code"], argv, argv[3:])
    assert found == (("--max-old-space-size=8192", "/opt/claude/cli.js", "-p"), 1)


_FILES = ("--append-system-prompt-file", "--system-prompt-file", "--message-file", "--output-last-message")
"""Options that take the name of a file."""


def test_no_client_lists_an_option_that_takes_what_a_person_writes() -> None:
    texts = ("prompt", "message", "instruction", "text", "query", "title", "api-key", "password")
    for client in _catalog().clients.values():
        for argument in client.process.shown:
            option, _, value = argument.partition(" ")
            assert not value or option in _FILES or not any(text in option for text in texts), argument
