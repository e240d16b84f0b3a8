"""An audit hook (PEP 578): it sees what Python code does, before the kernel does.

It refuses what leaves the block, with the errors of the kernel. It only names what the kernel
refuses without a report. What it refuses never reaches the kernel, so nothing is counted twice. It
cannot be removed, and also works in forks.
"""

from __future__ import annotations

import errno
import os
import sys
import threading
from copy import copy
from typing import Any

from vrdata_child.attempts import files, probes, processes
from vrdata_child.attempts.files import Files
from vrdata_child.attempts.record import Record
from vrdata_child.hermetic import network
from vrdata_child.hermetic.caller import is_own, own_line

_FILES = files.EVENTS
_STARTS = processes.STARTS
_SYMBOLS = frozenset({"ctypes.dlsym"})
_EVENTS = network.EVENTS | _FILES | processes.SIGNALS | _STARTS | _SYMBOLS


class Attempts:
    """The attempts of a template, then of one block.

    Args:
        folder: of the template, existing.
        usable: the files that all blocks can use; None = the kernel refuses no files.
    """

    def __init__(self, folder: str, usable: Files | None) -> None:
        self._usable = usable
        self._files: Files | None = None
        self._program = os.path.basename(os.path.realpath(sys.executable))  # noqa: PTH119
        self._inside = threading.local()
        self.begin(folder)

    def install(self) -> None:
        """Watch this process and those that it forks, until it ends."""
        events, note = _EVENTS, self._note

        def hook(event: str, args: tuple[Any, ...]) -> None:
            if event in events:  # a function with two names in reach: it is called very often
                note(event, args)

        sys.addaudithook(hook)

    def begin(self, folder: str, linked: str = "") -> None:
        """From now on, this process and its forks are another template or block.

        Args:
            folder: the only one that they write to.
            linked: a folder with links to files that cannot be written, or "".
        """
        self._folder = os.path.realpath(folder)
        if self._usable is not None:
            self._files = copy(self._usable)
            self._files.allow(folder, linked)
        self._leader = os.getpid()
        self._record = Record(folder, self._program)

    def end(self) -> None:
        """Write all attempts that are not written yet."""
        self._record.flush()

    def _note(self, event: str, args: tuple[Any, ...]) -> None:
        if getattr(self._inside, "active", False):
            return  # what this module itself does
        self._inside.active = True
        try:
            error = self._decide(event, args)
        except (OSError, RuntimeError, TypeError, ValueError, LookupError):
            return  # the arguments are invalid: the call itself raises the error
        finally:
            self._inside.active = False
        if error is not None:
            raise error

    def _decide(self, event: str, args: tuple[Any, ...]) -> OSError | None:
        """Name an attempt that is refused; return the error to refuse it with, or None."""
        if event in _FILES:
            tried = self._files.refused(event, args) if self._files is not None else ""
            self._count(tried)
            if tried == files.CHANGE:
                return PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        elif event in network.EVENTS:
            refused = network.refusal(event, args, self._is_own_socket)
            if refused is not None:
                self._count(refused[0])
                return refused[1]
        elif event in processes.SIGNALS:
            if processes.is_outside(event, int(args[0]), self._leader):
                self._count(processes.SIGNAL)
                return PermissionError(errno.EPERM, os.strerror(errno.EPERM))
        elif event in _STARTS:
            self._note_start(event, args)
        else:
            self._note_symbol()
        return None

    def _count(self, what: str) -> None:
        if what and not probes.is_probe(what):
            self._record.add(what, own_line())

    def _note_start(self, event: str, args: tuple[Any, ...]) -> None:
        where, program = own_line(), processes.program_of(event, args)
        if where and self._record.is_new_start(program, where):
            self._record.add_start(processes.names_of(event, args), where)
        if self._files is not None and program.startswith("/"):
            self._count(self._files.refused("ctypes.dlopen", (program,)).replace("load", "start"))

    def _note_symbol(self) -> None:
        """Python code of the generator that is about to call the system itself."""
        frame = sys._getframe(1)  # noqa: SLF001 - the documented way to calls
        here = (__name__, "ctypes")
        while frame is not None and str(frame.f_globals.get("__name__")) in here:
            frame = frame.f_back  # type: ignore[assignment]
        if frame is not None and is_own(frame):
            where = own_line()
            if self._record.is_new_start(self._program, where):
                self._record.add_start([self._program], where)

    def _is_own_socket(self, path: str) -> bool:
        return os.path.realpath(path).startswith(f"{self._folder}/")
