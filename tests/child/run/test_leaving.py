"""What a script leaves for its end is done before its samples are read."""

from __future__ import annotations

import pytest

from support.generators.probe import Probes

# The script says 1 when it ends; then each of these says 0.
HEAD = """
import atexit, multiprocessing, sys, threading
from concurrent.futures import ThreadPoolExecutor

def answer():
    threading.Event().wait(0.2)
    print("facts: 0", flush=True)

facts = 1
"""
LEFT = {
    "an exit handler": "atexit.register(answer)",
    "a thread": "threading.Thread(target=answer).start()",
    "an executor that nobody shut down": "ThreadPoolExecutor(1).submit(answer)",
    "a process": "multiprocessing.get_context('fork').Process(target=answer).start()",
    "an exit handler of a thread's": (
        "threading.Thread(target=lambda: atexit.register(answer)).start()"
    ),
}


@pytest.mark.parametrize("what", LEFT)
def test_it_is_finished_before_the_block_ends(what: str, probes: Probes) -> None:
    assert probes.run(HEAD + LEFT[what]) == 0


def test_a_daemon_thread_ends_with_the_script(probes: Probes) -> None:
    assert probes.run(HEAD + "threading.Thread(target=threading.Event().wait, daemon=True).start()")


def test_an_exit_handler_of_one_block_does_not_run_in_the_next(probes: Probes) -> None:
    probes.run(HEAD + LEFT["an exit handler"])
    assert probes.run(HEAD) == 1
