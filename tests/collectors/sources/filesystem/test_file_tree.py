import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from collectors.sources.account import Home
from collectors.sources.filesystem.file_tree import Entry, FileTree, UnreadableError
from collectors.sources.filesystem.resolve import by_name
from collectors.sources.limits import Limits

DEV = Home("dev", "/home/dev", uid=os.geteuid() + 4_000 if hasattr(os, "geteuid") else 4_000)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A small machine with one home, whose account is not the one the tests run as."""
    (tmp_path / "home/dev/.config").mkdir(parents=True)
    (tmp_path / "home/dev/.claude.json").write_text("{}")
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/hosts").write_text("127.0.0.1")
    return tmp_path


def code(tree: FileTree, path: str, home: Home | None = None) -> str:
    with pytest.raises(UnreadableError) as raised:
        tree.read(path, home)
    return raised.value.code


def test_a_file_is_read_by_the_path_its_own_machine_knows(image: Path) -> None:
    assert FileTree(str(image)).read("/home/dev/.claude.json", DEV) == b"{}"


def test_on_the_running_machine_a_file_is_read_by_its_path(image: Path) -> None:
    assert FileTree().read(f"{image}/etc/hosts") == b"127.0.0.1"


@pytest.mark.parametrize(
    "path",
    ["/home/dev/nope", "/nope/nope", "/etc/hosts/below", "etc/hosts", "", "/a\0b", "/\ud800", "/" + "x" * 300],
)
def test_what_is_not_there_is_absent_in_an_image_and_live(image: Path, path: str) -> None:
    for tree, prefix in ((FileTree(str(image)), ""), (FileTree(), str(image) if path.startswith("/") else "")):
        with pytest.raises(FileNotFoundError):
            tree.read(prefix + path)
        assert not tree.exists(prefix + path)


def test_a_dangling_link_is_absent(image: Path) -> None:
    (image / "home/dev/link").symlink_to("nowhere")
    for tree, path in ((FileTree(str(image)), "/home/dev/link"), (FileTree(), f"{image}/home/dev/link")):
        with pytest.raises(FileNotFoundError):
            tree.read(path)


def test_links_of_dotfile_managers_are_followed(image: Path) -> None:
    (image / "home/dev/dotfiles").mkdir()
    (image / "home/dev/dotfiles/mcp.json").write_text("mine")
    (image / "home/dev/.cursor").symlink_to("../dev/./dotfiles")
    (image / "home/dev/mcp.json").symlink_to("/home/dev/.cursor/mcp.json")
    assert FileTree(str(image)).read("/home/dev/mcp.json", DEV) == b"mine"


@pytest.mark.parametrize(
    "target",
    ["/etc/hosts", "../../../../../../../../etc/hosts", "/../../etc/hosts", "/home/../home/dev/../../etc/hosts"],
)
def test_no_link_leads_out_of_an_image(image: Path, target: str) -> None:
    (image / "home/dev/out").symlink_to(target)
    (image / "home/dev/hop").symlink_to("out")
    assert FileTree(str(image)).read("/home/dev/hop") == b"127.0.0.1"


def test_no_dots_and_no_folder_link_lead_out_of_an_image(image: Path) -> None:
    (image.parent / "outside.txt").write_text("secret")
    (image / "home/dev/up").symlink_to("../../..")
    tree = FileTree(str(image))
    for path in ("/../outside.txt", "/home/dev/up/outside.txt", f"/home/dev/up{image.parent}/outside.txt"):
        assert not tree.exists(path)
    assert tree.read("/home/dev/up/etc/hosts") == b"127.0.0.1"


def test_what_an_account_may_not_read_itself_is_not_read_for_it(image: Path) -> None:
    (image / "home/dev/root.json").write_text("secret")
    (image / "home/dev/root.json").chmod(0o600)
    (image / "home/other").mkdir(mode=0o700)
    (image / "home/other/.mcp.json").write_text("secret")
    (image / "home/dev/project").symlink_to("/home/other")
    tree = FileTree(str(image))
    for path in ("/home/dev/root.json", "/home/other/.mcp.json", "/home/dev/project/.mcp.json"):
        assert code(tree, path, DEV) == "file.not_owners"
        assert not tree.exists("/home/dev/project/.mcp.json", DEV)
        assert tree.read(path) == b"secret"


def test_mode_bits_are_judged_by_owner_then_group_then_other(image: Path) -> None:
    file = image / "etc/group.json"
    file.write_text("ours")
    gid = file.stat().st_gid
    member = Home("dev", "/home/dev", DEV.uid, frozenset({gid}))
    tree = FileTree(str(image))
    file.chmod(0o640)
    assert tree.read("/etc/group.json", member) == b"ours"
    assert code(tree, "/etc/group.json", DEV) == "file.not_owners"
    file.chmod(0o604)
    assert code(tree, "/etc/group.json", member) == "file.not_owners"
    assert tree.read("/etc/group.json", Home("root", "/root", 0)) == b"ours"


def test_where_a_path_leads_is_told_without_links_and_as_named_where_it_ends(image: Path) -> None:
    (image / "home/dev/link").symlink_to("dots")
    (image / "home/dev/dots").mkdir()
    (image / "home/dev/dangling").symlink_to("/gone/by/../now.json")
    (image / "home/dev/loop").symlink_to("loop")
    tree = FileTree(str(image))
    told = {path: tree.real(f"/home/dev/{path}") for path in ("link", "link/../dots/new/x", "dangling", "dangling/x")}
    assert told == {
        "link": "/home/dev/dots", "link/../dots/new/x": "/home/dev/dots/new/x",
        "dangling": "/gone/now.json", "dangling/x": "/gone/now.json/x",
    }  # fmt: skip
    for path in ("/home/dev/loop", "relative", "/", "/etc/hosts"):
        assert tree.real(path) == path


def test_what_cannot_be_judged_is_not_absent(image: Path) -> None:
    (image / "home/dev/loop").symlink_to("loop")
    (image / "home/dev/dangling").symlink_to("nowhere")
    tree = FileTree(str(image))
    absent = [tree.is_absent(f"/home/dev/{name}") for name in ("loop", "dangling", "nothing")]
    assert absent == [False, True, True] and not tree.is_absent("/etc/hosts")


def test_a_folder_is_listed_sorted_with_kinds_and_links_are_links(image: Path) -> None:
    (image / "home/dev/link").symlink_to("/etc")
    os.mkfifo(image / "home/dev/pipe")
    assert FileTree(str(image)).entries("/home/dev", DEV) == [
        Entry(".claude.json", "file"),
        Entry(".config", "folder"),
        Entry("link", "link"),
        Entry("pipe", "other"),
    ]


def test_a_folder_with_too_many_entries_is_unknown_rather_than_short(image: Path) -> None:
    tree = FileTree(str(image), limits=Limits(folder_entries=1))
    with pytest.raises(UnreadableError, match=r"file\.too_large"):
        tree.entries("/home/dev")


def test_a_folder_that_may_be_passed_but_not_listed_is_the_owners_limit(image: Path) -> None:
    (image / "home/dev/.config").chmod(0o711)
    with pytest.raises(UnreadableError, match=r"file\.not_owners"):
        FileTree(str(image)).entries("/home/dev/.config", DEV)


def test_folders_and_links_are_told_apart(image: Path) -> None:
    (image / "home/dev/link").symlink_to("/etc")
    tree = FileTree(str(image))
    assert tree.is_folder("/home/dev/link") and tree.is_folder("/")
    assert not tree.is_folder("/etc/hosts") and not tree.is_folder("/nope")
    assert tree.readlink("/home/dev/link") == "/etc"
    with pytest.raises(UnreadableError, match=r"file\.not_regular"):
        tree.readlink("/etc/hosts")


def test_a_star_stands_for_anything_within_one_component(image: Path) -> None:
    for name in ("1.0/conf.json", "2.0/conf.json", "2.0/other.json", "[3]/conf.json"):
        (image / "home/dev/.config/app" / name).parent.mkdir(parents=True, exist_ok=True)
        (image / "home/dev/.config/app" / name).touch()
    tree = FileTree(str(image))
    app = "/home/dev/.config/app"
    assert tree.glob(f"{app}/*/conf.json", DEV) == [
        f"{app}/1.0/conf.json",
        f"{app}/2.0/conf.json",
        f"{app}/[3]/conf.json",
    ]
    assert tree.glob(f"{app}/2*/o*r.json", DEV) == [f"{app}/2.0/other.json"]
    assert tree.glob(f"{app}/[3]/*", DEV) == [f"{app}/[3]/conf.json"]
    assert tree.glob(f"{app}/2.0/conf.json", DEV) == [f"{app}/2.0/conf.json"]
    assert tree.glob("/*/hosts") == ["/etc/hosts"]
    assert tree.glob("/nope/*/x", DEV) == []


def test_a_glob_names_what_it_could_not_see_so_that_reading_it_says_why(image: Path) -> None:
    for name in ("bad", "good"):
        (image / "home/dev" / name).mkdir()
        (image / "home/dev" / name / "x.json").touch()
    (image / "home/dev/bad").chmod(0o700)
    (image / "home/dev/.config").chmod(0o711)
    tree = FileTree(str(image))
    assert tree.glob("/home/dev/*d/x.json", DEV) == ["/home/dev/bad/x.json", "/home/dev/good/x.json"]
    assert code(tree, "/home/dev/bad/x.json", DEV) == "file.not_owners"
    assert tree.glob("/home/dev/.config/*/x", DEV) == ["/home/dev/.config/*/x"]
    assert code(tree, "/home/dev/.config/*/x", DEV) == "file.not_owners"


def test_windows_paths_are_found_in_an_image_and_shown_as_windows_writes_them(tmp_path: Path) -> None:
    (tmp_path / "Users/dev").mkdir(parents=True)
    (tmp_path / "Users/dev/.claude.json").write_text("{}")
    tree = FileTree(str(tmp_path), "windows")
    assert tree.read("C:/Users/dev/.claude.json") == tree.read("c:\\Users\\dev\\.claude.json") == b"{}"
    assert tree.shown("C:/Users/dev/.claude.json") == "C:\\Users\\dev\\.claude.json"
    assert code(tree, "\\\\server\\share\\x.json") == code(tree, "//server/share") == "file.remote"


def test_a_name_that_is_no_text_is_shown_as_text(image: Path) -> None:
    (image / os.fsdecode(b"home/dev/\xff.json")).write_text("odd")
    tree = FileTree(str(image))
    (path,) = tree.glob("/home/dev/*f.json") or tree.glob("/home/dev/\udcff*")
    assert tree.read(path) == b"odd"
    assert tree.shown(path) == "/home/dev/\ufffd.json"
    assert tree.shown("/home/müller") == "/home/müller"


def test_an_opened_file_may_be_larger_than_what_is_read_whole(image: Path) -> None:
    tree = FileTree(str(image), limits=Limits(file_bytes=4))
    with tree.opened("/etc/hosts", DEV) as file:
        assert os.read(file, 3) == b"127"
        assert stat.S_ISREG(os.fstat(file).st_mode)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(file)
    assert code(tree, "/etc/hosts") == "file.too_large"


def test_no_descriptor_is_left_open_whatever_happens(image: Path) -> None:
    (image / "loop").symlink_to("loop")
    tree = FileTree(str(image))
    before = len(os.listdir("/dev/fd"))
    for path in ("/etc/hosts", "/etc", "/nope", "/loop", "/home/dev/../../etc/hosts", "/etc/hosts/x"):
        try:
            tree.read(path, DEV)
        except (FileNotFoundError, UnreadableError):
            tree.exists(path, DEV)
            tree.glob(path + "/*", DEV)
    assert len(os.listdir("/dev/fd")) == before


def test_without_folder_descriptors_a_path_still_stays_inside_the_image(image: Path) -> None:
    (image.parent / "outside.txt").write_text("secret")
    (image / "home/dev/out").symlink_to("../../../outside.txt")
    assert by_name(str(image), "/etc/hosts").name == os.path.realpath(image / "etc/hosts")
    with pytest.raises(FileNotFoundError):
        by_name(str(image), "/home/dev/out")
    with pytest.raises(FileNotFoundError):
        by_name(str(image), "/../outside.txt")


def test_an_image_may_be_named_by_a_link(image: Path) -> None:
    (image.parent / "mounted").symlink_to(image)
    assert FileTree(str(image.parent / "mounted")).read("/home/dev/../../etc/hosts", DEV) == b"127.0.0.1"


@pytest.mark.parametrize(
    "missing", [["O_PATH"], ["O_PATH", "O_NOFOLLOW", "O_DIRECTORY", "O_NONBLOCK", "O_NOCTTY", "geteuid"]]
)
def test_systems_with_fewer_flags_read_the_same(image: Path, missing: list[str]) -> None:
    """macOS has no O_PATH; Windows has none of these and cannot open relative to a folder."""
    program = (
        "import os, sys\n"
        f"for name in {missing}: delattr(os, name)\n"
        f"if len({missing}) > 1: os.supports_dir_fd = set()\n"
        "from collectors.sources.account import Home\nfrom collectors.sources.limits import Limits\n"
        "from collectors.sources.filesystem.file_tree import FileTree, UnreadableError\n"
        "from collectors.sources.filesystem.project_walk import find_projects\n"
        "tree, home = FileTree(sys.argv[1]), Home('dev', '/home/dev', None)\n"
        "print(tree.read('/home/dev/link', home), FileTree().read(sys.argv[1] + '/etc/hosts'), end=' ')\n"
        "print(tree.exists('/nope'), tree.is_folder('/etc'), tree.glob('/e*/hosts'), end=' ')\n"
        "print(find_projects(tree, home, frozenset({'.mcp.json'}), Limits()).projects)\n"
        "try: tree.read('/etc')\n"
        "except UnreadableError as error: print(error.code)\n"
    )
    (image / "home/dev/link").symlink_to("../../etc/hosts")
    (image / "home/dev/one").mkdir()
    (image / "home/dev/one/.mcp.json").touch()
    run = subprocess.run([sys.executable, "-c", program, str(image)], capture_output=True, text=True, check=False)
    expected = "b'127.0.0.1' b'127.0.0.1' False True ['/etc/hosts'] ('/home/dev/one',)\nfile.not_regular\n"
    assert (run.stdout, run.stderr) == (expected, "")
