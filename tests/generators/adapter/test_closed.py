"""Programs of a repository that run before it is added."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.polling import wait_until
from vrdata.contract.refusals import Refusal
from vrdata_generators.adapter.closed import ClosedProcess, run_closed

DAEMON = """
import os, pathlib, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        pathlib.Path(sys.argv[1], "daemon").write_text(str(os.getpid()))
        time.sleep(600)
    os._exit(0)
while not pathlib.Path(sys.argv[1], "daemon").exists():
    time.sleep(0.01)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "own").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "other/secret.txt").write_text("secret")
    return tmp_path / "own"


def run(folder: Path, code: str, *, seconds: float = 60) -> ClosedProcess:
    return run_closed(
        [sys.executable, "-c", code, str(folder)],
        seconds=seconds,
        env={"PATH": os.defpath, "HOME": str(folder)},
        write=[folder],
    )


def exists(process: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except OSError:
        return False


def test_a_program_writes_to_its_folder_only(folder: Path) -> None:
    done = run(folder, f"open({str(folder / 'a')!r}, 'w').write('here')")
    assert (done.returncode, (folder / "a").read_text()) == (0, "here")
    done = run(folder, f"open({str(folder.parent / 'b')!r}, 'w')")
    assert done.returncode == 1
    assert "Permission denied" in done.stderr
    assert not (folder.parent / "b").exists()


def test_a_program_reads_no_file_of_the_user(folder: Path) -> None:
    done = run(folder, f"print(open({str(folder.parent / 'other/secret.txt')!r}).read())")
    assert "Permission denied" in done.stderr
    assert "secret" not in done.stdout


def test_a_refused_call_of_a_program_that_it_starts_is_counted(folder: Path) -> None:
    inner = "import socket\nfor _ in range(3):\n try: socket.socket()\n except OSError: pass"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}], check=True)"
    done = run(folder, code)
    assert done.returncode == 0, done.stderr
    name = Path(sys.executable).resolve().name
    assert done.refused == (Refusal("open a network connection", name, count=3),)


def test_a_program_that_takes_too_long_is_ended_with_all_that_it_started(folder: Path) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        run(folder, f"{DAEMON}\ntime.sleep(600)", seconds=5)
    daemon = int((folder / "daemon").read_text())
    wait_until(lambda: not exists(daemon), "the end of the daemon")


def test_a_daemon_ends_with_the_program_that_started_it(folder: Path) -> None:
    assert run(folder, DAEMON).returncode == 0
    assert not exists(int((folder / "daemon").read_text()))


def test_the_exit_code_is_that_of_the_program(folder: Path) -> None:
    assert run(folder, "raise SystemExit(7)").returncode == 7
    assert run(folder, "import os; os.kill(os.getpid(), 9)").returncode == 128 + 9


def test_a_program_that_is_missing_is_named(folder: Path) -> None:
    done = run_closed([str(folder / "no")], seconds=60, env={"PATH": os.defpath}, write=[folder])
    assert done.returncode == 127
    assert "cannot be started" in done.stderr
