"""Types of targets: the built-in ones, and those of third parties through their entry point."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.config.error import ConfigError
from agent.config.load import load
from agent.delivery.contract import Accepted
from agent.delivery.messages import DeliveryJob
from agent.delivery.senders import make_sender
from agent.delivery.targets.registry import BUILT_IN, target_type
from agent.journal.journal import Journal
from agent.runtime.logs import LogSettings

_PLUGIN = """
from agent.delivery.contract import Accepted, TargetType
from agent.delivery.settings import TargetSettings

class Settings(TargetSettings):
    type: str = "pigeon"
    loft: str

class Pigeon:
    def __init__(self, settings, on_notice):
        self.name, self.loft = settings.name, settings.loft
    def send(self, batch):
        with open(self.loft, "ab") as file:
            file.write(b"".join(line + b"\\n" for line in batch.lines))
        return Accepted()
    def abort(self): ...
    def close(self): ...

TARGET = TargetType(Settings, Pigeon)
"""


def configured(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "c.toml"
    file.write_text(text)
    return file


def test_a_third_partys_target_needs_nothing_but_its_entry_point(
    tmp_path: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "pigeon-1.0.dist-info"
    info.mkdir()
    (tmp_path / "pigeon.py").write_text(_PLUGIN)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: pigeon\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[rollcall.targets]\npigeon = pigeon:TARGET\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    loft = tmp_path / "loft"
    text = f'[[target]]\nname = "p"\ntype = "pigeon"\nloft = "{loft}"\n'
    settings = load(configured(tmp_path, text), {})
    job = DeliveryJob(journal="j", endpoint_id="e", targets=settings.target, log=LogSettings(), linger=1)
    (target,) = DeliveryJob.model_validate_json(job.line()).targets
    assert target == settings.target[0], "the process that delivers is told all of it"
    with journal.transaction() as step:
        step.append("notice", {"kind": "diagnostic"})
    sender = make_sender(journal, target)
    sender.start()
    assert sender.flush(5)
    assert sender.stop()
    assert loft.read_bytes().splitlines() == [line.body for line in journal.lines(0)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[target]]\ntype = "carrier"\n', "target.0: Value error, must be one of rollcall, file"),
        ('[[target]]\ntype = "syslog"\nhost = "x"\nport = 70000\n', ":4: target.0.port: "),
        ('[[target]]\nurl = "https://c.example"\nkinds = ["finding"]\n', ":3: target.0.kinds: Extra inputs"),
        ('[[target]]\ntype = "file"\npath = "relative"\n', ":3: target.0.path: "),
    ],
)
def test_an_error_names_line_and_key(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(configured(tmp_path, text), {})
    assert said in str(caught.value)


def test_each_built_in_type_is_what_it_says() -> None:
    for name in BUILT_IN:
        found = target_type(name)
        assert found.settings.model_fields["type"].default == name
    assert Accepted() == Accepted(None)
