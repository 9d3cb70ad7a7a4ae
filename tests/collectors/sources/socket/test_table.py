import contextlib
import os
import shutil
import socket
import subprocess
import sys

import psutil
import pytest

from collectors.sources.socket import psutil_sockets
from collectors.sources.socket.table import tcp_sockets, tcp_table
from collectors.sources.socket.tcp import TcpSocket, tcp_socket
from tests.counting import steps

HERE = os.getpid()


@contextlib.contextmanager
def listener(family=socket.AF_INET, address="127.0.0.1"):
    with socket.socket(family, socket.SOCK_STREAM) as server:
        server.bind((address, 0))
        server.listen()
        yield server


@contextlib.contextmanager
def process(code, *wrapper):
    """A Python process that prints when it is ready."""
    child = subprocess.Popen([*wrapper, sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    try:
        yield child.pid, child.stdout.readline().split()
    finally:
        child.kill()
        child.wait()


def of_port(port, pids=(HERE,)):
    return [held for held in tcp_sockets(pids) if port in (held.local_port, held.remote_port)]


def test_a_listening_socket_is_told_with_its_address():
    with listener() as server:
        port = server.getsockname()[1]
        assert of_port(port) == [TcpSocket(HERE, "listening", "127.0.0.1", port, None, None, "ipv4")]
    assert of_port(port) == []


@pytest.mark.parametrize(
    ("family", "address", "name"), [(socket.AF_INET, "127.0.0.1", "ipv4"), (socket.AF_INET6, "::1", "ipv6")]
)
def test_both_ends_of_an_established_connection_are_told(family, address, name):
    with listener(family, address) as server, socket.socket(family, socket.SOCK_STREAM) as client:
        port = server.getsockname()[1]
        client.connect((address, port))
        accepted, _ = server.accept()
        with accepted:
            far = client.getsockname()[1]
            found = [held for held in of_port(port) if held.state == "established"]
            assert sorted(found, key=lambda held: held.local_port == port) == [
                TcpSocket(HERE, "established", address, far, address, port, name),
                TcpSocket(HERE, "established", address, port, address, far, name),
            ]


def test_an_ipv4_peer_of_an_ipv6_socket_counts_as_ipv4():
    with listener(socket.AF_INET6, "::") as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)), server.accept()[0]:
            found = {(held.state, held.family, held.local_address) for held in of_port(port)}
            assert found == {("listening", "ipv6", "::"), ("established", "ipv4", "127.0.0.1")}


def test_only_the_given_processes_are_looked_at_and_shared_sockets_are_told_of_each():
    code = "import socket;s=socket.create_server(('127.0.0.1',0));import os,time;p=os.fork();"
    code += "p and print(s.getsockname()[1],p,flush=True);time.sleep(20)"
    with process(code) as (pid, (port, child)):
        try:
            assert of_port(int(port)) == []
            assert {held.pid for held in of_port(int(port), [pid])} == {pid}
            assert {held.pid for held in of_port(int(port), [pid, int(child)])} == {pid, int(child)}
        finally:
            os.kill(int(child), 9)


def test_a_duplicated_descriptor_is_one_socket():
    with listener() as server, server.dup():
        assert len(of_port(server.getsockname()[1])) == 1


def test_a_process_that_is_gone_has_no_sockets_and_is_not_unreadable():
    child = subprocess.Popen(["true"])
    child.wait()
    assert tcp_table([child.pid]) == ([], frozenset())


@pytest.mark.skipif(sys.platform != "linux" or os.getuid() != 0, reason="needs root to become someone else")
def test_processes_of_others_are_unreadable_not_empty():
    with process("import socket,time;s=socket.create_server(('127.0.0.1',0));print(1,flush=True);time.sleep(20)") as (
        pid,
        _,
    ):
        script = f"import sys;sys.path.insert(0,{os.getcwd()!r});import os;os.setgroups([]);os.setgid(65534);"
        script += "from collectors.sources.socket.table import tcp_table;import collectors.sources.socket.proc_sockets;"
        script += f"os.setuid(65534);print(*tcp_table([{pid}]).unreadable)"
        answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        assert answer.stdout.split() == [str(pid)]


@pytest.mark.skipif(sys.platform != "linux" or not shutil.which("unshare"), reason="needs network namespaces")
def test_processes_in_another_network_namespace_are_seen_too():
    if subprocess.run(["unshare", "-n", "true"], capture_output=True).returncode:
        pytest.skip("may not make a network namespace")
    code = "import socket,subprocess,time;subprocess.run(['ip','link','set','lo','up']);"
    code += "s=socket.create_server(('::',0),family=socket.AF_INET6,dualstack_ipv6=True);"
    code += "c=socket.create_connection(('127.0.0.1',s.getsockname()[1]));print(s.getsockname()[1],flush=True);"
    code += "time.sleep(20)"
    with process(code, "unshare", "-n") as (pid, answer), listener() as ours:
        port = int(answer[0])
        found = of_port(port, [pid, HERE])
        assert {(held.state, held.family, held.local_address, held.remote_port) for held in found} == {
            ("listening", "ipv6", "::", None),
            ("established", "ipv4", "127.0.0.1", port),
        }
        assert len(of_port(ours.getsockname()[1], [pid, HERE])) == 1


@pytest.mark.skipif(not hasattr(socket, "IPPROTO_MPTCP"), reason="no multipath TCP")
def test_a_multipath_listener_as_programs_in_go_make_it_is_seen():
    try:
        server = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_MPTCP)
    except OSError:
        pytest.skip("the kernel has no multipath TCP")
    with server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        assert [held.state for held in of_port(server.getsockname()[1])] == ["listening"]


@pytest.mark.skipif(sys.platform != "linux", reason="Linux only")
def test_the_text_tables_say_the_same_as_netlink():
    from collectors.sources.socket import proc_sockets
    from collectors.sources.socket.inet_diag import diag_sockets

    with (
        listener() as server,
        listener(socket.AF_INET6, "::1") as sixth,
        socket.create_connection(server.getsockname()) as client,
    ):
        inodes = {os.fstat(held.fileno()).st_ino for held in (server, sixth, client)}
        by_netlink = set(diag_sockets(inodes))
        assert len(by_netlink) == 3
        by_text = set(proc_sockets._text_tables("self", inodes))
        assert {(row.inode, row.local) for row in by_text} == {(row.inode, row.local) for row in by_netlink}
        assert {row.remote for row in by_text if not row.listening} == {
            row.remote for row in by_netlink if not row.listening
        }


def test_the_answer_is_that_of_psutil_at_fewer_steps():
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(listener())
        for _ in range(20):
            stack.enter_context(socket.create_connection(server.getsockname()))
            stack.enter_context(server.accept()[0])
        ours, theirs = tcp_table([HERE]), psutil_sockets.read([HERE])
        assert set(ours.sockets) == set(theirs.sockets)
        assert len(ours.sockets) >= 41
        assert steps(lambda: tcp_table([HERE])) < steps(lambda: psutil.net_connections("tcp"))


def test_addresses_are_written_in_one_way():
    assert tcp_socket(1, True, ("0:0:0:0:0:0:0:1", 1), ("::", 0)).local_address == "::1"
    assert tcp_socket(1, False, ("::ffff:10.0.0.1", 1), ("::ffff:10.0.0.2", 2)).remote_address == "10.0.0.2"
