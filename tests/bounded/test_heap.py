"""Threads of the command line and of workers share a heap."""

from __future__ import annotations

import subprocess
import sys

import pytest

from vrdata.bounded.heap import ARENAS

_COUNT = """
import ctypes, threading
barrier = threading.Barrier(16)

def allocate():
    barrier.wait()
    ctypes.CDLL(None).malloc(5000)
    barrier.wait()

threads = [threading.Thread(target=allocate) for _ in range(16)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
libc = ctypes.CDLL(None)
libc.fdopen.restype = ctypes.c_void_p
stream = ctypes.c_void_p(libc.fdopen(1, b"w"))
libc.malloc_info(0, stream)
libc.fflush(stream)
"""
_PROGRAMS = {
    "command line": "from vrdata.cli import main\nmain.app = lambda: None\nmain.main()",
    "worker": "from pathlib import Path\nfrom vrdata_worker.serve import serve\n"
    "from vrdata.contract.worker import ShardTask\n"
    "serve(Path('/none'), [ShardTask(generator='O-x', shard=0)])",
    "pod": "import os\nfrom vrdata_worker import pod\n"
    "pod.close_process = lambda: None\ntry:\n    pod.main()\nexcept BaseException: pass",
}


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc has these heaps")
@pytest.mark.parametrize("program", _PROGRAMS)
def test_sixteen_threads_have_few_heaps(program: str) -> None:
    def heaps(code: str) -> int:
        words = [sys.executable, "-c", code + _COUNT]
        ran = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True)
        return ran.stdout.count("<heap nr=")

    assert heaps("") > ARENAS
    assert 0 < heaps(_PROGRAMS[program]) <= ARENAS
