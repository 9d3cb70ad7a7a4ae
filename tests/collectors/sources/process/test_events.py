import os
import subprocess
import sys
import threading
import time

import pytest

from collectors.sources.process.events import ProcessEvents, UnsupportedError


def listening(events, overflow=lambda: None, **options):
    try:
        return ProcessEvents(events, overflow, **options)
    except UnsupportedError as reason:
        pytest.skip(f"no process events here: {reason}")


def eventually(question, seconds=60):
    end = time.monotonic() + seconds
    while not (answer := question()) and time.monotonic() < end:
        time.sleep(0.01)
    return answer


def missed_of_five_hundred():
    """Command lines of 500 processes living 20 to 50 ms that were not told."""
    seen = []
    events = listening(seen.append)
    marks = {f"{0.02 + number % 30 / 1000:.3f}{number:04d}" for number in range(500)}
    children = []
    for mark in sorted(marks):
        children.append(subprocess.Popen(["sleep", mark]))
        if len(children) >= 16:
            children.pop(0).wait()
    for child in children:
        child.wait()
    eventually(lambda: sum(event.kind == "exit" for event in list(seen)) >= 500)
    events.close()
    return marks - {event.row.argv[1] for event in seen if event.row and event.row.argv[:1] == ("sleep",)}


def test_of_five_hundred_short_processes_hardly_one_is_missed():
    # A machine that gives this process no time for 20 ms hides some from anybody; it does not do so every time.
    assert any(len(missed_of_five_hundred()) < 25 for _ in range(4))


def test_a_process_is_told_from_fork_to_exit_with_its_parent():
    seen = []
    events = listening(seen.append)
    child = subprocess.Popen(["sleep", "1"])
    child.wait()
    assert eventually(lambda: [e for e in list(seen) if (e.kind, e.pid) == ("exit", child.pid)])
    events.close()
    story = [event for event in seen if event.pid == child.pid]
    assert [event.kind for event in story] == ["fork", "exec", "exit"]
    assert story[0].parent == os.getpid()
    assert (story[1].row.argv, story[1].row.ppid) == (("sleep", "1"), os.getpid())


def test_a_shell_that_becomes_another_program_is_told_twice():
    seen = []
    events = listening(seen.append)
    subprocess.run(["sh", "-c", "sleep 0.05; exec sleep 1"], check=True)
    assert eventually(lambda: [e for e in list(seen) if e.row and e.row.argv == ("sleep", "1")])
    events.close()
    last = next(event for event in seen if event.row and event.row.argv == ("sleep", "1"))
    assert len([event for event in seen if event.kind == "exec" and event.pid == last.pid]) == 2


def test_threads_are_not_processes():
    seen = []
    events = listening(seen.append)
    threads = [threading.Thread(target=time.sleep, args=(0.001,)) for _ in range(200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    subprocess.run(["true"], check=True)
    assert eventually(lambda: [event for event in list(seen) if event.kind == "exit"])
    events.close()
    assert len([event for event in seen if event.kind == "fork" and event.parent == os.getpid()]) == 1


def test_a_full_buffer_is_an_overflow_and_events_go_on_after_it():
    seen, overflows, go = [], [], threading.Event()

    def slow(event):
        seen.append(event)
        go.wait(60)

    events = listening(slow, lambda: overflows.append(1), buffer_bytes=4096)
    for _ in range(40):
        subprocess.run(["true"], check=True)
    go.set()
    assert eventually(lambda: overflows)
    child = subprocess.Popen(["sleep", "0.05"])
    child.wait()
    assert eventually(lambda: [e for e in list(seen) if (e.kind, e.pid) == ("exit", child.pid)])
    events.close()


def test_close_ends_the_thread_and_its_descriptors_and_may_be_called_twice():
    before = threading.active_count(), len(os.listdir("/proc/self/fd"))
    events = listening(lambda event: None)
    assert 1 <= threading.active_count() - before[0] <= 2
    events.close()
    events.close()
    assert (threading.active_count(), len(os.listdir("/proc/self/fd"))) == before


@pytest.mark.skipif(sys.platform != "linux", reason="Linux only")
def test_a_namespace_that_gets_no_events_is_unsupported_with_a_reason():
    script = f"import sys;sys.path.insert(0,{os.getcwd()!r})\n"
    script += "from collectors.sources.process.events import *\n"
    script += "try: ProcessEvents(print, print)\nexcept UnsupportedError as e: print('unsupported:', e)"
    command = ["unshare", "--user", "--map-root-user", sys.executable, "-c", script]
    if subprocess.run(["unshare", "--user", "true"], capture_output=True).returncode:
        pytest.skip("may not make a user namespace")
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    assert answer.stdout.startswith("unsupported: ")


def test_a_burst_of_two_thousand_processes_is_complete():
    seen, overflows = [], []
    events = listening(seen.append, lambda: overflows.append(1))
    storm = "i=0; while [ $i -lt 2000 ]; do /bin/true $i & i=$((i+1)); done; wait"
    subprocess.run(["sh", "-c", storm], check=True)
    eventually(lambda: sum(event.kind == "exit" for event in list(seen)) >= 2001)
    events.close()
    assert not overflows
    assert sum(event.kind == "exec" for event in seen) >= 2001
