import json
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from collectors.sources.process.psutil_processes import PsutilProcesses
from collectors.sources.process.row import ProcessKey, account_name
from collectors.sources.process.table import ProcessTable, Sweep
from collectors.sources.process.words import LONGEST, MOST_WORDS

linux = pytest.mark.skipif(sys.platform != "linux", reason="Linux only")
SLEEP = [sys.executable, "-c", "import time; time.sleep(30)"]


@pytest.fixture
def start():
    children = []

    def popen(command, **options):
        children.append(subprocess.Popen(command, **options))
        return children[-1]

    yield popen
    for child in children:
        child.kill()
        child.wait()


def eventually(question, seconds=60):
    end = time.monotonic() + seconds
    while not (answer := question()) and time.monotonic() < end:
        time.sleep(0.01)
    return answer


def test_a_row_says_what_psutil_says(start, tmp_path):
    child = start([*SLEEP, "--token", "ünïcode", ""], cwd=tmp_path)
    table, theirs = ProcessTable(), psutil.Process(child.pid)
    eventually(lambda: len(table.row(child.pid).argv) == 6)
    row = table.row(child.pid)
    assert (row.pid, row.ppid, row.owner) == (child.pid, os.getpid(), theirs.username())
    assert (row.uid, row.euid) == (os.getuid(), os.geteuid())
    assert (row.exe, row.cwd, row.name) == (theirs.exe(), str(tmp_path), theirs.name())
    assert row.argv == (*SLEEP, "--token", "ünïcode", "")
    assert abs(row.started - theirs.create_time()) < 1.1
    assert row == table.row(child.pid)


def test_the_general_reader_says_the_same(start):
    child = start(SLEEP)
    eventually(lambda: len(ProcessTable().row(child.pid).argv) == 3)
    ours, theirs = ProcessTable().row(child.pid), PsutilProcesses().row(child.pid)
    same = ("pid", "ppid", "uid", "euid", "owner", "name", "exe", "argv", "cwd")
    assert [getattr(ours, field) for field in same] == [getattr(theirs, field) for field in same]


@pytest.mark.parametrize("source", [ProcessTable(), PsutilProcesses()], ids=["table", "psutil"])
def test_a_process_that_is_gone_or_only_waits_to_be_reaped_has_no_row(source, start):
    child = start(["true"])
    assert eventually(lambda: source.row(child.pid) is None)
    assert psutil.pid_exists(child.pid)
    child.wait()
    assert source.row(child.pid) is None


@linux
def test_kernel_threads_have_no_row():
    if not os.path.isdir("/proc/2") or Path("/proc/2/cmdline").read_bytes():
        pytest.skip("sees no kernel threads here")
    assert 2 in ProcessTable().ids()
    assert ProcessTable().row(2) is None


@linux
def test_a_misleading_name_does_not_confuse_the_reading(start):
    name = ") Z 1 (x"
    child = start([sys.executable, "-c", f"open('/proc/self/comm','w').write({name!r});import time;time.sleep(30)"])
    row = eventually(lambda: (row := ProcessTable().row(child.pid)) and row.name == name and row)
    assert row.ppid == os.getpid()


@linux
def test_text_that_is_not_unicode_can_be_written_as_json(start, tmp_path):
    folder = os.path.join(os.fsencode(tmp_path), b"\xff\xfe")
    os.mkdir(folder)
    child = start([b"sleep", b"30"], cwd=folder)
    row = eventually(lambda: (row := ProcessTable().row(child.pid)) and row.name == "sleep" and row)
    json.dumps(row._asdict(), ensure_ascii=False).encode()
    assert row.cwd.endswith("��")


@linux
def test_a_program_file_that_was_replaced_keeps_its_path(start, tmp_path):
    program = tmp_path / "server"
    program.write_bytes(Path("/bin/sleep").read_bytes())
    program.chmod(0o755)
    child = start([program, "30"])
    eventually(lambda: ProcessTable().row(child.pid).exe == str(program))
    program.unlink()
    assert ProcessTable().row(child.pid).exe == str(program)


def test_huge_command_lines_are_cut(start):
    long = start([*SLEEP, *["x" * 60_000] * 8])
    many = start([*SLEEP, *["y"] * 20_000])
    table = ProcessTable()
    row = eventually(lambda: (row := table.row(long.pid)) and len(row.argv) > 4 and row)
    assert max(map(len, row.argv)) <= LONGEST
    row = eventually(lambda: (row := table.row(many.pid)) and len(row.argv) > 4 and row)
    assert len(row.argv) == MOST_WORDS


@linux
def test_an_unprivileged_user_sees_others_but_not_their_program_file(start):
    if os.getuid():
        pytest.skip("needs root to become someone else")
    child = start(SLEEP)
    script = f"import sys,os;sys.path.insert(0,{os.getcwd()!r});import collectors.sources.process.procfs;"
    script += "from collectors.sources.process.table import ProcessTable;os.setgroups([]);os.setgid(65534);"
    script += f"os.setuid(65534);r=ProcessTable().row({child.pid});print(r.uid,r.exe,r.cwd,len(r.argv))"
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["0", "None", "None", "3"]


@linux
def test_the_real_and_the_effective_user_are_told_apart(start):
    if os.getuid():
        pytest.skip("needs root to become someone else")
    code = "import os,time;os.setreuid(65534,0);print(1,flush=True);time.sleep(30)"
    child = start([sys.executable, "-c", code], stdout=subprocess.PIPE)
    child.stdout.readline()
    row = ProcessTable().row(child.pid)
    assert (row.uid, row.euid, row.owner) == (65534, 0, account_name(65534))


def test_changes_tell_each_start_and_end_once(start):
    table = ProcessTable()
    first = table.changes()
    assert os.getpid() in {row.pid for row in first.rows}
    assert not first.gone
    child = start(["sleep", "30"])
    eventually(lambda: table.row(child.pid).argv[:1] == ("sleep",))
    second = table.changes(first.sweep)
    assert [row.argv for row in second.rows if row.pid == child.pid] == [("sleep", "30")]
    third = table.changes(second.sweep)
    assert child.pid not in {row.pid for row in third.rows}
    child.kill()
    child.wait()
    key = next(ProcessKey(row.pid, row.start_ticks) for row in second.rows if row.pid == child.pid)
    fourth = table.changes(third.sweep)
    assert key in fourth.gone
    assert key not in table.changes(fourth.sweep).gone


def test_a_shell_that_becomes_another_program_is_seen(start):
    table = ProcessTable()
    child = start(["sh", "-c", "read x; exec sleep 30"], stdin=subprocess.PIPE)
    eventually(lambda: table.row(child.pid).argv[:1] == ("sh",))
    before = table.changes()
    child.stdin.write(b"\n")
    child.stdin.flush()
    eventually(lambda: table.row(child.pid).argv[:1] == ("sleep",))
    assert [row.argv for row in table.changes(before.sweep).rows if row.pid == child.pid] == [("sleep", "30")]


@linux
def test_an_id_given_to_another_process_between_two_sweeps_is_an_end_and_a_start(start):
    table = ProcessTable()
    old = start(["sleep", "30"])
    eventually(lambda: table.row(old.pid).argv[:1] == ("sleep",))
    before = table.changes()
    old.kill()
    old.wait()
    time.sleep(0.02)
    try:
        with open("/proc/sys/kernel/ns_last_pid", "w") as last:
            last.write(str(old.pid - 1))
    except OSError:
        pytest.skip("may not choose process ids")
    new = start(["sleep", "31"])
    if new.pid != old.pid:
        pytest.skip("another process was faster")
    eventually(lambda: table.row(new.pid).argv[:1] == ("sleep",))
    after = table.changes(before.sweep)
    assert [key.pid for key in after.gone if key.pid == old.pid] == [old.pid]
    assert [row.argv for row in after.rows if row.pid == new.pid] == [("sleep", "31")]


def test_an_older_process_is_not_read_again(start):
    table = ProcessTable()
    sweep = table.changes().sweep
    assert os.getpid() in sweep.starts
    old = {pid for pid in sweep.starts if pid not in sweep.young}
    assert not old & {row.pid for row in table.changes(sweep).rows}
    assert {row.pid for row in table.changes(Sweep()).rows} >= old & table.ids()


@linux
def test_a_missing_process_file_system_is_an_error_not_an_empty_machine(tmp_path):
    with pytest.raises(OSError, match="No such file"):
        ProcessTable(str(tmp_path))


@linux
def test_a_torn_or_hostile_process_folder_is_no_process(tmp_path):
    (tmp_path / "stat").write_text("cpu 1\nbtime 1000\n")
    for pid, line in ((1, ""), (2, "2 (x) S"), (3, ") ("), (4, "4 (x) " + "S x" * 30), (5, "\0" * 9000)):
        (tmp_path / str(pid)).mkdir()
        (tmp_path / str(pid) / "stat").write_text(line)
    (tmp_path / "6").mkdir()
    (tmp_path / "self").mkdir()
    table = ProcessTable(str(tmp_path))
    assert table.ids() == {1, 2, 3, 4, 5, 6}
    assert list(table.rows()) == []


@linux
def test_unknown_user_ids_have_no_name():
    assert account_name(0) == "root"
    assert account_name(3_999_999_999) is None
