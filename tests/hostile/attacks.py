"""What alice does: scripts for an interpreter that every account may run."""

SWAP = """
import ctypes, sys, time
libc, (one, other, seconds) = ctypes.CDLL(None), sys.argv[1:]
end = time.monotonic() + float(seconds)
while time.monotonic() < end:
    libc.syscall(316, -100, one.encode(), -100, other.encode(), 2)  # renameat2, RENAME_EXCHANGE
    time.sleep(0.00005)
"""
"""Two names that change places thousands of times a second."""

CONNECT = """
import resource, socket, sys, time
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
count, hold, rounds = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("0.0.0.0", 7777))
server.listen(4096)
for turn in range(rounds):
    held = []
    for number in range(count):
        peer = turn * count + number + 1
        client = socket.socket()
        client.connect((f"127.{peer >> 16 & 255 | 1}.{peer >> 8 & 255}.{peer & 255}", 7777))
        held += [client, server.accept()[0]]
    time.sleep(hold)
    for one in held:
        one.close()
time.sleep(600)
"""
"""Connections to ever new addresses, so many a round."""
