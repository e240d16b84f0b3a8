"""Object stores for asynchronous code: opened once, probed once, used in a few threads."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Literal

from vrdata.contract.worker import StoreSettings
from vrdata.errors import VrdataError
from vrdata.store.opening import PrefixedStore, open_settings
from vrdata.store.port import ObjectInfo, ObjectStore
from vrdata.store.probe import probe
from vrdata.store.wrapped import Operation, T, WrappedStore

THREADS = 8  # each serves one run
READERS = 8
_REPORTED = {"put_new": "put", "get_range": "get"}  # names in metrics
Observer = Callable[[str, str, float], None]


class Stores:
    """The stores of all profiles.

    Args:
        observe: called with (operation, `ok` or `error`, seconds) of each request.

    Attributes:
        readers: threads that read small objects, shared by all runs.
    """

    def __init__(self, observe: Observer = lambda *_: None) -> None:
        self._observe = observe
        self._roots: dict[StoreSettings, ObjectStore] = {}
        self._modes: dict[StoreSettings, Literal["strict", "detect"]] = {}
        self._open: dict[object, float] = {}
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="store")
        self.readers = ThreadPoolExecutor(READERS, thread_name_prefix="reader")

    def root(self, settings: StoreSettings) -> ObjectStore:
        """The store at a profile's root. Raises VrdataError when it cannot be opened."""
        if settings not in self._roots:
            self._roots[settings] = MeteredStore(open_settings(settings), self._observe, self._open)
        return self._roots[settings]

    def run(self, settings: StoreSettings, prefix: str) -> ObjectStore:
        """The store of one run."""
        return PrefixedStore(self.root(settings), prefix)

    async def mode(self, settings: StoreSettings) -> Literal["strict", "detect"]:
        """Whether the store honours create-only writes; probed once for each root.

        Raises:
            VrdataError: the store cannot be used.
        """
        if settings not in self._modes:
            result = await self.call(lambda: probe(self.root(settings)))
            self._modes[settings] = result.mode
        return self._modes[settings]

    def silent(self, seconds: float) -> bool:
        """Whether a request has waited so long for its answer."""
        latest = time.monotonic() - seconds
        return any(started <= latest for started in list(self._open.values()))

    async def call(self, work: Callable[[], T]) -> T:
        """Run blocking store work in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)


class MeteredStore(WrappedStore):
    """A store that reports each request's outcome and time.

    Args:
        store: the store.
        observe: as `Stores`.
        open_requests: when each request began that has no answer yet, as `time.monotonic` counts.
    """

    def __init__(
        self, store: ObjectStore, observe: Observer, open_requests: dict[object, float]
    ) -> None:
        super().__init__(store)
        self._observe = observe
        self._open = open_requests

    def list_after(self, prefix: str, after: str = "") -> Iterator[ObjectInfo]:
        """See `ObjectStore.list_after`; one operation, without the time between two objects."""
        objects = self._store.list_after(prefix, after)
        took, result = 0.0, "ok"
        try:
            while True:
                started = time.monotonic()
                try:
                    with self._waiting(started):
                        info = next(objects, None)
                finally:
                    took += time.monotonic() - started
                if info is None:
                    return
                yield info
        except VrdataError:
            result = "error"
            raise
        finally:
            self._observe("list", result, took)

    def _around(self, operation: Operation, request: Callable[[], T]) -> T:
        started = time.monotonic()
        result = "ok"
        try:
            with self._waiting(started):
                return request()
        except VrdataError:
            result = "error"
            raise
        finally:
            self._observe(_REPORTED.get(operation, operation), result, time.monotonic() - started)

    @contextmanager
    def _waiting(self, started: float) -> Iterator[None]:
        request = object()
        self._open[request] = started
        try:
            yield
        finally:
            del self._open[request]
