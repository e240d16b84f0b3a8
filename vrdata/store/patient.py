"""A store that waits while the store behind it cannot be used.

Unreachable, overloaded and failing servers are waited for, and for a short time rejected
credentials and missing buckets, in the request that fails. Everything else fails at once: a missing
object, other bytes than expected, an invalid key, a full disk. All requests can be repeated.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Final

from vrdata.errors import VrdataError
from vrdata.store.port import (
    NewObject,
    ObjectInfo,
    ObjectStore,
    StoreAccessError,
    StoreUnreachableError,
    put_together,
)
from vrdata.store.wrapped import Operation, T, WrappedStore

UNREACHABLE_SECONDS: Final = 300.0
REFUSED_SECONDS: Final = 10.0  # a new key of a Secret reaches only a new pod
LONGEST_SECONDS: Final = UNREACHABLE_SECONDS + REFUSED_SECONDS  # when both take turns
PAUSES: Final = (1.0, 2.0, 4.0, 8.0, 15.0)  # the last one repeats
QUIET_SECONDS: Final = 3.0  # a single refused request is not worth a line
_SLICE = 0.2

_WAITABLE = (StoreUnreachableError, StoreAccessError)
Errors = tuple[type[VrdataError], ...]


@dataclass(frozen=True, slots=True)
class Wait:
    """A wait of a request, reported once, or its end.

    Attributes:
        why: why the store cannot be used; "" = the wait has ended.
        seconds: how long it has waited.
        limit: how long it waits at most, in seconds.
        answered: the store has answered.
    """

    why: str
    seconds: float
    limit: float = 0.0
    answered: bool = False


class _Stopping:
    """Whether this process ends. A flag, because a signal handler sets it."""

    now = False


def stop_waiting() -> None:
    """End all waits of this process with their error. A signal handler may call it."""
    _Stopping.now = True


def is_stopping() -> bool:
    """Whether `stop_waiting` was called."""
    return _Stopping.now


@contextmanager
def ended_by_interrupt() -> Iterator[None]:
    """Ctrl-C and SIGTERM end the waits of all threads: only the main thread gets an exception."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    before = {number: one for number, one in handlers.items() if one is not signal.SIG_IGN}

    def interrupt(number: int, frame: FrameType | None) -> None:
        stop_waiting()
        handler = before[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)
        raise KeyboardInterrupt

    for number in before:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        _Stopping.now = False


def pause(seconds: float, stopped: Callable[[], bool] = is_stopping) -> None:
    """Wait for a number of seconds, or until `stopped`."""
    end = time.monotonic() + seconds
    while not stopped() and (left := end - time.monotonic()) > 0:
        time.sleep(min(left, _SLICE))


class PatientStore(WrappedStore):
    """Repeats each request that fails because the store cannot be used now. Threads may share one.

    Args:
        store: the store; it should not repeat requests itself.
        tell: called when a request has waited for a moment, and when that wait has ended; from any
            thread.
        clock: seconds of a monotonic clock.
        pause: waits for a number of seconds.
    """

    def __init__(
        self,
        store: ObjectStore,
        tell: Callable[[Wait], None],
        *,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = pause,
    ) -> None:
        super().__init__(store)
        self._tell = tell
        self._clock = clock
        self._pause = pause

    def put_new(self, key: str, body: bytes | Path, *, sha256: str, content_type: str = "") -> bool:
        """See `ObjectStore.put_new`; its own request whose answer was lost may have written it."""
        waiting = self._waiting()

        def put() -> bool:
            created = self._store.put_new(key, body, sha256=sha256, content_type=content_type)
            return created or (waiting.failed and self._has(key, sha256))

        return waiting.repeat(put)

    def put_together(self, objects: Sequence[NewObject]) -> list[bool] | None:
        """See `JoinedWrites.put_together`; otherwise like `put_new`."""
        waiting = self._waiting()

        def put() -> list[bool] | None:
            created = put_together(self._store, objects)
            if created is None or not waiting.failed:
                return created
            pairs = zip(objects, created, strict=True)
            return [new or self._has(one.key, one.sha256) for one, new in pairs]

        return waiting.repeat(put)

    def _has(self, key: str, sha256: str) -> bool:
        found = self._store.head(key)
        return found is not None and found.sha256 == sha256

    def list_after(self, prefix: str, after: str = "") -> Iterator[ObjectInfo]:
        """See `ObjectStore.list_after`; a listing that fails continues after its last key."""
        last = after
        listing: Iterator[ObjectInfo] | None = None

        def following() -> ObjectInfo | None:
            nonlocal listing
            try:
                listing = listing or self._store.list_after(prefix, last)
                return next(listing, None)
            except _WAITABLE:  # a generator ends with its first error
                listing = None
                raise

        while (info := self._waiting().repeat(following)) is not None:
            last = info.key
            yield info

    def _around(self, operation: Operation, request: Callable[[], T]) -> T:  # noqa: ARG002
        return self._waiting().repeat(request)

    def _waiting(self) -> Waiting:
        return Waiting(self._tell, self._clock, self._pause)


class Waiting:
    """The waits of one request.

    Args:
        tell: called when the request has waited for a moment, and when that wait has ended.
        clock: seconds of a monotonic clock.
        pause: waits so many seconds; it returns early when `stopped`.
        unreachable: errors that a later request may not have; their attribute `retry_after` is the
            time that the server asks to wait.
        refused: errors of access, which are waited for only for a short time.
        stopped: whether to wait no longer.

    Attributes:
        failed: it has failed at least once, and was repeated.
    """

    def __init__(  # noqa: PLR0913 - what differs between a store and a source
        self,
        tell: Callable[[Wait], None],
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = pause,
        *,
        unreachable: Errors = (StoreUnreachableError,),
        refused: Errors = (StoreAccessError,),
        stopped: Callable[[], bool] = is_stopping,
    ) -> None:
        self._tell = tell
        self._clock = clock
        self._pause = pause
        self._waitable = (*unreachable, *refused)
        self._refused = refused
        self._stopped = stopped
        self._since = 0.0  # its first failure
        self._refused_since: float | None = None
        self._pauses = iter(PAUSES)
        self._told = False
        self.failed = False

    def repeat(self, request: Callable[[], T]) -> T:
        """What the request returns. Raises as the request, when it has waited long enough."""
        try:
            while True:
                try:
                    result = request()
                except self._waitable as error:
                    self._wait(error)
                else:
                    self._end(answered=True)
                    return result
        except BaseException as error:
            waited = isinstance(error, self._waitable)
            self._end(answered=not waited and isinstance(error, VrdataError))
            raise

    def _end(self, *, answered: bool) -> None:
        if self._told:
            self._told = False
            self._tell(Wait("", self._clock() - self._since, answered=answered))

    def _wait(self, error: VrdataError) -> None:
        now = self._clock()
        if not self.failed:
            self.failed, self._since = True, now
        refused = isinstance(error, self._refused)
        if not refused:
            self._refused_since = None
        elif self._refused_since is None:
            self._refused_since = now
        limit = REFUSED_SECONDS if refused else UNREACHABLE_SECONDS
        since = self._since if self._refused_since is None else self._refused_since
        left = min(limit + since, LONGEST_SECONDS + self._since) - now
        if left <= 0 or self._stopped():
            raise error
        asked = getattr(error, "retry_after", None) or 0.0
        pause = min(max(next(self._pauses, PAUSES[-1]), asked), left)
        if not self._told and now - self._since + pause >= QUIET_SECONDS:
            self._told = True
            self._tell(Wait(error.why or error.what, now - self._since, limit))
        self._pause(pause)
        if self._stopped():
            raise error
