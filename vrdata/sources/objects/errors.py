"""Errors of a store as errors of a source."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from vrdata.sources.port import (
    PartFile,
    SourceAccessError,
    SourceChangedError,
    SourceNotFoundError,
    SourceUnavailableError,
)
from vrdata.sources.staged import changed
from vrdata.store.port import (
    KeyConflictError,
    ObjectNotFoundError,
    StorageError,
    StoreAccessError,
)


@contextmanager
def as_source_errors(url: str, file: PartFile | None = None) -> Iterator[None]:
    """Raise what a store raises as an error of the source.

    Args:
        url: of the source.
        file: a pinned file that is read: it has changed if it does not exist.

    Raises:
        SourceChangedError, SourceAccessError, SourceUnavailableError: instead of the store's error.
    """
    try:
        yield
    except (SourceAccessError, SourceUnavailableError):
        raise
    except SourceNotFoundError as error:
        if file is None:
            raise
        raise changed(file, error.what) from error
    except (ObjectNotFoundError, KeyConflictError) as error:
        if file is not None:
            raise changed(file, "it no longer exists") from error
        raise SourceChangedError(
            f"{url} changed while it was listed", why=error.what, fix="run the command again"
        ) from error
    except StoreAccessError as error:
        raise SourceAccessError(error.what, why=error.why, fix=error.fix) from error
    except StorageError as error:
        denied = isinstance(error.__cause__, PermissionError)
        kind = SourceAccessError if denied else SourceUnavailableError
        raise kind(error.what, why=error.why, fix=error.fix) from error
