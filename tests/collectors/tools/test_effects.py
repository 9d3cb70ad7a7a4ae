"""What the tools of public servers seem to do, by their real names and parameters."""

import pytest

from collectors.tools.effects import effects_of


@pytest.mark.parametrize(
    ("name", "parameters", "effects"),
    [
        ("read_text_file", ["path", "head"], ["reads_files"]),
        ("write_file", ["path", "content"], ["writes_files"]),
        ("move_file", ["source", "destination"], ["writes_files"]),
        ("list_directory", ["path"], ["reads_files"]),
        ("run_command", ["command"], ["runs_programs"]),
        ("execute_sql", ["sql"], []),
        ("fetch", ["url", "max_length"], ["network"]),
        ("browser_navigate", ["url"], ["network"]),
        ("slack_post_message", ["channel_id", "text"], ["messages"]),
        ("send_email", ["to", "subject", "body"], ["messages"]),
        ("create_refund", ["amount"], ["money"]),
        ("getSecretValue", ["name"], ["credentials"]),
        ("echo", ["message"], []),
        ("add", ["a", "b"], []),
        ("git_status", ["repo_path"], []),
        ("brave_web_search", ["query"], ["network"]),
    ],
)
def test_effects_follow_from_names(name: str, parameters: list[str], effects: list[str]) -> None:
    assert list(effects_of(name, parameters)) == effects


def test_a_hint_adds_an_effect_and_takes_none_away() -> None:
    assert "network" in effects_of("lookup", [], ("open_world",))
    assert "writes_files" in effects_of("write_file", ["path"], ("read_only", "not_open_world"))


def test_a_branch_that_is_checked_out_is_not_paid_for() -> None:
    assert "money" not in effects_of("git_checkout", ["branch_name"])
    assert "money" in effects_of("create_checkout", ["amount"])
