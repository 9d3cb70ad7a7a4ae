"""Homes that someone made to hang, crash, confuse or misuse whoever reads them."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from collectors.catalog.catalog import Catalog

if TYPE_CHECKING:
    from conftest import Daemon, Machine, Outcome, Rollcall

Place = Callable[[Path, Mapping[str, object]], Path]
Make = Callable[[Path], object]

HEALTHY = {"mcpServers": {"healthy": {"command": "npx", "args": ["-y", "some-mcp@1.0.0"]}}}
HEALTHY_FILE = ".kiro/settings/mcp.json"  # which no other client reads
SECONDS = 60


def known_paths() -> list[str]:
    """Every path below a home that some client reads definitions from whatever else is set, but the healthy one."""
    configs = [config for client in Catalog.load().clients.values() for config in client.config]
    templates = {
        t for config in configs if config.servers and not (config.shared or config.only_if) for t in config.on("linux")
    }
    starts = {"~/": "", "{config}/": ".config/", "{data}/": ".local/share/", "{appdata}/": ".config/"}
    return sorted(
        folder + template.removeprefix(start)
        for template in templates for start, folder in starts.items()
        if template.startswith(start) and "*" not in template and template != f"~/{HEALTHY_FILE}"
    )  # fmt: skip


def bytes_(content: bytes) -> Make:
    return lambda path: path.write_bytes(content)


def huge(path: Path) -> None:
    with path.open("wb") as file:
        file.write(b'{"mcpServers": {"x": "')
        file.truncate(60 * 1024 * 1024)


def loop(path: Path) -> None:
    path.symlink_to(path.name + ".2")
    path.with_name(path.name + ".2").symlink_to(path.name)


UNREADABLE: dict[str, tuple[Make, set[str]]] = {
    "binary": (bytes_(bytes(range(256)) * 40), {"parse.encoding", "parse.json", "parse.toml", "parse.yaml"}),
    "invalid UTF-8": (bytes_(b'{"mcpServers": {"\xff\xfe": 1}}'), {"parse.encoding"}),
    "half of UTF-16": (bytes_(b"\xff\xfe{\0}\0\0"), {"parse.encoding"}),
    "merge conflict": (bytes_(b'{"a": 1,\n<<<<<<< HEAD\n"b": 2\n=======\n"b": 3\n>>>>>>> x\n}'), {"parse.conflict"}),
    "cut off": (bytes_(b'{"mcpServers": {"x": {"command": "np'), {"parse.json", "parse.toml", "parse.yaml"}),
    "100,000 deep": (bytes_(b'{"a":' * 100_000 + b"1" + b"}" * 100_000), {"parse.too_deep", "parse.toml"}),
    "100,000 deep lists": (bytes_(b"[" * 100_000), {"parse.too_deep", "parse.json", "parse.toml", "parse.yaml"}),
    "60 MB": (huge, {"file.too_large"}),
    "FIFO": (lambda path: os.mkfifo(path), {"file.not_regular"}),
    "folder": (lambda path: path.mkdir(), {"file.not_regular"}),
    "socket": (lambda path: os.mknod(path, 0o140666), {"file.not_regular"}),
    "link loop": (loop, {"file.link_loop"}),
    "link to a folder": (lambda path: path.symlink_to("/"), {"file.not_regular"}),
}


@pytest.mark.parametrize("trouble", UNREADABLE)
def test_what_cannot_be_read_is_named_and_the_rest_is_intact(
    rollcall: Rollcall, place: Place, tmp_path: Path, trouble: str
) -> None:
    make, codes = UNREADABLE[trouble]
    home = place(tmp_path / "root/home/dev", {HEALTHY_FILE: HEALTHY})
    paths = known_paths()
    assert len(paths) > 30
    for path in paths:
        (home / path).parent.mkdir(parents=True, exist_ok=True)
        if not os.path.lexists(home / path):
            make(home / path)
    outcome = rollcall.once(tmp_path / "root", timeout=SECONDS)
    assert outcome.status == 3
    assert outcome.servers.keys() == {"healthy"}
    check_named(outcome, paths, codes)


def check_named(outcome: Outcome, paths: list[str], codes: set[str]) -> None:
    reasons = {d["path"]: d["code"] for d in outcome.of("diagnostic") if d["severity"] == "error"}
    assert [path for path in paths if f"/home/dev/{path}" not in reasons] == []
    assert set(reasons.values()) <= codes
    assert outcome.stderr == b""


def test_devices_are_not_opened(rollcall: Rollcall, place: Place, tmp_path: Path, as_root: None) -> None:
    home = place(tmp_path / "root/home/dev", {HEALTHY_FILE: HEALTHY})
    numbers = {".claude.json": (1, 5), ".gemini/settings.json": (1, 9), ".codex/config.toml": (5, 0)}
    for path, (major, minor) in numbers.items():
        (home / path).parent.mkdir(parents=True, exist_ok=True)
        os.mknod(home / path, 0o020666, os.makedev(major, minor))
    outcome = rollcall.once(tmp_path / "root", timeout=SECONDS)
    assert outcome.servers.keys() == {"healthy"}
    check_named(outcome, list(numbers), {"file.not_regular"})


HARMLESS: dict[str, bytes] = {
    "empty": b"",
    "blank": b" \n\t\n",
    "zeros": b"\0" * 4096,
    "BOM only": b"\xef\xbb\xbf",
}


@pytest.mark.parametrize("content", HARMLESS)
def test_an_empty_file_says_so_and_is_no_gap(rollcall: Rollcall, place: Place, tmp_path: Path, content: str) -> None:
    home = place(tmp_path / "root/home/dev", {HEALTHY_FILE: HEALTHY})
    place(home, dict.fromkeys(known_paths(), HARMLESS[content]))
    outcome = rollcall.once(tmp_path / "root")
    assert outcome.status == 0
    assert outcome.servers.keys() == {"healthy"}
    told = {d["path"] for d in outcome.of("diagnostic") if d["code"] == "parse.empty"}
    assert told >= {f"/home/dev/{path}" for path in known_paths()}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_other_encodings_with_a_mark_are_read(rollcall: Rollcall, tmp_path: Path, place: Place, encoding: str) -> None:
    text = json.dumps(HEALTHY)
    marked = text if encoding in ("utf-8-sig", "utf-16") else "\ufeff" + text
    outcome = rollcall.once(place(tmp_path / "root", {"home/dev/.claude.json": marked.encode(encoding)}))
    assert outcome.status == 0
    assert outcome.servers.keys() == {"healthy"}


def test_double_keys_and_numbers_that_are_none_are_noted(rollcall: Rollcall, tmp_path: Path, place: Place) -> None:
    text = '{"mcpServers": {"a": {"command": "one"}, "a": {"command": "two", "timeout": NaN, "x": -Infinity}}}'
    outcome = rollcall.once(place(tmp_path / "root", {"home/dev/.claude.json": text}))
    assert outcome.servers["a"]["command"] == "two"
    assert {d["code"] for d in outcome.of("diagnostic")} == {"parse.duplicate_key", "parse.not_finite"}
    assert {d["path"] for d in outcome.of("diagnostic")} == {"/home/dev/.claude.json"}


SERVER = {"command": "x"}
WRONG_TYPES: list[object] = [
    "text",
    7,
    True,
    [1, 2],
    [[["x"]]],
    ["text"],
    {"a": 1},
    {"a": "x"},
    {"a": [1]},
    {"a": True},
    {"a": [[]]},
    {"a": {"command": 5}},
    {"a": {"command": {"path": 7}}},
    {"a": {"command": [[1], {}]}},
    {"a": {"command": True}},
    {"a": SERVER | {"args": 5}},
    {"a": SERVER | {"args": {"x": 1}}},
    {"a": SERVER | {"args": [["x"], {"y": 1}, None]}},
    {"a": SERVER | {"env": 5}},
    {"a": SERVER | {"env": [5, [6]]}},
    {"a": SERVER | {"env": True}},
    {"a": {"url": 5}},
    {"a": {"url": ["https://x.example"]}},
    {"a": {"url": {"x": 1}}},
    {"a": {"url": "https://x.example", "headers": 5}},
    {"a": {"url": "https://x.example", "headers": [5]}},
]


@pytest.mark.parametrize("path", [".claude.json", ".gemini/settings.json", ".copilot/mcp-config.json"])
def test_wrong_types_at_every_level_are_named_by_key(
    rollcall: Rollcall, tmp_path: Path, place: Place, path: str
) -> None:
    homes = {f"home/dev{n}/{path}": {"mcpServers": wrong} for n, wrong in enumerate(WRONG_TYPES)}
    healthy = {f"home/dev{n}/{HEALTHY_FILE}": HEALTHY for n in range(len(WRONG_TYPES))}
    outcome = rollcall.once(place(tmp_path / "root", {**homes, **healthy}))
    assert outcome.status in (0, 3)
    assert len([s for s in outcome.of("mcp_server") if s["name"] == "healthy"]) == len(WRONG_TYPES)
    told = {d["path"] for d in outcome.of("diagnostic") if d["key"] and d["key"].startswith("mcpServers")}
    silent = [wrong for n, wrong in enumerate(WRONG_TYPES) if f"/home/dev{n}/{path}" not in told]
    assert silent == []
    assert not [d for d in outcome.of("diagnostic") if d["code"] == "collector.failed"]
    assert {s["name"] for s in outcome.of("mcp_server")} <= {"a", "healthy"}


SHAPES = [
    "[]",
    '"x"',
    "5",
    "null",
    "true",
    '{"mcpServers": null}',
    '{"projects": [1, {"a": 1}]}',
    '{"projects": {"/x": 5, "y": null, "": [], "/z": {"mcpServers": 7}}}',
    '{"projects": "x", "mcpServers": {}}',
]


@pytest.mark.parametrize("document", SHAPES)
def test_a_document_of_another_shape_harms_nothing(
    rollcall: Rollcall, tmp_path: Path, place: Place, document: str
) -> None:
    files = {f"home/dev/{path}": document for path in known_paths() if path.endswith("json")}
    outcome = rollcall.once(place(tmp_path / "root", {**files, f"home/dev/{HEALTHY_FILE}": HEALTHY}))
    assert outcome.status in (0, 3)
    assert outcome.servers.keys() == {"healthy"}
    assert not [d for d in outcome.of("diagnostic") if d["code"] == "collector.failed"]


def test_ten_thousand_servers_are_cut_off_and_said_to_be(rollcall: Rollcall, tmp_path: Path, place: Place) -> None:
    many = {"mcpServers": {f"s{n}": {"command": "npx", "args": [f"p{n}"]} for n in range(10_000)}}
    files = {"home/dev/.claude.json": many, f"home/dev/{HEALTHY_FILE}": HEALTHY}
    outcome = rollcall.once(place(tmp_path / "root", files), timeout=SECONDS)
    assert "healthy" in outcome.servers
    assert 1_000 < len(outcome.of("mcp_server")) <= 2_001
    reasons = [d for d in outcome.of("diagnostic") if d["path"] == "/home/dev/.claude.json"]
    assert [d["code"] for d in reasons] == ["budget.exceeded"]
    # What lies beyond the bound is not known: that is a gap.
    assert reasons[0]["severity"] == "error" and outcome.status == 3


def test_a_name_of_half_a_megabyte_is_cut(rollcall: Rollcall, tmp_path: Path, place: Place) -> None:
    long = "n" * 500_000
    entry = {"command": long, "args": [long], "env": {long: "1"}, "cwd": long}
    config = {
        "mcpServers": {long: entry, "u": {"url": f"https://x.example/{long}", "headers": {long: long}}},
        "projects": {f"/{long}": {}},
    }
    outcome = rollcall.once(place(tmp_path / "root", {"home/dev/.claude.json": config}), timeout=SECONDS)
    assert len(outcome.of("mcp_server")) == 2
    assert len(outcome.stdout) < 200_000


def test_names_with_control_characters_stay_one_record_a_line(rollcall: Rollcall, tmp_path: Path, place: Place) -> None:
    names = [
        "\x1b[31mred",
        "two\nlines",
        "nul\0",
        "\r\n",
        "\ud83d\ude00",
        "a\u202eb",
        "\x7f",
        "quote\"'`$(id)",
        "../..",
        "x" * 300,
    ]
    config = {"mcpServers": {name: {"command": name, "args": [name], "env": {name: "1"}} for name in names}}
    lone = '{"mcpServers": {"lone\\ud800": {"command": "\\udfff", "args": ["\\ud800"]}}}'
    files = {
        "home/dev/.claude.json": config,
        "home/dev/.gemini/settings.json": lone,
        f"home/dev/{HEALTHY_FILE}": HEALTHY,
    }
    root = place(tmp_path / "root", files)
    outcome = rollcall.once(root)
    assert outcome.status == 0
    assert len(outcome.of("mcp_server")) == len(names) + 2
    table = rollcall("--once", "--root", root, "--format", "table").stdout.decode()
    assert all(char.isprintable() or char == "\n" for char in table)


def test_folders_whose_names_are_no_text_harm_nothing(rollcall: Rollcall, tmp_path: Path, place: Place) -> None:
    root = place(tmp_path / "root", {f"home/dev/{HEALTHY_FILE}": HEALTHY})
    for name in (b"caf\xe9", b"\xff\xfe", b"new\nline", b"\x1b[2J", b"back\\slash", b"-rf"):
        folder = os.fsencode(root / "home/dev") + b"/" + name
        os.makedirs(folder + b"/.git")
        with open(folder + b"/.mcp.json", "w") as file:
            json.dump({"mcpServers": {"inside": SERVER}}, file)
    os.makedirs(os.fsencode(root / "home") + b"/us\xe9r")
    outcome = rollcall.once(root)
    assert outcome.status in (0, 3)
    assert not [d for d in outcome.of("diagnostic") if d["code"] == "collector.failed"]
    found = [s["source"]["path"] for s in outcome.of("mcp_server")]
    assert f"/home/dev/{HEALTHY_FILE}" in found
    assert len(found) == len(set(found)) == 7
    assert rollcall("--once", "--root", root, "--format", "table").status == outcome.status


def test_links_to_what_the_owner_may_not_read_tell_nothing(machine: Machine, place: Place, tmp_path: Path) -> None:
    shadow = machine.home.parent.parent / "etc/shadow"
    secret = {"mcpServers": {"stolen": {"command": "x"}}}
    private = place(tmp_path / "private", {".mcp.json": secret, ".claude.json": secret})
    private.chmod(0o700)
    links = {
        ".claude.json": "/etc/shadow",
        ".codex/config.toml": "/etc/shadow",
        ".config/goose/config.yaml": "/etc/gshadow",
        ".gemini/settings.json": f"{private}/.claude.json",
        ".copilot": str(private),
        ".qwen/settings.json": "/proc/1/environ",
        ".junie/mcp/mcp.json": "/dev/zero",
        ".codeium/windsurf/mcp_config.json": "/proc/kmsg",
        "proj/.mcp.json": f"{private}/.mcp.json",
    }
    for name, target in links.items():
        (machine.home / name).parent.mkdir(parents=True, exist_ok=True)
        (machine.home / name).symlink_to(target)
    place(machine.home, {HEALTHY_FILE: HEALTHY, "proj/.git/HEAD": "x"})
    own(machine)
    outcome = machine.rollcall().once(timeout=SECONDS)
    mine = [s for s in outcome.of("mcp_server") if s["owner"] == "dev"]
    assert [s["name"] for s in mine] == ["healthy"]
    assert b"stolen" not in outcome.stdout
    for line in shadow.read_bytes().splitlines():
        fields = line.split(b":")
        assert line not in outcome.stdout + outcome.stderr
        assert len(fields[1]) < 8 or fields[1] not in outcome.stdout + outcome.stderr
    codes = {d["path"]: d["code"] for d in outcome.of("diagnostic") if d["owner"] == "dev"}
    for name in (".claude.json", ".codex/config.toml", ".gemini/settings.json", "proj/.mcp.json"):
        assert codes[f"/home/dev/{name}"] == "file.not_owners", name
    for name in (".junie/mcp/mcp.json",):
        assert codes[f"/home/dev/{name}"] == "file.not_regular", name


def own(machine: Machine) -> None:
    subprocess.run(["chown", "-hR", "54321:54321", str(machine.home)], check=True)


def test_projects_that_lie_elsewhere_cost_little_and_tell_nothing(
    machine: Machine, place: Place, tmp_path: Path
) -> None:
    secret = {"mcpServers": {"stolen": {"command": "x"}}}
    private = place(tmp_path / "private", {".mcp.json": secret, ".cursor/mcp.json": secret})
    private.chmod(0o700)
    strange = [
        "/",
        "/proc",
        "/proc/1/root",
        "/sys",
        "/dev",
        "../..",
        f"/home/dev/../..{private}",
        str(private),
        "/root",
        "",
        ".",
        "~",
        "/nul\0",
        "/home/dev/" + "a/" * 2000,
        f"file://{private}",
        "//server/share",
        "\\\\server\\share",
    ]
    projects = {**{name: {} for name in strange}, **{f"/home/dev/p{n}": {} for n in range(5_000)}}
    projects |= {f"/proc/{n}/cwd": {} for n in range(100)}
    place(
        machine.home,
        {
            ".claude.json": {"projects": projects},
            HEALTHY_FILE: HEALTHY,
            "p4999/.mcp.json": {"mcpServers": {"last": SERVER}},
        },
    )
    own(machine)
    outcome = machine.rollcall().once(timeout=SECONDS)
    assert b"stolen" not in outcome.stdout
    assert {s["name"] for s in outcome.of("mcp_server") if s["owner"] == "dev"} == {"healthy", "last"}
    assert not [d for d in outcome.of("diagnostic") if d["code"] == "collector.failed"]


@pytest.fixture
def storm(machine: Machine, place: Place) -> Iterator[tuple[Machine, threading.Event, list[int]]]:
    """A home whose main config is replaced, cut, deleted and turned into other things a thousand times a second."""
    place(machine.home, {HEALTHY_FILE: HEALTHY, ".claude.json": STATES[0]})
    own(machine)
    over, turns = threading.Event(), [0]
    thread = threading.Thread(target=rage, args=(machine.home, over, turns))
    yield machine, over, turns
    over.set()
    if thread.ident:
        thread.join()


STATES = [
    {"mcpServers": {"odd": SERVER}, "projects": {"/home/dev/a": {}}},
    {"mcpServers": {"even": SERVER}, "projects": {"/home/dev/b": {}}},
]


def rage(home: Path, over: threading.Event, turns: list[int]) -> None:
    path, spare = home / ".claude.json", home / ".claude.json.tmp"
    texts = [json.dumps(state).encode() for state in STATES]
    while not over.is_set():
        turn = turns[0]
        turns[0] += 1
        if turn % 50 == 49:
            path.unlink(missing_ok=True)
        elif turn % 50 == 48:
            path.write_bytes(texts[turn % 2][:40])
        elif turn % 50 == 47:
            spare.unlink(missing_ok=True)
            spare.symlink_to("/etc/shadow")
            spare.replace(path)
        elif turn % 50 == 46:
            path.unlink(missing_ok=True)
            os.mkfifo(path)
        else:
            spare.write_bytes(texts[turn % 2])
            os.chown(spare, 54321, 54321)
            spare.replace(path)
        time.sleep(0.0005)


def test_a_look_into_a_storm_is_whole(storm: tuple[Machine, threading.Event, list[int]]) -> None:
    machine, over, turns = storm
    thread = threading.Thread(target=rage, args=(machine.home, over, turns))
    thread.start()
    rollcall = machine.rollcall()
    try:
        for _ in range(5):
            outcome = rollcall.once(timeout=SECONDS)
            assert outcome.status in (0, 3)
            names = {s["name"] for s in outcome.of("mcp_server") if s["owner"] == "dev"}
            assert "healthy" in names and len(names - {"healthy"}) <= 1
            for d in outcome.of("diagnostic"):
                assert d["owner"] != "dev" or d["path"].startswith("/home/dev/.claude.json"), d
    finally:
        over.set()
        thread.join()
    assert turns[0] > 100


def memory(pid: int) -> int:
    """Resident set in bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def newest(daemon: Daemon, name: str) -> bool:
    ops = [e["op"] for e in daemon.entries() if e["record"] and e["record"].get("name") == name]
    return bool(ops) and ops[-1] != "removed"


@pytest.mark.timeout(300)
def test_the_daemon_outlives_a_storm_follows_the_rest_and_ends_with_the_truth(
    storm: tuple[Machine, threading.Event, list[int]], place: Place
) -> None:
    machine, over, turns = storm
    rollcall = machine.rollcall("[collect]\nreconcile_seconds = 3600\n")
    daemon = rollcall.daemon()
    before = memory(daemon.pid)
    thread = threading.Thread(target=rage, args=(machine.home, over, turns))
    thread.start()
    time.sleep(3)
    calm = {"mcpServers": {"during-the-storm": SERVER}}
    (machine.home / HEALTHY_FILE).write_text(json.dumps(calm))
    daemon.wait_for(lambda entries: any(e["record"] and e["record"].get("name") == "during-the-storm" for e in entries))
    time.sleep(6)
    over.set()
    thread.join()
    assert turns[0] > 300
    (machine.home / ".claude.json").unlink(missing_ok=True)
    final = {"mcpServers": {"after-the-storm": SERVER}}
    (machine.home / ".claude.json").write_text(json.dumps(final))
    os.chown(machine.home / ".claude.json", 54321, 54321)
    # A file that changed so often is taken in once a minute; the other one, above, at once.
    daemon.wait_for(lambda _: newest(daemon, "after-the-storm"), 120)
    daemon.wait_for(lambda _: not newest(daemon, "odd") and not newest(daemon, "even"), 30)
    assert not newest(daemon, "healthy") and newest(daemon, "during-the-storm")
    grown = memory(daemon.pid) - before
    assert grown < 20_000_000, grown
    assert b"root:" not in (rollcall.folder / "stderr").read_bytes()
    assert daemon.stop() == 0
    assert rollcall("audit", "verify").status == 0
