"""Watch a script write its samples: which folder it writes to, and whether it has left it.

A script that writes its samples in a loop of its own does not say when one is finished. It is when
the script has begun the next one: its loop has jumped back, and the loop's counter has changed.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType, TracebackType
from typing import Any

from vrdata_child.run.journal import Journal

_KEPT = 8  # begun folders whose places are kept; some are not samples
_EVENTS = frozenset({"open", "os.mkdir", "os.rename", "os.kill"})
_WRITES = os.O_WRONLY | os.O_RDWR


@dataclass(frozen=True)
class Place:
    """The position in one call of a function.

    Attributes:
        key: the call; a later call may have the same one, but not while it lasts.
        offset: of the instruction.
        counters: its local integers.
    """

    key: tuple[int, CodeType]
    offset: int
    counters: dict[str, int]


Stack = tuple[Place, ...]  # from the outermost call to the innermost


class Watch:
    """Writes to the journal which folder below `out` the script writes to.

    Args:
        out: the output folder.
        journal: of the block.
    """

    def __init__(self, out: Path, journal: Journal) -> None:
        self._root = f"{out}/"
        self._journal = journal
        self._pid = os.getpid()
        self._current = ""
        self._begun: OrderedDict[str, Stack] = OrderedDict()
        self._paused = False

    def install(self) -> None:
        """Watch this process and those that it forks, until it ends."""
        events, note = _EVENTS, self._try_to_note

        def hook(event: str, args: tuple[Any, ...]) -> None:
            if event in events:  # a function with two names in reach: it is called very often
                note(event, args)

        sys.addaudithook(hook)
        leave = os._exit

        def _exit(status: int) -> None:
            if os.getpid() == self._pid:
                self._end(_stack(_caller()))
            leave(status)

        os._exit = _exit  # type: ignore[assignment]

    @contextmanager
    def pause(self) -> Iterator[None]:
        """Ignore what this process itself writes in the meantime."""
        self._paused = True
        try:
            yield
        finally:
            self._paused = False
            self._current = ""

    def ended_by(self, error: BaseException) -> None:
        """Note whether the script had left its last sample when it raised."""
        self._end(_stack_of(error.__traceback__))

    def _try_to_note(self, event: str, args: tuple[Any, ...]) -> None:
        if not self._paused:
            with contextlib.suppress(OSError, RuntimeError, TypeError, ValueError):
                self._note(event, args)  # the script must not see these errors

    def _note(self, event: str, args: tuple[Any, ...]) -> None:
        if event == "open":
            if isinstance(args[2], int) and args[2] & _WRITES:
                self._write_to(args[0], parent=True)
        elif event == "os.mkdir":
            self._write_to(args[0], parent=False)
        elif event == "os.rename":
            self._write_to(args[1], parent=not Path(args[0]).is_dir())
        elif event == "os.kill" and args[0] == self._pid and os.getpid() == self._pid:
            self._end(_stack(_caller()))

    def _write_to(self, target: object, *, parent: bool) -> None:
        if not isinstance(target, str | bytes | os.PathLike):
            return
        path = os.fsdecode(target)
        if not path.startswith("/"):
            path = os.path.normpath(Path.cwd() / path)
        if not path.startswith(self._root):
            return
        folder = path[len(self._root) :].rstrip("/")
        folder = folder.rpartition("/")[0] if parent else folder
        if folder in ("", self._current):
            return
        self._current = folder
        if folder not in self._begun:
            self._begun[folder] = _stack(_caller())
            if len(self._begun) > _KEPT:
                self._begun.popitem(last=False)
        self._journal.write_to(folder)

    def _end(self, now: Stack) -> None:
        # Folders that contain others are begun with the first sample only.
        begun = list(self._begun.items())
        leaves = [
            stack
            for name, stack in begun
            if not any(other.startswith(name + "/") for other, _ in begun)
        ]
        if left(leaves, now):
            self._journal.went_on()


def left(begun: Sequence[Stack], now: Stack) -> bool:
    """Whether a script has left the sample that it began last, as far as its calls show.

    Args:
        begun: where it began its last samples, in order.
        now: where it is.
    """
    if not begun:
        return False
    *before, last = begun
    then = {place.key: at for at, place in enumerate(last)}
    common = [at for at, place in enumerate(now) if place.key in then]
    if not common:
        return False
    loop = now[common[-1]]
    depth = then[loop.key]
    here = last[depth]
    if loop.offset > here.offset or (loop.offset == here.offset and common[-1] == len(now) - 1):
        return False  # it is after the place where the sample begins, or in this place
    same = (one[depth] for one in reversed(before) if len(one) > depth)
    code = loop.key[1]
    earlier = next((one for one in same if (one.key[1], one.offset) == (code, here.offset)), None)
    return earlier is not None and any(
        step and loop.counters.get(name) == value + step
        for name, value in here.counters.items()
        if (step := value - earlier.counters.get(name, value))
    )


def _caller() -> FrameType | None:
    """The innermost call that is not of this module."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - the documented way to calls
    while frame is not None and frame.f_code.co_filename == __file__:
        frame = frame.f_back
    return frame


def _stack(frame: FrameType | None) -> Stack:
    places = []
    while frame is not None:
        places.append(_place(frame, frame.f_lasti))
        frame = frame.f_back
    return tuple(reversed(places))


def _stack_of(traceback: TracebackType | None) -> Stack:
    places = []
    while traceback is not None:
        places.append(_place(traceback.tb_frame, traceback.tb_lasti))
        traceback = traceback.tb_next
    return tuple(places)


def _place(frame: FrameType, offset: int) -> Place:
    variables = dict(frame.f_locals)  # a copy: another thread can change those of a module
    counters = {name: value for name, value in variables.items() if type(value) is int}
    return Place((id(frame), frame.f_code), offset, counters)
