"""What `--help` says beside the options: examples of each command, and what its exit status means."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

EXIT_STATUS = """exit status:
  0  done; of a look: everything within its scope was seen
  1  a failure, said on standard error
  2  the command line, the settings or the policy do not fit
  3  something was not seen: the diagnostics name it
  4  a finding that --fail-on names
  130  ended by the keyboard"""

EXAMPLES: dict[str, tuple[str, ...]] = {
    "": (
        "rollcall                                    what is here, and what needs attention",
        "rollcall findings                           what needs attention, the gravest first",
        "rollcall --once --format ndjson             the records themselves, for a program",
        "rollcall --once --format cyclonedx --output bom.json",
        "rollcall --root /mnt/image --fail-on high   of a mounted image, for a pipeline",
    ),
    "findings": (
        "rollcall findings server.inline_secret      each finding of this rule in full",
        "rollcall findings 5562                      the one whose id begins so",
        "rollcall findings --severity high --owner dev --all",
        "rollcall findings --format sarif --output findings.sarif",
    ),
    "list": (
        "rollcall list servers --severity high       those with a finding as grave, or graver",
        "rollcall list hooks --agent 'claude*' --format csv",
    ),
    "graph": ("rollcall graph --format dot | dot -Tsvg > graph.svg",),
    "explain": (
        "rollcall explain ~/.claude.json",
        "rollcall explain --client cursor ./mcp.json     as a file of Cursor, wherever it lies",
    ),
    "ack": (
        "rollcall ack server.floating --reason 'test bench' --until 2027-01-31 >> policy.toml",
        "rollcall ack 5562 --reason 'moved in May' --until 90d --by 'Dana Example'",
    ),
    "diff": (
        "rollcall --once --format ndjson --output monday.ndjson",
        "rollcall diff monday.ndjson tuesday.ndjson",
        "rollcall diff 7d now                        what the daemon's journal saw in a week",
    ),
    "owners": ("rollcall owners --format csv --output owners.csv",),
    "controls": ("rollcall controls A.6                       record by record",),
    "policy explain": ("rollcall policy explain github 'claude*'",),
    "baseline diff": ("rollcall baseline diff --format json",),
    "actions": ("rollcall actions --since 24h --decision auto",),
    "audit show": ("rollcall audit show github --since 2026-11-01",),
    "audit export": ("rollcall audit export --since 2026-11-01 --control A.6 --output november.ndjson",),
}
"""By the words of the command."""


def complete(parser: argparse.ArgumentParser, words: str = "", about: str | None = None) -> None:
    """Give a parser and all below it their description and the end of their help."""
    if about and not parser.description:
        parser.description = f"{about[0].upper()}{about[1:]}."
    examples = EXAMPLES.get(words, ())
    told = ["examples:", *(f"  {line}" for line in examples), ""] if examples else []
    commands = list(_commands(parser))
    if commands and words:
        return _below(commands, words)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = "\n".join([*told, EXIT_STATUS])
    _below(commands, words)
    return None


def _below(commands: list[tuple[str, argparse.ArgumentParser, str | None]], words: str) -> None:
    for name, parser, about in commands:
        complete(parser, f"{words} {name}".strip(), about)


def _commands(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser, str | None]]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            about = {choice.dest: choice.help for choice in action._choices_actions}
            for name, below in action.choices.items():
                yield name, below, about.get(name)
