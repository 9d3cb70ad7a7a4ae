"""Settings: precedence, errors that name line and key, and the example file that lists every setting."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from pydantic import BaseModel

from agent.config import load
from agent.config.error import ConfigError
from agent.config.settings import Settings
from agent.delivery.settings import FilteredSettings
from agent.delivery.targets.registry import BUILT_IN, target_type
from agent.runtime.toml_lines import line_of

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"


def write(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_example_file_is_the_defaults(tmp_path: Path) -> None:
    assert load.load(EXAMPLE, env={}) == Settings()


def test_the_example_file_names_every_setting() -> None:
    documented = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    for name, field in Settings.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, BaseModel):
            assert set(documented[name]) == set(section.model_fields)


def test_the_example_targets_are_one_of_each_type_with_every_setting_and_its_default() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    commented = text[text.index("# [[target]]") :]
    lines = [line[2:] for line in commented.splitlines() if re.match(r"# (\[\[|\w+ = )", line)]
    targets = tomllib.loads("\n".join(lines))["target"]
    assert [target["type"] for target in targets] == list(BUILT_IN)
    told = set(targets[0]) - {"receipt_key"}
    for target in targets:
        fields = target_type(target["type"]).settings.model_fields
        # What all have in common stands with the first, what may be left out for others with the second.
        assert set(target) | (told & set(fields)) == set(fields), target["type"]
        told |= set(target) & set(FilteredSettings.model_fields)
        for name in set(target) - {"name", "url", "host", "path"}:
            if (default := fields[name].default) is not None:
                assert target[name] == (list(default) if isinstance(default, tuple) else default), name


def test_what_is_managed_beats_the_environment_which_beats_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    managed = tmp_path / "managed.toml"
    managed.write_text("[collect]\nprocess_seconds = 5\n[log]\n")
    monkeypatch.setattr(load, "managed_file", lambda: managed)
    file = write(tmp_path, "[collect]\nprocess_seconds = 3\nsocket_seconds = 30\n")
    env = {"ROLLCALL_COLLECT__PROCESS_SECONDS": "4", "ROLLCALL_LOG__LEVEL": "debug"}
    loaded = load.load_with_sources(file, env)
    settings = loaded.settings
    assert (settings.collect.process_seconds, settings.collect.socket_seconds) == (5, 30)
    assert settings.log.level == "debug", "an empty table takes nothing away"
    assert loaded.source(("collect", "process_seconds")) == f"managed: {managed}:2"
    assert loaded.source(("collect", "socket_seconds")) == f"{file}:3"
    assert loaded.source(("log", "level")) == "environment variable ROLLCALL_LOG__LEVEL"
    assert loaded.source(("log", "format")) == "default"
    managed.unlink()
    assert load.load(file, env).collect.process_seconds == 4


def test_an_error_of_the_environment_names_its_variable(tmp_path: Path) -> None:
    file = write(tmp_path, "[collect]\nprocess_seconds = 3\n")
    for name, key in (
        ("ROLLCALL_COLLECT__PROCESS_SECONDS", "collect.process_seconds"),
        ("ROLLCALL_COLECT__X", "colect"),
    ):
        with pytest.raises(ConfigError, match=f"^environment variable {name}: {key}: ") as caught:
            load.load(file, {name: "hunter2"})
        assert "hunter2" not in str(caught.value)


def test_an_error_names_file_line_and_key_but_no_value(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        '[log]\nlevel = "loud"\n\n[[target]]\nurl = "https://a.test"\n\n[[target]]\nname = "b"\n'
        'url = "https://user:hunter2@b.test"\n[colect]\nx = 1\n',
    )
    with pytest.raises(ConfigError) as caught:
        load.load(file, env={})
    text = str(caught.value)
    assert f"{file}:2: log.level:" in text
    assert f"{file}:9: target.1.url:" in text
    assert f"{file}:10: colect:" in text
    assert "hunter2" not in text
    assert "loud" not in text


def test_broken_toml_names_the_line(tmp_path: Path) -> None:
    file = write(tmp_path, "[log]\nlevel = \n")
    with pytest.raises(ConfigError, match="line 2"):
        load.load(file, env={})


def test_a_named_file_must_exist_but_the_default_need_not(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        load.load(tmp_path / "missing.toml", env={})


@pytest.mark.parametrize(
    ("location", "line"),
    [(("a", "b"), 2), (("a", "c", "d"), 4), (("t", "1", "x"), 8), (("a", "missing"), 1), (("zzz",), None)],
)
def test_the_line_of_a_key_is_found(location: tuple[str, ...], line: int | None) -> None:
    text = '[a]\nb = 1\n[a."c"]\nd = 2\n[[t]]\nx = 1\n[[t]]\nx = 2\n'
    assert line_of(text, location) == line
