"""Generators on kernels with an older version of Landlock."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.attempts.hostile.refused import WAYS, not_refused
from support.attempts.laptop import attempt_all
from support.attempts.older import with_landlock
from support.generators.probe import Probes, open_probes
from vrdata_child.sandbox import landlock

OLDEST, BEFORE_SCOPES = 1, 5
pytestmark = pytest.mark.skipif(landlock.version() < BEFORE_SCOPES, reason="needs Linux 6.10")
# What newer versions refuse themselves.
CONCERNED = (
    *("signal process 1", "signal the supervisor", "signal the guard", "signal the template"),
    *("signal another block", "tkill of another block", "tgkill of the template"),
    *("signal another block by a descriptor", "signal every process"),
    *("let a file signal another process", "an abstract socket of another program"),
    *("shorten a file of the user", "a hard link to a file of the user", "openat2"),
    *("open a file for reading again for writing", "TCP to loopback", "list /dev/shm"),
)
SIGNALS = """
import ctypes, os, signal, subprocess, sys, threading, time

def result(call):
    try:
        return call()
    except OSError as error:
        return error.strerror

def ended(started, act):
    act(started)
    return started.wait()

def child(**options):
    return subprocess.Popen([sys.executable, "-I", "-S", "-c", "input()"], stdin=-1, **options)

def own_thread():
    heard = []
    signal.signal(signal.SIGUSR1, lambda *_: heard.append(1))
    signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)
    os.kill(0, signal.SIGUSR1)
    os.kill(os.getpid(), signal.SIGUSR1)
    return len(heard)

def aborted():
    started = os.fork()
    if not started:
        os.abort()
    return -os.waitstatus_to_exitcode(os.waitpid(started, 0)[1])
"""


@pytest.mark.parametrize("version", [OLDEST, pytest.param(BEFORE_SCOPES, marks=pytest.mark.slow)])
def test_no_attempt_succeeds(
    version: int, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vrdata_worker.child.launch.enclosed", with_landlock(version))
    found = attempt_all(tmp_path_factory.mktemp("older"), CONCERNED)
    assert found.keys() == set(CONCERNED)
    assert found["signal another block by a descriptor"]["raw"] == "ENOSYS"  # the older filter
    assert {way: not_refused(found, way) for way in WAYS} == {way: {} for way in WAYS}


@pytest.fixture(scope="module")
def probes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Probes]:
    """A generator before the version that scopes signals."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("vrdata_worker.child.launch.enclosed", with_landlock(BEFORE_SCOPES))
        with open_probes(tmp_path_factory.mktemp("probes")) as running:
            yield running


def test_a_block_can_signal_itself_and_what_it_starts(probes: Probes) -> None:
    met = probes.evaluate(
        {
            "child": "ended(child(), lambda one: one.kill())",
            "group": "ended(child(process_group=0), lambda one: os.killpg(one.pid, 15))",
            "session": "ended(child(start_new_session=True), lambda one: one.terminate())",
            "thread": "own_thread()",
            "abort": "aborted()",
        },
        SIGNALS,
    )
    assert met == {"child": -9, "group": -15, "session": -15, "thread": 3, "abort": 6}
