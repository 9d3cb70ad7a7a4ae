import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from collectors.sources.formats.apart import parse_apart
from collectors.sources.formats.documents import parse
from collectors.sources.formats.parsers import Format, parse_here
from collectors.sources.formats.unparseable import UnparseableError
from collectors.sources.limits import Limits, processor_seconds

TEXTS: list[tuple[Format, bytes]] = [
    ("json", b'{"a": [1, 2.5, "\xc3\xa4", null, true], "a": NaN, "n": 12345678901234567890}'),
    ("toml", b"a = 1\n[b.c]\nd = 2026-01-01\n"),
    ("yaml", b"a: &x [1, .inf]\nb: *x\na: 2\n"),
    ("plist", b'<?xml version="1.0"?><plist version="1.0"><dict><key>a</key><integer>1</integer></dict></plist>'),
]


@pytest.mark.parametrize(("format", "text"), TEXTS)
def test_another_process_gives_what_this_one_gives(format: Format, text: bytes) -> None:
    assert repr(parse_apart(text, format, 200)) == repr(parse_here(text, format, 200))


@pytest.mark.parametrize(("format", "text"), [("json", b"{"), ("toml", b"a = 1\na = 2"), ("yaml", b"[" * 300)])
def test_it_refuses_in_the_same_words(format: Format, text: bytes) -> None:
    said = []
    for read in (parse_here, parse_apart):
        with pytest.raises(UnparseableError) as raised:
            read(text, format, 200)
        said.append((raised.value.code, raised.value.message, raised.value.line, raised.value.column))
    assert said[0] == said[1]


def resident() -> int:
    """The most memory that this process ever held, in kB: what other tests held before is in it too."""
    high = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(high.split()[1])


def test_a_text_that_claims_too_much_memory_dies_alone() -> None:
    sections = "\n".join(f"[a{number}.b.c.d.e.f.g.h]\nx=1" for number in range(50_000)).encode()
    before = resident()
    with pytest.raises(UnparseableError, match="too_large"):
        parse(sections, "toml")
    assert resident() - before < 100_000


def test_a_large_document_is_read_apart_and_a_small_one_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collectors.sources.formats.documents.parse_apart", lambda *_: ("apart", ()))
    assert parse(json.dumps(["x" * 3_000_000]).encode(), "json").value == "apart"
    assert parse(b'["x"]', "json").value == ["x"]


def test_nothing_of_this_environment_reaches_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit(1)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PYTHONHOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert parse_apart(b"[1]", "json", 200) == ([1], ())
    assert os.environ["PYTHONHOME"]


def test_long_texts_with_many_commas_are_few_values_and_many_small_values_are_refused() -> None:
    prose = json.dumps({"history": ["one, two, three, " * 100] * 3_000}).encode()
    assert len(parse(prose, "json").value["history"]) == 3_000
    with pytest.raises(UnparseableError, match="too_large"):
        parse(b"[" + b"[]," * 1_000_000 + b"1]", "json")


def test_what_was_refused_is_not_held():
    data = b"[" + b'"",' * 400_000 + b"1]"
    held = sys.getrefcount(data)
    for _ in range(3):
        with pytest.raises(UnparseableError, match="too_large"):
            parse(data, "json")
    assert sys.getrefcount(data) == held


def test_what_there_was_no_time_for_is_read_the_next_time() -> None:
    data = json.dumps(["x" * 1_500_000]).encode()
    for until in (0.0, processor_seconds()):
        with pytest.raises(UnparseableError, match="no time"):
            parse(data, "json", Limits(until=until))
    assert parse(data, "json", Limits().from_now()).value == ["x" * 1_500_000]


@pytest.mark.skipif(sys.platform != "linux", reason="Linux's choice of whom to end")
def test_where_memory_is_short_that_process_goes_first() -> None:
    code = (
        "from collectors.sources.formats import apart; apart._bound(60); print(open('/proc/self/oom_score_adj').read())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1000"
