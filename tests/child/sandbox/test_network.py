"""A sandbox with the network open, as an installation has it."""

from __future__ import annotations

import os
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from vrdata_generators.adapter.closed import ClosedProcess, run_closed

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs seccomp and Landlock")


def run_with_network(folder: Path, code: str) -> ClosedProcess:
    environ = {"PATH": os.defpath, "HOME": str(folder)}
    command = [sys.executable, "-I", "-S", "-c", code]
    return run_closed(command, seconds=60, env=environ, cwd=folder, write=[folder], network=True)


@pytest.fixture
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"answer")

        threading.Thread(target=answer, daemon=True).start()
        yield server.getsockname()[1]


@pytest.mark.parametrize("timeout", [None, 30])  # blocking and not
def test_a_program_connects_to_servers(tmp_path: Path, port: int, timeout: int | None) -> None:
    done = run_with_network(
        tmp_path,
        "import socket\n"
        f"with socket.create_connection(('127.0.0.1', {port}), timeout={timeout}) as one:\n"
        "    print(one.recv(6).decode())",
    )
    assert (done.stdout, done.stderr) == ("answer\n", "")


def test_a_refused_connection_has_its_ordinary_error(tmp_path: Path) -> None:
    code = "import socket; socket.create_connection(('127.0.0.1', 1))"
    assert "ConnectionRefusedError" in run_with_network(tmp_path, code).stderr


def test_unix_sockets_of_other_programs_are_refused(tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    inside.mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(outside))
        listener.listen()
        done = run_with_network(
            inside, f"import socket; socket.socket(socket.AF_UNIX).connect({str(outside)!r})"
        )
    assert "PermissionError" in done.stderr
    assert any("socket of another program" in one.what for one in done.refused)


def test_a_unix_socket_that_needs_no_connection_is_refused(tmp_path: Path) -> None:
    code = "import socket; socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)"
    assert "PermissionError" in run_with_network(tmp_path, code).stderr


def test_a_program_inherits_no_descriptor_of_its_sandbox(tmp_path: Path) -> None:
    code = "import os; print(sorted(os.environ), os.listdir('/proc/self/fd'))"
    done = run_with_network(tmp_path, code)
    assert "GUARD" not in done.stdout
    assert done.stdout.endswith("['0', '1', '2', '3']\n")  # 3 = the listed folder
