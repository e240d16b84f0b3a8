"""A process that is closed to the other processes of its user."""

from __future__ import annotations

import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from support.services.other_processes import ALL, ways_into, without_capabilities

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="prctl(2)")
CLOSE = "from vrdata.privacy.process import close_process; close_process()"
DEADLINE_SECONDS = 60
WAIT = "print('ready', flush=True); input()"


@contextmanager
def running(code: str) -> Iterator[int]:
    """The process number of a Python program that has printed a line and waits."""
    with subprocess.Popen(
        without_capabilities("-c", code), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        try:
            assert process.stdout is not None
            assert select.select([process.stdout], [], [], DEADLINE_SECONDS)[0], "it does not wait"
            assert process.stdout.readline()
            yield process.pid
        finally:
            process.kill()


def test_an_open_process_can_be_read_by_its_user() -> None:
    """So that the test below proves something; a system can forbid ptrace(2) of any process."""
    with running(WAIT) as pid:
        assert set(ALL) - set(ways_into(pid)) <= {"ptrace"}


def test_a_closed_process_cannot_be_read_by_its_user() -> None:
    with running(f"{CLOSE}; {WAIT}") as pid:
        assert ways_into(pid) == []


@pytest.mark.parametrize(
    "code",
    [
        "import vrdata.cli.main as m; m.app = wait; m.main()",
        "import vrdata_worker.pod as m; m._do = wait; m.main()",
        "import vrdata_worker.serve as s; s.take_over = wait; s.serve(None)",
    ],
    ids=["command", "pod", "worker"],
)
def test_each_process_with_secrets_closes_itself_before_its_work(
    code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker even before it gets the secrets."""
    monkeypatch.setenv("VRDATA_TASK", "{}")
    wait = f"import sys; sys.argv = ['x', '--config', 'y']\ndef wait(*_):\n    {WAIT}\n"
    with running(wait + code) as pid:
        assert ways_into(pid) == []


def test_a_closed_process_and_what_it_starts_write_no_core_files() -> None:
    code = "import resource; print(resource.getrlimit(resource.RLIMIT_CORE))"
    started = f"{CLOSE}; import subprocess, sys; subprocess.run([sys.executable, '-c', {code!r}])"
    done = subprocess.run(
        [sys.executable, "-c", started], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "(0, 0)\n"
