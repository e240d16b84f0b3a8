"""Attempts of started programs, raw system calls and signals."""

import os
import sys
from pathlib import Path

import pytest

from support.generators.probe import Probes
from vrdata_child.attempts.processes import names_of
from vrdata_child.sandbox import landlock

PYTHON = Path(sys.executable).resolve().name
OFFLINE = f"{PYTHON} tried to open a network connection"
INNER = "import socket\nfor _ in range(10):\n try: socket.socket()\n except OSError: pass"
needs_sandbox = pytest.mark.skipif(landlock.version() == 0, reason="needs the sandbox")


@needs_sandbox
@pytest.mark.parametrize(
    "start",
    [
        "subprocess.run([sys.executable, '-c', INNER], check=True)",
        "subprocess.run(f'{sys.executable} -c \"$INNER\"', shell=True, check=True)",
        "os.system(f'{sys.executable} -c \"$INNER\"')",
        "os.waitpid(os.posix_spawn(sys.executable, ['x', '-c', INNER], os.environ), 0)",
        "os.fork() or os.execv(sys.executable, ['x', '-c', INNER]); os.wait()",
    ],
)
def test_attempts_of_a_started_program_have_the_line_that_started_it(
    probes: Probes, start: str
) -> None:
    code = f"""
import os, subprocess, sys
INNER = os.environ["INNER"] = {INNER!r}
if True:
    {start}
"""
    assert probes.refused(code) == [f"{OFFLINE} 10 times (FILE:5)"]


@needs_sandbox
def test_programs_are_told_apart_by_their_names(probes: Probes, tmp_path: Path) -> None:
    code = """
import shutil, subprocess, sys
for name in ("one", "two"):
    shutil.copyfile(shutil.which("perl"), name)
    shutil.copymode(shutil.which("perl"), name)
CODE = "use Socket; socket(my $s, PF_INET, SOCK_STREAM, 0) for 1 .. 3"
subprocess.run(["./one", "-e", CODE], check=True)
subprocess.run(["sh", "-c", "./two -e '" + CODE + "'"], check=True)
"""
    import shutil

    if not shutil.which("perl"):
        pytest.skip("needs perl")
    what = "tried to open a network connection 3 times"
    assert probes.refused(code) == [f"one {what} (FILE:7)", f"two {what} (FILE:8)"]


@needs_sandbox
def test_a_raw_system_call_of_python_is_named_with_its_line(probes: Probes) -> None:
    code = """
import ctypes
libc = ctypes.CDLL(None)
libc.socket(2, 1, 0)
"""
    assert probes.refused(code) == [f"{OFFLINE} (FILE:4)"]


@pytest.mark.parametrize("process", ["1", "-1", "os.getppid()", "int(os.environ['OTHER'])"])
def test_a_signal_to_another_process_is_refused_and_named(probes: Probes, process: str) -> None:
    code = f"""
import os
os.environ["OTHER"] = {str(os.getpid())!r}
try:
    os.kill({process}, 0)
except PermissionError:
    pass
else:
    raise AssertionError("it succeeded")
"""
    assert probes.refused(code) == [f"{PYTHON} tried to signal another process (FILE:5)"]


def test_signals_inside_a_block_are_not_refused(probes: Probes) -> None:
    code = """
import os, subprocess, time
os.kill(os.getpid(), 0)
os.killpg(0, 0)
child = subprocess.Popen(["sleep", "600"])
os.kill(child.pid, 0)
other = subprocess.Popen(["sleep", "600"], start_new_session=True)
os.killpg(other.pid, 15)
child.terminate()
child.wait(), other.wait()
try:
    os.kill(2**22 - 1, 0)
except ProcessLookupError:
    pass
daemon = int(subprocess.check_output("setsid sleep 600 >/dev/null 2>&1 & echo $!", shell=True))
os.kill(daemon, 9)
"""
    assert probes.refused(code) == []


def test_a_command_names_the_programs_that_it_can_start() -> None:
    command = ["/bin/sh", "-c", "cd x && (/opt/y/curl -s 'http://a/b' | jq .)"]
    assert {"sh", "curl", "jq"} <= set(names_of("subprocess.Popen", ("/bin/sh", command)))
    assert "curl" in names_of("os.system", (b"curl x",))
    assert len(names_of("os.system", ("a " * 10_000 + " ".join(map(str, range(10_000))),))) <= 64
