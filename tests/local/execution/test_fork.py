"""A worker that is a fork of the process that starts it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from vrdata.local.execution import fork as forks
from vrdata.local.execution.fork import Process, can_fork, fork

PID = os.getpid()
_TERMINATED: list[bool] = []

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="pidfd_open(2)")


def said(process: Process, text: str = "") -> str:
    """What a process writes to its standard output after it has read `text`."""
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdin, process.stdout:
        process.stdin.write(text.encode())
        process.stdin.close()
        return process.stdout.read().decode()


def test_a_fork_talks_through_its_pipes_and_ends_with_the_code_of_its_work(tmp_path: Path) -> None:
    def work() -> int:
        sys.stdout.write(f"got {sys.stdin.read()}\n")
        sys.stderr.write("a problem\n")
        return 7

    process = fork(work, tmp_path / "log")
    assert said(process, "ä") == "got ä\n"
    assert process.wait() == 7
    assert process.wait(0) == 7
    assert (tmp_path / "log").read_text() == "a problem\n"


def test_an_exception_ends_a_fork_and_is_in_its_log(tmp_path: Path) -> None:
    def work() -> int:
        raise KeyError("lost")

    process = fork(work, tmp_path / "log")
    said(process)
    assert process.wait() == 1
    assert "KeyError: 'lost'" in (tmp_path / "log").read_text()


def test_a_killed_fork_ends_with_the_number_of_the_signal(tmp_path: Path) -> None:
    process = fork(lambda: signal.pause() or 0, tmp_path / "log")
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.01)
    process.kill()
    said(process)
    assert process.wait(30) == -signal.SIGKILL


def test_a_fork_has_a_session_and_a_name_of_its_own_and_none_of_the_open_files(
    tmp_path: Path,
) -> None:
    def work() -> int:
        name = Path("/proc/self/comm").read_text().strip()
        others = {str(entry.resolve()) for entry in Path("/proc/self/fd").iterdir()}
        leader, files = os.getsid(0) == os.getpid(), [one for one in others if "secret" in one]
        sys.stdout.write(f"{name} {leader} {files}\n")
        return 0

    with (tmp_path / "secret").open("w") as file:
        process = fork(work, tmp_path / "log")
        assert said(process) == f"{forks.NAME} True []\n"
        file.write("still open here")
    assert (tmp_path / "secret").read_text() == "still open here"
    assert process.wait(30) == 0


def test_a_second_fork_does_not_keep_the_pipe_of_the_first_one_open(tmp_path: Path) -> None:
    def until_the_end() -> int:
        sys.stdin.read()
        return 0

    first = fork(until_the_end, tmp_path / "1")
    second = fork(until_the_end, tmp_path / "2")
    said(first)  # closes its standard input
    assert first.wait(30) == 0
    said(second)
    assert second.wait(30) == 0


def test_a_process_with_threads_is_not_forked() -> None:
    waiting: Callable[[], object] = (ended := threading.Event()).wait
    thread = threading.Thread(target=waiting)
    before = can_fork()
    thread.start()
    try:
        assert not can_fork()
    finally:
        ended.set()
        thread.join()
    assert can_fork() is before


def test_a_fork_whose_output_nobody_reads_never_continues_its_caller(tmp_path: Path) -> None:
    marker = tmp_path / "continued"

    def work() -> int:
        sys.stdin.read()
        sys.stdout.write("a line that nobody reads")
        return 5

    try:
        process = fork(work, tmp_path / "log")
    finally:
        if os.getpid() != PID:
            marker.touch()
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdout.close()
    process.stdin.close()
    assert process.wait(30) == 5
    assert not marker.exists()


def test_a_signal_at_the_start_of_a_fork_ends_it_without_a_handler_of_its_parent(
    tmp_path: Path,
) -> None:
    marker = tmp_path / "handled"

    def handler(*_: object) -> None:
        marker.touch()
        raise KeyboardInterrupt

    os.register_at_fork(after_in_child=_terminate_the_next_fork)
    before = signal.signal(signal.SIGTERM, handler)
    _TERMINATED.append(True)
    try:
        process = fork(lambda: 0, tmp_path / "log")
        said(process)
        assert process.wait(30) == -signal.SIGTERM
        assert signal.getsignal(signal.SIGTERM) is handler
    finally:
        _TERMINATED.clear()
        signal.signal(signal.SIGTERM, before)
    assert not marker.exists()


def _terminate_the_next_fork() -> None:
    if _TERMINATED:
        os.kill(os.getpid(), signal.SIGTERM)


def test_closed_standard_streams_do_not_stop_a_fork(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    assert said(fork(lambda: sys.stdout.write("here") and 0, tmp_path / "log")) == "here"


def test_an_ended_fork_can_be_killed_and_its_code_can_be_unknown(tmp_path: Path) -> None:
    process = fork(lambda: 3, tmp_path / "log")
    said(process)
    os.waitpid(process.pid, 0)  # as if SIGCHLD were ignored
    process.kill()
    assert process.wait(30) == 0


def test_a_process_with_a_thread_of_a_library_is_not_forked() -> None:
    script = """
import _thread, time
from vrdata.local.execution.fork import can_fork
before = can_fork()
_thread.start_new_thread(time.sleep, (60,))
print(before, can_fork())
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "True False\n"
