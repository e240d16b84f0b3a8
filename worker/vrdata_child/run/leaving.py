"""End a script as the interpreter does: its threads and processes finish, its exit handlers run.

The process of a block skips the interpreter's own shutdown, because the template's exit handlers
must not run in it.
"""

from __future__ import annotations

import atexit
import sys
import threading


def forget_exit_handlers() -> None:
    """Drop the exit handlers of the template: only those of the script run at its end."""
    atexit._clear()  # noqa: SLF001 - CPython's only function for it


def leave_script() -> None:
    """Wait for what the script has started, and run its exit handlers, in Python's order."""
    # Executors that nobody shut down finish their work and end their threads.
    for call in reversed(getattr(threading, "_threading_atexits", [])):
        call()
    for thread in threading.enumerate():
        if not thread.daemon and thread is not threading.current_thread():
            thread.join()
    atexit._run_exitfuncs()  # noqa: SLF001 - as above
    # If the template has imported it, its handler is not among those of the script.
    if processes := sys.modules.get("multiprocessing.util"):
        processes._exit_function()  # noqa: SLF001 - it waits for the processes
