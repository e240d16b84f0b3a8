"""Programs that vrdata runs: their time limit, and what they leave running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from support.polling import wait_until
from vrdata_generators.adapter.programs import run_program


def test_output_and_exit_code_are_returned() -> None:
    done = run_program(["sh", "-c", "echo out; echo err >&2; exit 3"], seconds=60)
    assert (done.returncode, done.stdout, done.stderr) == (3, "out\n", "err\n")


def test_a_program_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        run_program(["/no/such/program"], seconds=60)


def started_by(script: Path, pid_file: Path) -> str:
    """A script that starts a program, notes its process, and waits for it."""
    script.write_text(f"sleep 600 & echo $! > {pid_file}.new; mv {pid_file}.new {pid_file}; wait\n")
    return str(script)


def gone(pid_file: Path) -> bool:
    try:
        return psutil.Process(int(pid_file.read_text())).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_a_time_limit_ends_also_what_the_program_started(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    script = started_by(tmp_path / "script", pid_file)
    with pytest.raises(subprocess.TimeoutExpired):
        run_program(["sh", script], seconds=3)
    wait_until(lambda: gone(pid_file), "the end of the program")


def test_what_a_program_leaves_running_ends_with_it(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    run_program(["sh", "-c", f"sleep 600 >/dev/null 2>&1 & echo $! > {pid_file}"], seconds=60)
    wait_until(lambda: gone(pid_file), "the end of the program")


def test_an_interruption_ends_the_program(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    script = started_by(tmp_path / "script", pid_file)
    code = (
        "from vrdata.cli.main import app, _interrupt\n"
        "import signal, sys\n"
        "from vrdata_generators.adapter.programs import run_program\n"
        "signal.signal(signal.SIGTERM, _interrupt)\n"
        "run_program(['sh', sys.argv[1]], seconds=60)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, script], stderr=subprocess.DEVNULL)
    watchdog = threading.Timer(60, process.kill)
    watchdog.start()
    try:
        wait_until(pid_file.exists, "the start of the program")
        os.kill(process.pid, signal.SIGTERM)
        process.wait()
    finally:
        watchdog.cancel()
    wait_until(lambda: gone(pid_file), "the end of the program")
