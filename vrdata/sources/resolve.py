"""Pin the sources of a run: list their parts once, and store the lists beside the plan.

The lists are written before `_vrdata/sources.json`, which is created once: whoever creates it has
pinned the sources of the run, and everyone else takes them from there. A list that does not have
the pinned digest is a leftover of a killed or slower pin, and is written again.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, cast

import pyarrow as pa

from vrdata.api.run import GenerationRunSpec
from vrdata.api.source import SourceSpec
from vrdata.dataset import layout
from vrdata.dataset.objects import put_model
from vrdata.dataset.reader import load_model
from vrdata.errors import InvalidInputError, OutputConflictError
from vrdata.plan.sources import (
    PinnedSource,
    PinnedSources,
    PlannedSource,
    fits,
    requested_sources,
)
from vrdata.sources.objects.reader import ObjectFile
from vrdata.sources.opening import open_source as open_any
from vrdata.sources.parts import list_digest, write_parts
from vrdata.sources.port import Source, SourceChangedError
from vrdata.store.port import ObjectNotFoundError, ObjectStore
from vrdata.store.streaming import sha256_file

Opening = Callable[[SourceSpec], Source]


def pin_sources(
    spec: GenerationRunSpec,
    store: ObjectStore,
    *,
    write: bool,
    open_source: Opening = open_any,
) -> PinnedSources | None:
    """The pinned sources of a run: the stored ones, or, when it begins, what they are now.

    Args:
        spec: what the run requests.
        store: the run's store.
        write: store them; False = read only.
        open_source: opens one.

    Returns:
        None if the run has no source.

    Raises:
        OutputConflictError: the output has the pinned sources of another run.
        InvalidInputError: a source cannot be used, or a table of it is damaged.
        SourceNotFoundError, SourceAccessError, SourceUnavailableError: a source cannot be listed.
        SourceChangedError: a list has to be written again, and the source is another one by now.
        StorageError, StoreAccessError: the store cannot be used.
    """
    requested = requested_sources(spec)
    if not requested:
        return None
    pinned = _stored(store, spec)
    if pinned is None:
        pins = {
            name: _pin(name, source, store, open_source, write=write)
            for name, source in requested.items()
        }
        pinned = PinnedSources(sources=pins)
        if write and not put_model(store, layout.SOURCES, pinned):
            pinned = _stored(store, spec) or pinned
    if write:
        for name, one in pinned.sources.items():
            _restore_list(name, one, store, open_source)
    return pinned


def _stored(store: ObjectStore, spec: GenerationRunSpec) -> PinnedSources | None:
    try:
        pinned = load_model(store, layout.SOURCES, PinnedSources)
    except ObjectNotFoundError:
        return None
    except InvalidInputError as error:
        raise OutputConflictError(
            error.what, why=error.why, fix=f"delete {layout.SOURCES} and run the same file again"
        ) from None
    if not fits(pinned, spec):
        raise OutputConflictError(
            f"{store.url} already has the sources of another run; nothing was changed",
            why=_difference(pinned, requested_sources(spec)),
            fix="use another --out or metadata.name, or restore the original sources",
        )
    return pinned


def _difference(pinned: PinnedSources, requested: dict[str, SourceSpec]) -> str:
    before = {name: one.requested for name, one in pinned.sources.items()}
    for name in sorted(before.keys() | requested.keys()):
        if before.get(name) != requested.get(name):
            there, wanted = (
                one.to_dict() if one else "none" for one in (before.get(name), requested.get(name))
            )
            return f"source of {name}: {there} there, {wanted} wanted"
    return ""


def _pin(
    name: str, spec: SourceSpec, store: ObjectStore, open_source: Opening, *, write: bool
) -> PinnedSource:
    """Resolve a source, and store its list."""
    with tempfile.NamedTemporaryFile(prefix="vrdata-items-") as file:
        resolved = open_source(spec).resolve(spec.limit)
        items, digest = write_parts(resolved.parts, file)
        file.flush()
        if write:
            _put_list(name, digest, Path(file.name), store)
    source = PlannedSource(
        url=spec.url,
        config=spec.config,
        split=spec.split,
        revision=resolved.revision,
        items=items,
        digest=digest,
        licence=resolved.licence,
    )
    return PinnedSource(requested=spec, source=source)


def _restore_list(
    name: str, pinned: PinnedSource, store: ObjectStore, open_source: Opening
) -> None:
    """Write a list again that is missing, or that another pin has written."""
    if _list_digest(name, store) == pinned.source.digest:
        return
    now = pinned.requested.model_copy(update={"revision": pinned.source.revision})
    with tempfile.NamedTemporaryFile(prefix="vrdata-items-") as file:
        _, digest = write_parts(open_source(now).resolve(now.limit).parts, file)
        if digest != pinned.source.digest:
            raise SourceChangedError(
                f"{pinned.source.url} has changed since the run began",
                why=f"{layout.items_key(name)} is missing, and cannot be written again as it was",
                fix="restore the source, or begin a new run, with another metadata.name",
            )
        file.flush()
        _put_list(name, digest, Path(file.name), store)


def _put_list(name: str, digest: str, file: Path, store: ObjectStore) -> None:
    key = layout.items_key(name)
    sha256 = sha256_file(file)
    if store.put_new(key, file, sha256=sha256) or _list_digest(name, store) == digest:
        return
    store.delete(key)
    store.put_new(key, file, sha256=sha256)


def _list_digest(name: str, store: ObjectStore) -> str:
    """The digest of the stored list; "" if there is none, or it is damaged."""
    key = layout.items_key(name)
    info = store.head(key)
    if info is None:
        return ""
    try:
        return list_digest(cast("BinaryIO", ObjectFile(store, key, info.size)))
    except (pa.ArrowException, OSError):
        return ""
