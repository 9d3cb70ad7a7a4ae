"""A central collector that never finishes what it says."""

from tests.hostile.world import QUICK, World

DRIP = """
import socket, time
listener = socket.create_server(("127.0.0.1", 8123))
while True:
    connection, _ = listener.accept()
    connection.recv(65536)
    try:
        connection.sendall(b"HTTP/1.1 200 OK\\r\\nX: ")
        for _ in range(3000):
            connection.sendall(b"x")
            time.sleep(0.1)
    except OSError:
        pass
"""
TARGET = '[[target]]\nname = "central"\nurl = "http://127.0.0.1:8123/"\ntimeout = 1\nbackoff_cap = 0.5\n'


def test_a_header_that_trickles_in_is_told_and_keeps_nothing_from_the_journal(world: World) -> None:
    world.python("root", DRIP)
    with world.daemon(QUICK + TARGET) as daemon:
        daemon.wait(lambda: "its answer does not end" in daemon.status(), 60)
        daemon.follows_bob("bobs")
        assert daemon.stop() == 0
