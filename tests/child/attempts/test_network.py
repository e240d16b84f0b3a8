"""What Python code of a generator tries on the network: refused as by the kernel, and named."""

import sys
from pathlib import Path

import pytest

from support.generators.probe import Probes
from vrdata_child.sandbox import landlock

PYTHON = Path(sys.executable).resolve().name
OFFLINE = f"{PYTHON} tried to open a network connection"
ERROR = """
import http.client, json, socket
def error(call):
    try:
        call()
    except OSError as failed:
        return [type(failed).__name__, failed.errno, failed.strerror]
"""
# The errors of the kernel; a started program has no audit hook.
SOCKETS = {
    "IPv4": "socket.socket()",
    "IPv6": "socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)",
    "raw": "socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)",
    "netlink": "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
    "vsock": "socket.socket(socket.AF_VSOCK)",
    "packet": "socket.socket(socket.AF_PACKET, socket.SOCK_RAW)",
    "Unix datagram": "socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)",
}


@pytest.mark.skipif(landlock.version() == 0, reason="needs the sandbox")
def test_sockets_fail_as_those_of_a_started_program(probes: Probes) -> None:
    table = "{" + ", ".join(f"{name!r}: error(lambda: {code})" for name, code in SOCKETS.items())
    here, started = probes.run(f"""
{ERROR}
import subprocess, sys
code = {ERROR!r} + {f"print(json.dumps({table}}}))"!r}
output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
facts = {table}}}, json.loads(output.stdout)
""")
    assert here == started
    assert here["IPv4"] == ["OSError", 101, "Network is unreachable"]
    assert None not in here.values()


@pytest.mark.parametrize(
    "lookup",
    [
        "socket.create_connection(('example.org', 80))",
        "socket.getaddrinfo('example.org', 80)",
        "socket.gethostbyname('example.org')",
        "socket.gethostbyname_ex('example.org')",
        "http.client.HTTPConnection('example.org').connect()",
    ],
)
def test_a_lookup_fails_as_on_a_machine_that_is_offline(probes: Probes, lookup: str) -> None:
    code = f"{ERROR}\nfound = error(lambda: {lookup})"
    assert probes.refused(code) == [f"{OFFLINE} to look up example.org (FILE:9)"]
    found = probes.run(f"{code}\nfacts = found")
    assert found == ["gaierror", -3, "Temporary failure in name resolution"]


def test_the_name_of_this_machine_has_an_address(probes: Probes) -> None:
    code = """
import socket
names = [socket.gethostbyname(name) for name in ("localhost", socket.gethostname(), "127.0.0.1")]
found = [entry[4][0] for entry in socket.getaddrinfo("localhost", 80, type=socket.SOCK_STREAM)]
facts = names + found
"""
    assert probes.run(code) == ["127.0.0.1"] * 4
    assert probes.refused(code) == []


def test_unix_sockets_of_the_block_work(probes: Probes) -> None:
    code = """
import socket
server = socket.socket(socket.AF_UNIX)
server.bind("own")
server.listen()
client = socket.socket(socket.AF_UNIX)
client.connect("own")
one, other = socket.socketpair()
one.sendall(b"x")
facts = other.recv(1).decode()
"""
    assert probes.run(code) == "x"
    assert probes.refused(code) == []


def test_a_unix_socket_is_found_through_proc_where_its_path_is_long(probes: Probes) -> None:
    code = """
import os, socket
server = socket.socket(socket.AF_UNIX)
server.bind("long")
server.listen()
folder = os.open(".", os.O_RDONLY)
for place in ("/proc/self/cwd", f"/proc/self/fd/{folder}", f"/dev/fd/{folder}"):
    socket.socket(socket.AF_UNIX).connect(f"{place}/long")
facts = "connected"
"""
    assert probes.run(code) == "connected"


def test_each_attempt_is_counted_at_its_line(probes: Probes) -> None:
    code = """
import socket
def attempt():
    try:
        socket.socket()
    except OSError:
        pass
for _ in range(10_000):
    attempt()
try:
    socket.create_connection(("example.org", 80))
except OSError:
    pass
"""
    assert probes.refused(code) == [
        f"{OFFLINE} 10000 times (FILE:5)",
        f"{OFFLINE} to look up example.org (FILE:11)",
    ]


def test_attempts_of_threads_and_forked_processes_are_counted(probes: Probes) -> None:
    code = """
import multiprocessing, socket, threading
def attempt(_=None):
    try:
        socket.socket()
    except OSError:
        pass
thread = threading.Thread(target=attempt)
thread.start()
thread.join()
with multiprocessing.get_context("fork").Pool(2) as pool:
    pool.map(attempt, range(4))
"""
    assert probes.refused(code) == [f"{OFFLINE} 5 times (FILE:5)"]


def test_a_killed_process_has_named_its_attempts(probes: Probes) -> None:
    code = """
import os, socket
if os.fork() == 0:
    try:
        socket.socket()
    finally:
        os.kill(os.getpid(), 9)
os.wait()
"""
    assert probes.refused(code) == [f"{OFFLINE} (FILE:5)"]


def test_many_kinds_of_attempts_are_bounded(probes: Probes) -> None:
    code = """
import socket
for number in range(2000):
    try:
        socket.gethostbyname(f"host-{number}.example.org")
    except OSError:
        pass
"""
    found = probes.refused(code)
    assert len(found) == 100
    assert found[0] == f"{OFFLINE} to look up host-0.example.org (FILE:5)"


def test_the_name_of_a_host_cannot_control_a_terminal(probes: Probes) -> None:
    code = """
import socket
try:
    socket.getaddrinfo(b"\\x1b[31m" + b"x" * 5000, 1)
except OSError:
    pass
"""
    (found,) = probes.refused(code)
    assert found.startswith(f"{OFFLINE} to look up ?[31mxxx")
    assert len(found) < 500
