import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from collectors.sources.account import Home
from collectors.sources.filesystem.file_tree import FileTree, UnreadableError
from collectors.sources.limits import Limits

DEV = Home("dev", "/home/dev", uid=os.geteuid() + 4_000)
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can read what an owner cannot")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home/dev"
    home.mkdir(parents=True)
    return home


@pytest.fixture
def tree(tmp_path: Path, home: Path) -> FileTree:
    return FileTree(str(tmp_path))


def code(tree: FileTree, path: str, owner: Home | None = None) -> str:
    with pytest.raises(UnreadableError) as raised:
        tree.read(path, owner)
    return raised.value.code


def test_pipes_sockets_and_folders_are_not_opened(home: Path, tree: FileTree) -> None:
    os.mkfifo(home / "pipe")
    (home / "folder").mkdir()
    (home / "to_pipe").symlink_to("pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(home / "socket"))
        for name in ("pipe", "to_pipe", "folder", "socket"):
            assert code(tree, f"/home/dev/{name}", DEV) == "file.not_regular"


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/random", "/dev/tty"])
def test_a_link_to_a_device_is_not_opened(home: Path, device: str) -> None:
    (home / ".claude.json").symlink_to(device)
    assert code(FileTree(), f"{home}/.claude.json") == "file.not_regular"


def test_a_link_into_the_kernels_file_systems_is_not_opened(home: Path) -> None:
    if not Path("/proc/self/environ").exists():
        pytest.skip("no /proc here")
    (home / ".claude.json").symlink_to("/proc/self/environ")
    assert code(FileTree(), f"{home}/.claude.json") == "file.not_regular"


def test_a_huge_sparse_file_is_refused_without_reading_it(home: Path, tree: FileTree) -> None:
    with (home / "big.json").open("wb") as file:
        file.truncate(60 * 1024 * 1024)
    assert code(tree, "/home/dev/big.json", DEV) == "file.too_large"


def test_a_file_that_grows_while_it_is_read_is_bounded(home: Path) -> None:
    # Kernel files tell a size of zero and then give more: the same as growing between the look and the read.
    if not Path("/proc/self/status").exists():
        pytest.skip("no /proc here")
    tree = FileTree("/proc/self", limits=Limits(file_bytes=100))
    assert code(tree, "/status") == "file.too_large"
    assert FileTree("/proc/self").read("/status").startswith(b"Name:")


def test_loops_of_links_end(home: Path, tree: FileTree) -> None:
    (home / "a").symlink_to("b")
    (home / "b").symlink_to("a")
    (home / "self").symlink_to("self/x")
    for path in ("/home/dev/a", "/home/dev/self", "/home/dev/a/below"):
        assert code(tree, path, DEV) == "file.link_loop"
        assert not tree.exists(path, DEV)
    assert code(FileTree(), f"{home}/a") == "file.link_loop"


def test_a_link_made_to_cost_time_ends(home: Path, tree: FileTree) -> None:
    (home / "d").mkdir()
    for hop in range(30):
        (home / f"l{hop}").symlink_to("d/../" * 700 + f"l{hop + 1}")
    assert code(tree, "/home/dev/l0", DEV) == "file.link_loop"


def test_names_that_are_too_long_are_absent(tree: FileTree) -> None:
    for path in ("/home/dev/" + "x" * 5_000, "/home/dev" + "/x" * 5_000):
        with pytest.raises(FileNotFoundError):
            tree.read(path, DEV)


def test_a_file_deleted_while_it_is_open_is_still_read(home: Path, tree: FileTree) -> None:
    (home / "gone.json").write_text("{}")
    with tree.opened("/home/dev/gone.json", DEV) as file:
        (home / "gone.json").unlink()
        assert os.read(file, 10) == b"{}"
    with pytest.raises(FileNotFoundError):
        tree.read("/home/dev/gone.json", DEV)


@pytest.fixture
def live_home() -> Iterator[Path]:
    """A home of account 1000 on the running machine, with every folder above it open to all."""
    import shutil
    import tempfile

    top = Path(tempfile.mkdtemp(prefix="rollcall-", dir="/tmp"))
    top.chmod(0o755)
    (top / "dev").mkdir()
    os.chown(top / "dev", 1000, 1000)
    yield top / "dev"
    shutil.rmtree(top)


@needs_root
def test_as_root_an_owner_is_given_nothing_that_is_not_theirs(live_home: Path) -> None:
    owner = Home("dev", str(live_home), uid=1000, gids=frozenset({1000}))
    (live_home / "shadow.json").symlink_to("/etc/shadow")
    (live_home / "roots.json").write_text("secret")
    (live_home / "roots.json").chmod(0o600)
    (live_home.parent / "other").mkdir(mode=0o700)
    (live_home.parent / "other/.mcp.json").write_text("secret")
    tree = FileTree()
    for path in ("dev/shadow.json", "dev/roots.json", "other/.mcp.json"):
        assert code(tree, f"{live_home.parent}/{path}", owner) == "file.not_owners"
    (live_home / "mine.json").write_text("{}")
    os.chown(live_home / "mine.json", 1000, 1000)
    (live_home / "mine.json").chmod(0o600)
    assert tree.read(f"{live_home}/mine.json", owner) == b"{}"


@needs_root
def test_without_rights_the_kernel_decides_and_is_quoted(live_home: Path) -> None:
    (live_home / "roots.json").write_text("secret")
    (live_home / "roots.json").chmod(0o600)
    program = (
        "import os, sys; os.setuid(1000)\n"
        "from collectors.sources.account import Home\n"
        "from collectors.sources.filesystem.file_tree import FileTree, UnreadableError\n"
        "try: print(FileTree().read(sys.argv[1], Home('dev', '/', 1000)))\n"
        "except UnreadableError as error: print(error.code)\n"
    )
    import subprocess
    import sys

    # Imported while still root: the environment may lie where account 1000 cannot go.
    program = program.replace("os.setuid(1000)\n", "").replace("try:", "os.setuid(1000)\ntry:")
    run = [sys.executable, "-c", program, f"{live_home}/roots.json"]
    assert subprocess.run(run, capture_output=True, text=True, check=True).stdout == "file.not_permitted\n"


_SWAPS = 3_000
_SWAPS_PER_LOOK = 10
"""At most, so that even where one of the threads gets little time many looks fall between swaps."""


def _churn(swap: Callable[[], None], look: Callable[[], bytes]) -> tuple[set[bytes], set[str]]:
    """What was read, and why it was refused, while the path was swapped a fixed number of times."""
    read: set[bytes] = set()
    refused: set[str] = set()
    looks = 0
    done = threading.Event()

    def keep_swapping() -> None:
        try:
            for number in range(_SWAPS):
                while number > looks * _SWAPS_PER_LOOK and not done.is_set():
                    time.sleep(0)
                swap()
        finally:
            done.set()

    thread = threading.Thread(target=keep_swapping)
    thread.start()
    try:
        while not done.is_set():
            try:
                read.add(look())
            except UnreadableError as error:
                refused.add(error.code)
            looks += 1
    finally:
        done.set()
        thread.join()
    assert looks >= _SWAPS // _SWAPS_PER_LOOK
    return read, refused


def test_a_file_swapped_for_a_link_to_a_secret_never_discloses_it(tmp_path: Path, home: Path, tree: FileTree) -> None:
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "secret").chmod(0o600)

    def swap() -> None:
        (home / "new").write_text("mine")
        os.replace(home / "new", home / "x.json")
        (home / "new").symlink_to("/secret")
        os.replace(home / "new", home / "x.json")

    swap()
    read, refused = _churn(swap, lambda: tree.read("/home/dev/x.json", DEV))
    assert read == {b"mine"}
    assert refused <= {"file.not_owners", "file.changed"} and "file.not_owners" in refused


def test_a_folder_swapped_for_a_link_to_a_closed_one_never_discloses_it(
    tmp_path: Path, home: Path, tree: FileTree
) -> None:
    (tmp_path / "closed").mkdir()
    (tmp_path / "closed/x.json").write_text("secret")
    (tmp_path / "closed").chmod(0o700)
    (home / "real").mkdir()
    (home / "real/x.json").write_text("mine")

    def swap() -> None:
        os.rename(home / "real", home / "p")
        os.rename(home / "p", home / "real")
        (home / "p").symlink_to("/closed")
        (home / "p").unlink()

    def look() -> bytes:
        try:
            return tree.read("/home/dev/p/x.json", DEV)
        except FileNotFoundError:
            return b""

    read, refused = _churn(swap, look)
    assert b"secret" not in read
    assert b"mine" in read and "file.not_owners" in refused


def test_a_file_replaced_by_rename_all_the_time_is_always_read_whole(home: Path, tree: FileTree) -> None:
    contents = {letter * 5_000 for letter in (b"a", b"b")}

    def swap() -> None:
        for content in contents:
            (home / "new").write_bytes(content)
            os.replace(home / "new", home / "x.json")

    swap()
    read, refused = _churn(swap, lambda: tree.read("/home/dev/x.json", DEV))
    assert read == contents and not refused
