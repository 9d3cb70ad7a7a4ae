import os
import tempfile
import threading
import time
from pathlib import Path

import pytest
from watchdog.observers import Observer
from watchdog.observers.polling import PollingObserver

from collectors.sources.watching.observer import ObserverFolders, _tops


@pytest.fixture(params=[lambda: PollingObserver(timeout=0.05), Observer], ids=["polling", "system"])
def observer(request):
    return request.param()


@pytest.fixture
def base():
    # Two names below the root make a top folder, so this one is all that is watched.
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        yield Path(folder).resolve()


@pytest.fixture
def told():
    return []


@pytest.fixture
def watch(observer, told):
    watch = ObserverFolders(told.append, lambda: told.append("overflow"), observer)
    yield watch
    watch.close()


def has(told, path, seconds=60):
    end = time.monotonic() + seconds
    while str(path) not in told and time.monotonic() < end:
        time.sleep(0.01)
    return str(path) in told


def test_entries_of_wanted_folders_are_told_and_others_not(watch, told, base):
    for name in ("wanted/deeper", "other"):
        (base / name).mkdir(parents=True)
    assert watch.set_folders([str(base / "wanted")]) == []
    (base / "other" / "file").touch()
    (base / "wanted" / "deeper" / "file").touch()
    (base / "wanted" / "file").touch()
    assert has(told, base / "wanted" / "file")
    (base / "wanted" / "file").rename(base / "wanted" / "moved")
    assert has(told, base / "wanted" / "moved")
    told.clear()
    (base / "wanted" / "moved").unlink()
    assert has(told, base / "wanted" / "moved")
    assert str(base / "other" / "file") not in told
    assert str(base / "wanted" / "deeper" / "file") not in told


def test_a_missing_folder_is_told_when_it_comes_and_goes(watch, told, base):
    folder = base / "a" / "config"
    assert watch.set_folders([str(folder)]) == []
    folder.mkdir(parents=True)
    assert has(told, folder)
    (folder / "file").touch()
    assert has(told, folder / "file")
    told.clear()
    (base / "a").rename(base / "z")
    assert has(told, folder)


def test_a_folder_reached_by_a_link_is_told_by_its_wanted_name(watch, told, base):
    (base / "real").mkdir()
    (base / "link").symlink_to(base / "real")
    watch.set_folders([str(base / "link")])
    (base / "real" / "file").touch()
    assert has(told, base / "link" / "file")


def test_many_folders_of_one_home_take_one_watch(watch, observer, told, base):
    folders = [base / "src" / str(number) for number in range(100)]
    for folder in folders:
        folder.mkdir(parents=True)
    watch.set_folders(map(str, folders))
    assert len(observer.emitters) == 1
    watch.set_folders([str(folders[0])])
    told.clear()
    (folders[1] / "file").touch()
    (folders[0] / "file").touch()
    assert has(told, folders[0] / "file")
    assert str(folders[1] / "file") not in told


def test_folders_not_wanted_any_more_are_let_go(watch, observer, base):
    watch.set_folders([str(base)])
    assert len(observer.emitters) == 1
    watch.set_folders([])
    assert not observer.emitters


def test_a_top_folder_that_was_replaced_is_watched_anew_when_the_folders_are_set(watch, told, base):
    folder = base / "config"
    folder.mkdir()
    watch.set_folders([str(folder)])
    folder.rmdir()
    base.rmdir()
    time.sleep(0.3)
    folder.mkdir(parents=True)
    watch.set_folders([str(folder)])
    told.clear()
    (folder / "file").touch()
    assert has(told, folder / "file")


def test_close_ends_all_threads(observer, base):
    before = threading.active_count()
    watch = ObserverFolders(lambda path: None, lambda: None, observer)
    watch.set_folders([str(base)])
    watch.close()
    end = time.monotonic() + 60
    while threading.active_count() > before and time.monotonic() < end:
        time.sleep(0.01)
    # The system's observer on Linux starts its reader before this test counts.
    assert threading.active_count() <= before


def test_the_mode_is_the_name_of_what_watches():
    watch = ObserverFolders(lambda path: None, lambda: None, PollingObserver())
    assert watch.mode == "polling"
    watch.close()


def test_too_many_waiting_events_are_dropped_and_told(told, base):
    hold = threading.Event()
    overflows = []

    def slow(path):
        told.append(path)
        hold.wait(60)

    watch = ObserverFolders(slow, lambda: overflows.append(1), Observer())
    watch.set_folders([str(base)])
    for number in range(15_000):
        os.close(os.open(base / str(number % 3), os.O_CREAT | os.O_WRONLY))
        os.unlink(base / str(number % 3))
        if number % 1000 == 999:
            time.sleep(0.05)
    time.sleep(0.5)
    hold.set()
    end = time.monotonic() + 60
    while not overflows and time.monotonic() < end:
        time.sleep(0.01)
    watch.close()
    assert overflows
    assert len(told) < 1000


def test_top_folders_are_few_and_exist():
    assert _tops(["/usr/share/doc", "/usr/share/missing/x", "/usr/lib/y"]) == {
        os.path.realpath("/usr/share"),
        os.path.realpath("/usr/lib"),
    }
    assert _tops(["/usr", "/usr/share/doc"]) == {"/usr"}
