"""What a block started ends with it."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from support.generators.probe import Probes, open_probes
from support.polling import wait_until

STARTED = {
    "a process in a session of its own": (
        "p = subprocess.Popen(['sleep', '600'], start_new_session=True)\nfacts = p.pid"
    ),
    "a process in a group of its own": (
        "p = subprocess.Popen(['sleep', '600'], process_group=0)\nfacts = p.pid"
    ),
    "a daemon": (
        "facts = int(subprocess.check_output(['sh', '-c', "
        "'setsid sleep 600 >/dev/null 2>&1 & echo $!']))"
    ),
    "a daemon of a daemon": (
        "facts = int(subprocess.check_output([sys.executable, '-S', '-c', '''\n"
        "import os, subprocess\n"
        "os.setsid()\n"
        'p = subprocess.Popen(["sleep", "600"], start_new_session=True,\n'
        "    stdout=subprocess.DEVNULL)\n"
        "print(p.pid)\n''']))"
    ),
    "a worker of a pool": (
        "import multiprocessing\n"
        "pool = multiprocessing.get_context('fork').Pool(1)\n"
        "facts = pool.apply(os.getpid)"
    ),
    "a process that ignores signals": (
        "p = subprocess.Popen(['sh', '-c', 'trap \"\" TERM HUP INT; sleep 600; true'],\n"
        "    start_new_session=True)\nfacts = p.pid"
    ),
}


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize("what", STARTED)
def test_a_started_process_ends_before_the_end_of_the_block_is_reported(
    what: str, probes: Probes
) -> None:
    pid = probes.run(f"import os, subprocess, sys\n{STARTED[what]}")
    assert not is_alive(pid)


def test_the_processes_of_another_block_continue(probes: Probes, tmp_path: Path) -> None:
    with open_probes(tmp_path) as others:
        running = others.start("import subprocess, time\nsubprocess.run(['sleep', '600'])\n")
        sleeping = [0]

        def started() -> bool:
            found = psutil.Process(running).children(recursive=True)
            sleeping[:] = [process.pid for process in found if process.name() == "sleep"]
            return bool(sleeping)

        wait_until(started, "the process of the other block")
        assert others.run("facts = 1") == 1
        assert is_alive(sleeping[0])
    wait_until(lambda: not is_alive(sleeping[0]), "the end of the other block")


def test_shared_memory_is_removed(probes: Probes) -> None:
    name = probes.run("""
        from multiprocessing import resource_tracker, shared_memory
        memory = shared_memory.SharedMemory(create=True, size=64)
        resource_tracker.unregister(memory._name, "shared_memory")
        facts = memory.name
    """)
    assert name
    assert not Path("/dev/shm", name).exists()
