import os
import subprocess
import sys
import tempfile
import threading
import time
import tracemalloc
from pathlib import Path

import pytest

from collectors.sources.filesystem.mounts import Mounts
from collectors.sources.filesystem.unreadable import UnreadableError
from collectors.sources.watching.backend import Unwatched
from collectors.sources.watching.folder_watch import FolderWatch

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux only")


class Notices:
    """What a watch told, with a way to wait for it."""

    def __init__(self):
        self.paths, self.overflows = [], 0
        self._lock = threading.Condition()

    def notify(self, path):
        with self._lock:
            self.paths.append(path)
            self._lock.notify_all()

    def overflow(self):
        with self._lock:
            self.overflows += 1
            self._lock.notify_all()

    def has(self, path, seconds=60):
        with self._lock:
            return self._lock.wait_for(lambda: str(path) in self.paths, seconds)

    def overflowed(self, seconds=60):
        with self._lock:
            return self._lock.wait_for(lambda: self.overflows, seconds)

    def quiet(self, seconds=0.15):
        """Forgets what came until nothing has come for a while."""
        while True:
            with self._lock:
                self.paths.clear()
            time.sleep(seconds)
            if not self.paths:
                return


@pytest.fixture
def told():
    return Notices()


@pytest.fixture
def watch(told):
    watch = FolderWatch(told.notify, told.overflow)
    yield watch
    watch.close()


@pytest.fixture
def shared_path():
    """A folder that everybody may enter, which pytest's own are not."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        os.chmod(folder, 0o755)
        yield Path(folder).resolve()


def follows(told, folder):
    """Whether a new entry of the folder is told now."""
    told.quiet()
    entry = Path(folder, f"probe-{time.monotonic_ns()}")
    entry.write_text("x")
    return told.has(entry)


def test_each_kind_of_change_is_told_by_its_path(watch, told, tmp_path):
    kept, moved = tmp_path / "kept", tmp_path / "moved"
    kept.write_text("a")
    assert (watch.mode, watch.set_folders([str(tmp_path)])) == ("inotify", [])
    changes = {
        "write": (kept, lambda: kept.write_text("b")),
        "attributes": (kept, lambda: kept.chmod(0o600)),
        "create": (tmp_path / "new", (tmp_path / "new").touch),
        "folder": (tmp_path / "sub", (tmp_path / "sub").mkdir),
        "move": (moved, lambda: kept.rename(moved)),
        "moved over": (tmp_path / "new", lambda: moved.rename(tmp_path / "new")),
        "link": (tmp_path / "link", lambda: (tmp_path / "link").symlink_to("nowhere")),
        "delete": (tmp_path / "new", lambda: (tmp_path / "new").unlink()),
    }
    for change, (path, make) in changes.items():
        told.quiet(0.05)
        make()
        assert told.has(path), change
    assert told.overflows == 0


def test_reading_is_not_a_change_and_neither_is_what_lies_deeper(watch, told, tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "file").write_text("x")
    watch.set_folders([str(tmp_path)])
    (tmp_path / "file").read_text()
    (tmp_path / "sub" / "deeper").write_text("x")
    list(tmp_path.iterdir())
    time.sleep(0.2)
    assert told.paths == []


def test_a_file_that_stays_open_is_told_while_it_is_written(watch, told, tmp_path):
    with open(tmp_path / "log", "w", buffering=1) as log:
        watch.set_folders([str(tmp_path)])
        for _ in range(3):
            told.quiet()
            log.write("line\n")
            assert told.has(tmp_path / "log")


def test_a_folder_deleted_and_created_again_is_followed(watch, told, tmp_path):
    folder = tmp_path / "config"
    folder.mkdir()
    watch.set_folders([str(folder)])
    for _ in range(5):
        told.quiet()
        folder.rmdir()
        folder.mkdir()
        assert told.has(folder)
        assert follows(told, folder)
        for entry in folder.iterdir():
            entry.unlink()


def test_a_folder_deleted_under_somebody_working_in_it_is_followed_too(watch, told, tmp_path):
    folder = tmp_path / "config"
    folder.mkdir()
    watch.set_folders([str(folder)])
    with subprocess.Popen(["sleep", "20"], cwd=folder) as resident:
        folder.rmdir()
        folder.mkdir()
        assert told.has(folder)
        assert follows(told, folder)
        resident.kill()


def test_a_folder_renamed_away_and_back_is_followed(watch, told, tmp_path):
    folder, away = tmp_path / "config", tmp_path / "away"
    folder.mkdir()
    watch.set_folders([str(folder)])
    folder.rename(away)
    assert told.has(folder)
    told.quiet()
    (away / "unseen").touch()
    time.sleep(0.1)
    assert told.paths == []
    away.rename(folder)
    assert told.has(folder)
    assert follows(told, folder)


def test_a_renamed_parent_is_noticed_and_the_way_found_again(watch, told, tmp_path):
    folder = tmp_path / "a" / "b" / "c"
    folder.mkdir(parents=True)
    watch.set_folders([str(folder)])
    (tmp_path / "a").rename(tmp_path / "z")
    assert told.has(folder)
    told.quiet()
    folder.mkdir(parents=True)
    assert told.has(folder)
    assert follows(told, folder)


def test_missing_parents_are_waited_for_one_after_the_other(watch, told, tmp_path):
    folder = tmp_path / "a" / "b" / "c"
    assert watch.set_folders([str(folder)]) == []
    for step in (tmp_path / "a", tmp_path / "a" / "b", folder):
        told.quiet(0.05)
        step.mkdir()
        assert told.has(folder)
    assert follows(told, folder)
    folder = tmp_path / "x" / "y" / "z"
    watch.set_folders([str(folder)])
    folder.mkdir(parents=True)
    assert told.has(folder)
    assert follows(told, folder)


def test_a_link_on_the_way_is_followed_wherever_it_is_turned(watch, told, tmp_path):
    for name in ("one", "two"):
        (tmp_path / name / "config").mkdir(parents=True)
    link = tmp_path / "link"
    link.symlink_to("one")
    folder = link / "config"
    assert watch.set_folders([str(folder)]) == []
    (tmp_path / "one" / "config" / "file").touch()
    assert told.has(folder / "file")
    (tmp_path / "new").symlink_to(tmp_path / "two")
    (tmp_path / "new").rename(link)
    assert told.has(folder)
    assert follows(told, folder)
    link.unlink()
    link.symlink_to("missing/../two")
    told.quiet()
    (tmp_path / "missing").mkdir()
    assert told.has(folder)
    assert follows(told, folder)


def test_one_folder_wanted_by_two_names_is_told_by_both(watch, told, tmp_path):
    real, link = tmp_path / "real", tmp_path / "link"
    real.mkdir()
    link.symlink_to(real)
    watch.set_folders([str(real), str(link)])
    (real / "file").touch()
    assert told.has(real / "file")
    assert told.has(link / "file")
    watch.set_folders([str(link)])
    told.quiet()
    (real / "other").touch()
    assert told.has(link / "other")
    assert str(real / "other") not in told.paths


def test_links_in_a_circle_are_reported(watch, tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    folder = str(tmp_path / "a" / "config")
    assert watch.set_folders([folder]) == [Unwatched(folder, "Too many levels of symbolic links")]


def test_a_file_in_place_of_a_folder_is_waited_out(watch, told, tmp_path):
    folder = tmp_path / "config"
    folder.write_text("not a folder")
    assert watch.set_folders([str(folder)]) == []
    folder.unlink()
    folder.mkdir()
    assert told.has(folder)
    assert follows(told, folder)


def test_the_set_of_folders_is_reconciled(watch, told, tmp_path):
    a, b = tmp_path / "a", tmp_path / "b"
    a.mkdir()
    b.mkdir()
    watch.set_folders([str(a)])
    watch.set_folders([str(b), str(b)])
    (a / "file").touch()
    (b / "file").touch()
    assert told.has(b / "file")
    time.sleep(0.1)
    assert str(a / "file") not in told.paths
    watch.set_folders([str(a), str(b)])
    assert follows(told, a)
    assert follows(told, b)
    watch.set_folders([])
    told.quiet()
    (a / "last").touch()
    time.sleep(0.1)
    assert told.paths == []
    assert _watches() == 0


def test_names_that_are_not_unicode_come_through(watch, told, tmp_path):
    folder = os.fsdecode(os.fsencode(tmp_path) + b"/\xff")
    os.mkdir(folder)
    watch.set_folders([folder])
    os.mkdir(os.fsencode(folder) + b"/\xfe")
    assert told.has(os.fsdecode(os.fsencode(folder) + b"/\xfe"))


def test_folders_this_user_may_not_read_are_reported_and_the_others_watched(shared_path):
    if os.getuid():
        pytest.skip("needs root to become someone else")
    for name, mode in (("open", 0o755), ("closed", 0o700), ("pass", 0o711)):
        (shared_path / name).mkdir(mode=mode)
    (shared_path / "pass" / "inside").mkdir()
    answer = _as_nobody(
        shared_path,
        """
        watch = FolderWatch(print, print)
        wanted = ["open", "closed", "closed/below", "pass", "pass/inside", "pass/missing"]
        for path, reason in watch.set_folders([f"{base}/{name}" for name in wanted]):
            print(path.removeprefix(base), reason)
        """,
    )
    assert answer == [
        "/closed Permission denied",
        "/closed/below Permission denied",
        "/pass Permission denied",
        "/pass/missing Permission denied",
    ]


def test_a_folder_that_becomes_readable_is_watched_from_then_on(shared_path):
    if os.getuid():
        pytest.skip("needs root to become someone else")
    (shared_path / "closed").mkdir(mode=0o700)
    os.chown(shared_path / "closed", 65534, 65534)
    (shared_path / "closed").chmod(0)
    answer = _as_nobody(
        shared_path,
        """
        told = []
        watch = FolderWatch(told.append, print)
        print(len(watch.set_folders([base + "/closed"])))
        def wait_for(path):
            while path not in told:
                time.sleep(0.01)
        os.chmod(base + "/closed", 0o700)
        wait_for(base + "/closed")
        open(base + "/closed/file", "w").close()
        wait_for(base + "/closed/file")
        print(*sorted({path.removeprefix(base) for path in told}))
        """,
    )
    assert answer == ["1", "/closed /closed/file"]


def test_the_limit_of_watches_is_reported_and_tried_again(shared_path):
    if os.getuid():
        pytest.skip("needs root to lower a limit")
    for number in range(40):
        (shared_path / str(number)).mkdir()
    answer = _as_nobody(
        shared_path,
        """
        watch = FolderWatch(print, print)
        folders = [f"{base}/{number}" for number in range(40)]
        failed = watch.set_folders(folders)
        print(len(failed) > 0, {reason for _, reason in failed})
        print(len(watch.set_folders([path for path, _ in failed])))
        """,
        before="echo 30 > /proc/sys/user/max_inotify_watches",
    )
    assert answer == ["True {'inotify watch limit reached'}", "0"]


def test_without_an_inotify_instance_everything_is_reported(shared_path):
    if os.getuid():
        pytest.skip("needs root to lower a limit")
    answer = _as_nobody(
        shared_path,
        """
        watch = FolderWatch(print, print)
        print(watch.mode, watch.set_folders([base])[0].reason)
        watch.close()
        """,
        before="echo 0 > /proc/sys/user/max_inotify_instances",
    )
    assert answer == ["none inotify instance limit reached"]


def test_a_lost_queue_is_told_and_the_watch_goes_on(tmp_path):
    told, held, hold = Notices(), threading.Event(), threading.Event()

    def slow(path):
        held.set()
        hold.wait(60)
        told.notify(path)

    watch = FolderWatch(slow, told.overflow)
    folder = tmp_path / "config"
    folder.mkdir()
    watch.set_folders([str(tmp_path), str(folder)])
    (tmp_path / "first").touch()
    assert held.wait(60)
    limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    for number in range(limit // 2 + 100):
        os.close(os.open(tmp_path / str(number % 7), os.O_CREAT | os.O_WRONLY))
        os.unlink(tmp_path / str(number % 7))
    folder.rmdir()
    folder.mkdir()
    hold.set()
    assert told.overflowed()
    assert follows(told, folder)
    watch.close()


def test_a_storm_of_writes_is_bounded_in_memory_and_complete(watch, told, tmp_path):
    watch.set_folders([str(tmp_path)])
    tracemalloc.start()
    for number in range(10_000):
        with open(tmp_path / str(number % 50), "a") as file:
            file.write("x")
    told.quiet(0.5)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert told.overflows == 0
    assert peak < 8_000_000
    assert follows(told, tmp_path)


def test_an_endless_writer_costs_little(watch, told, tmp_path):
    watch.set_folders([str(tmp_path)])
    code = "import os,sys,time\nf=os.open(sys.argv[1],os.O_CREAT|os.O_WRONLY)\nend=time.time()+1\n"
    code += "while time.time()<end: os.write(f,b'x')"
    subprocess.run([sys.executable, "-c", code, tmp_path / "log"], check=True)
    assert told.has(tmp_path / "log")
    assert len(told.paths) < 120


def test_a_thousand_folders_take_one_thread(told, tmp_path):
    folders = [str(tmp_path / "src" / str(number)) for number in range(1000)]
    for folder in folders:
        os.makedirs(folder)
    threads = threading.active_count()
    watch = FolderWatch(told.notify, told.overflow)
    assert watch.set_folders(folders) == []
    assert threading.active_count() == threads + 1
    assert follows(told, folders[999])
    watch.close()


def test_what_is_not_to_be_touched_is_left_unwatched_whatever_leads_there(told, tmp_path):
    (tmp_path / "far/inside").mkdir(parents=True)
    (tmp_path / "link").symlink_to("far/inside")
    (tmp_path / "near").mkdir()

    def check(path):
        if path == str(tmp_path / "far"):
            raise UnreadableError("file.remote", "it is far away")

    watch = FolderWatch(told.notify, told.overflow, check)
    wanted = [str(tmp_path / name) for name in ("far", "far/inside", "link", "near")]
    assert watch.set_folders(wanted) == [Unwatched(path, "it is far away") for path in wanted[:3]]
    # When the way leads elsewhere that is seen, and followed.
    (tmp_path / "new").symlink_to("near")
    (tmp_path / "new").replace(tmp_path / "link")
    assert told.has(tmp_path / "link")
    assert follows(told, wanted[2])
    watch.close()


def test_close_leaves_no_thread_no_descriptor_and_no_late_notice(told, tmp_path):
    Mounts().check("/")  # the table of mounts stays open from then on
    before = threading.active_count(), len(os.listdir("/proc/self/fd"))
    watch = FolderWatch(told.notify, told.overflow)
    watch.set_folders([str(tmp_path)])
    for number in range(200):
        (tmp_path / str(number)).touch()
    watch.close()
    heard = len(told.paths)
    (tmp_path / "late").touch()
    time.sleep(0.1)
    assert len(told.paths) == heard
    assert (threading.active_count(), len(os.listdir("/proc/self/fd"))) == before


def test_folders_may_be_set_and_the_watch_closed_from_within_a_notice(tmp_path):
    done = threading.Event()

    def notify(path):
        watch.set_folders([str(tmp_path), str(tmp_path / "more")])
        watch.close()
        done.set()

    watch = FolderWatch(notify, lambda: None)
    watch.set_folders([str(tmp_path)])
    (tmp_path / "file").touch()
    assert done.wait(60)


def test_folders_that_change_all_the_time_are_followed_to_the_end(watch, told, tmp_path):
    folders = [tmp_path / "a" / str(number) for number in range(20)]
    watch.set_folders(map(str, folders))
    for turn in range(60):
        if turn % 2:
            (tmp_path / "a").rename(tmp_path / f"old{turn}")
        else:
            for folder in folders:
                folder.mkdir(parents=True)
        time.sleep(0.002)
    for folder in folders:
        folder.mkdir(parents=True)
    told.quiet(0.4)
    for folder in folders:
        (folder / "file").touch()
    assert all(told.has(folder / "file") for folder in folders)


def _watches():
    """Inotify watches this process holds in the kernel."""
    count = 0
    for name in os.listdir("/proc/self/fdinfo"):
        try:
            count += Path("/proc/self/fdinfo", name).read_text().count("inotify wd:")
        except OSError:
            continue
    return count


def _as_nobody(base, code, before=""):
    """Lines printed by the code, run without rights, with inotify limits of its own that `before` may lower."""
    lines = "\n".join(line[8:] for line in code.strip("\n").splitlines())
    script = f"import os,sys,time\nsys.path.insert(0,{os.getcwd()!r})\nimport collectors.sources.watching.inotify\n"
    script += f"from collectors.sources.watching.folder_watch import FolderWatch\nbase={str(base)!r}\n"
    script += (
        "if os.getuid() == 0 and not os.environ.get('KEEP'): os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
    )
    command = [sys.executable, "-c", script + lines]
    if before:
        command = ["unshare", "--user", "--map-root-user", "sh", "-c", f'{before}; exec "$@"', "-", *command]
        if subprocess.run(["unshare", "--user", "true"], capture_output=True).returncode:
            pytest.skip("may not make a user namespace")
    environment = {**os.environ, **({"KEEP": "1"} if before else {})}
    answer = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.splitlines()
