"""Fetch one part of a source: wait while it does not answer, and check what came."""

from __future__ import annotations

import errno
import re
import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from vrdata.contract.messages import StoreWait
from vrdata.contract.reasons import FailureReason
from vrdata.errors import NotFoundError, VrdataError
from vrdata.plan.sources import PlannedSource
from vrdata.privacy.texts import without_url_credentials
from vrdata.sources.port import (
    Part,
    Source,
    SourceAccessError,
    SourceChangedError,
    SourceNotFoundError,
    SourceUnavailableError,
)
from vrdata.store.patient import Wait, Waiting, pause
from vrdata.store.port import (
    DigestMismatchError,
    ObjectNotFoundError,
    StorageError,
    StoreAccessError,
    StoreUnreachableError,
)
from vrdata_worker.failures import ShardFailedError
from vrdata_worker.staging.cache import no_space
from vrdata_worker.staging.checks import close, difference
from vrdata_worker.untrusted.folders import remove

_GONE = (SourceChangedError, SourceNotFoundError, ObjectNotFoundError)
_UNREACHABLE = (SourceUnavailableError, StoreUnreachableError)
_REFUSED = (SourceAccessError, StoreAccessError)
_FULL = (errno.ENOSPC, errno.EDQUOT)
_QUERY = re.compile(r"\?[^\s'\"]+")  # of a signed URL


def close_part(part: Part, folder: Path) -> None:  # noqa: ARG001 - see `Fetcher`
    """Leave the files of a part in its folder, read-only. Raises OSError."""
    close(folder)


class Fetcher:
    """Fetches parts of one source. Threads may share it: each opens the source for itself.

    Args:
        name: of the converter in the run.
        source: as planned.
        open_source: opens it.
        tell: receives the waits, from any thread.
        keep: what happens with the checked files of a part in its folder.
    """

    def __init__(
        self,
        name: str,
        source: PlannedSource,
        open_source: Callable[[PlannedSource], Source],
        tell: Callable[[StoreWait], None],
        keep: Callable[[Part, Path], None] = close_part,
    ) -> None:
        self._name = name
        self._planned = source
        self._open = open_source
        self._tell = tell
        self._keep = keep
        self._local = threading.local()

    def fetch(self, part: Part, folder: Path, stopped: Callable[[], bool]) -> None:
        """Fetch a part to a new folder, and check its files.

        Args:
            part: the part.
            folder: is created; what is there is removed.
            stopped: whether to wait no longer.

        Raises:
            ShardFailedError: SourceChanged when a file is another one, SourceUnavailable when it
                cannot be fetched, StorageUnavailable when the scratch folder cannot be written.
        """
        require_wanted(stopped)
        try:
            try:
                self._waiting(stopped).repeat(lambda: self._stage(part, folder))
            except SourceChangedError:  # a broken proxy or disk looks the same
                self._waiting(stopped).repeat(lambda: self._stage(part, folder))
        except Exception as error:  # noqa: BLE001 - adapters use libraries with errors of their own
            raise self._failed(error, part) from None

    def _stage(self, part: Part, folder: Path) -> None:
        remove(folder)
        folder.mkdir()
        if not hasattr(self._local, "source"):
            self._local.source = self._open(self._planned)
        self._local.source.stage(part, folder)
        found = difference(folder, part)
        if found:
            raise SourceChangedError(found)
        self._keep(part, folder)

    def _waiting(self, stopped: Callable[[], bool]) -> Waiting:
        def tell(wait: Wait) -> None:
            self._tell(StoreWait(source=self._name, **asdict(wait)))

        return Waiting(
            tell,
            pause=lambda seconds: pause(seconds, stopped),
            unreachable=_UNREACHABLE,
            refused=_REFUSED,
            stopped=stopped,
        )

    def _failed(self, error: Exception, part: Part) -> ShardFailedError:
        what = f"{part.files[0].name} of {self._planned.url}"
        if isinstance(error, OSError) and error.errno in _FULL:
            return no_space(f"{error.strerror} while {what} was fetched")
        said = _text(error)
        if isinstance(error, _GONE):
            return ShardFailedError(FailureReason.SOURCE_CHANGED, f"{what} has changed: {said}")
        passes = isinstance(error, (*_UNREACHABLE, *_REFUSED, DigestMismatchError))
        reason = FailureReason.SOURCE_UNAVAILABLE
        if isinstance(error, VrdataError) and not isinstance(error, StorageError | NotFoundError):
            reason = FailureReason.CONTRACT_MISMATCH  # for example, a package is not installed
        return ShardFailedError(reason, f"{what} cannot be fetched: {said}", lasting=not passes)


def require_wanted(stopped: Callable[[], bool]) -> None:
    """End a request that nobody waits for any more.

    Raises:
        ShardFailedError: it is `stopped`.
    """
    if stopped():
        raise ShardFailedError(FailureReason.PREEMPTED, "the items are no longer needed")


def _text(error: Exception) -> str:
    """What an error says, in one line; that of another program without secrets of URLs."""
    if isinstance(error, VrdataError):
        fix = f"fix: {error.fix}" if error.fix else ""
        return "; ".join(filter(None, (error.what, error.why, fix)))
    said = _QUERY.sub("", without_url_credentials(str(error)))
    return f"{type(error).__name__}: {said}"
