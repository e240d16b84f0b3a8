"""Pin the sources of a run: list their parts once, and store the lists beside the plan.

The lists are written before `_vrdata/sources.json`, which is created once: whoever creates it has
pinned the sources of the run, and everyone else takes them from there. A list that does not have
the pinned digest is a leftover of a killed or slower pin, and is written again.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, BinaryIO, NamedTuple, cast

import pyarrow as pa

from vrdata.api.run import GenerationRunSpec
from vrdata.api.source import SourceSpec
from vrdata.dataset import layout
from vrdata.dataset.objects import put_model
from vrdata.dataset.reader import load_model
from vrdata.errors import InvalidInputError, OutputConflictError
from vrdata.plan.sources import (
    ITEMS_SHARE,
    LargestPart,
    PinnedSource,
    PinnedSources,
    PlannedSource,
    fits,
    requested_sources,
)
from vrdata.sources.opening import open_source as open_any
from vrdata.sources.parts import list_digest, write_parts
from vrdata.sources.port import OnRead, Part, Source, SourceChangedError, ignore_reads
from vrdata.store.port import ObjectNotFoundError, ObjectStore
from vrdata.store.streaming import StoredFile, sha256_file
from vrdata.text import human_bytes

Opening = Callable[[SourceSpec], Source]


def pin_sources(  # noqa: PLR0913 - one collaborator each
    spec: GenerationRunSpec,
    store: ObjectStore,
    *,
    write: bool,
    open_source: Opening = open_any,
    room: int = 0,
    on_read: OnRead = ignore_reads,
) -> PinnedSources | None:
    """The pinned sources of a run: the stored ones, or, when it begins, what they are now.

    Args:
        spec: what the run requests.
        store: the run's store.
        write: store them; False = read only.
        open_source: opens one.
        room: scratch space for the items of a block, in bytes; 0 = it is not known. Only new pins
            are compared with it.
        on_read: called after each read of a source.

    Returns:
        None if the run has no source.

    Raises:
        OutputConflictError: the output has the pinned sources of another run.
        InvalidInputError: a source cannot be used, a table of it is damaged, or a part of it does
            not fit into `room`.
        SourceNotFoundError, SourceAccessError, SourceUnavailableError: a source cannot be listed.
        SourceChangedError: a list has to be written again, and the source has changed.
        StorageError, StoreAccessError: the store cannot be used.
    """
    requested = requested_sources(spec)
    if not requested:
        return None
    pinned = _stored(store, spec, write=write)
    if pinned is None:
        with ExitStack() as files:
            pins = {
                name: _pin(source, files.enter_context(_temporary()), open_source, on_read)
                for name, source in requested.items()
            }
            pinned = PinnedSources(sources={name: pin.pinned for name, pin in pins.items()})
            _require_room(pinned, room)
            if write:  # only now: a source that cannot be listed leaves nothing behind
                for name, pin in pins.items():
                    _put_list(name, pin, store)
                if not put_model(store, layout.SOURCES, pinned):
                    pinned = _stored(store, spec, write=write) or pinned
    if write:
        for name, one in pinned.sources.items():
            _restore_list(name, one, store, open_source, on_read)
    return pinned


class _Pin(NamedTuple):
    """A resolved source and the file with its list."""

    pinned: PinnedSource
    file: Path


def _require_room(pinned: PinnedSources, room: int) -> None:
    """Refuse a part that no worker can fetch, before one tries to."""
    for name, one in pinned.sources.items():
        if one.largest is None or not 0 < room < one.largest.bytes:
            continue
        size, needed = human_bytes(one.largest.bytes), one.largest.bytes * ITEMS_SHARE * 4 // 3
        raise InvalidInputError(
            f"{name}: a part of {one.largest.name} needs {size} of scratch space",
            why=f"a worker has {human_bytes(room)} of it for the items of a block, and fetches a "
            "row group or the files of an item as a whole",
            fix="rewrite the file with smaller row groups, or split it, or raise "
            f"classes.M.ephemeralStorage of the profile to at least {human_bytes(needed)}",
        )


def _stored(store: ObjectStore, spec: GenerationRunSpec, *, write: bool) -> PinnedSources | None:
    try:
        pinned = load_model(store, layout.SOURCES, PinnedSources)
    except ObjectNotFoundError:
        return None
    except InvalidInputError as error:
        raise OutputConflictError(
            error.what, why=error.why, fix=f"delete {layout.SOURCES} and run the same file again"
        ) from None
    if fits(pinned, spec):
        return pinned
    if store.head(layout.PLAN) is None:  # of a run that was refused before it had a plan
        if write:
            store.delete(layout.SOURCES)
        return None
    raise OutputConflictError(
        f"{store.url} already has other sources; nothing was changed",
        why="; ".join(_differences(pinned, requested_sources(spec))),
        fix="use another --out or metadata.name, or restore the original sources",
    )


def _differences(pinned: PinnedSources, requested: dict[str, SourceSpec]) -> Iterator[str]:
    before = {name: one.requested.to_dict() for name, one in pinned.sources.items()}
    after = {name: one.to_dict() for name, one in requested.items()}
    for name in sorted(before.keys() | after.keys()):
        there, wanted = before.get(name, {}), after.get(name, {})
        for field in sorted(there.keys() | wanted.keys()):
            old, new = there.get(field, "none"), wanted.get(field, "none")
            if old != new:
                yield f"{name}: source.{field} was {old}, now {new}"


def _temporary() -> IO[bytes]:
    return tempfile.NamedTemporaryFile(prefix="vrdata-items-")


def _pin(spec: SourceSpec, file: IO[bytes], open_source: Opening, on_read: OnRead) -> _Pin:
    """Resolve a source, and write its list to a file."""
    resolved = open_source(spec).resolve(spec.limit, on_read)
    largest: list[LargestPart] = []
    listed = write_parts(_measured(resolved.parts, largest), file)
    file.flush()
    source = PlannedSource(
        url=spec.url,
        config=spec.config,
        split=spec.split,
        revision=resolved.revision,
        items=listed.items,
        parts=listed.parts,
        digest=listed.digest,
        licence=resolved.licence,
    )
    pinned = PinnedSource(requested=spec, source=source, largest=next(iter(largest), None))
    return _Pin(pinned, Path(file.name))


def _measured(parts: Iterator[Part], largest: list[LargestPart]) -> Iterator[Part]:
    """The parts; `largest` has the one that needs the most scratch space, at the end."""
    for part in parts:
        if not largest or part.disk_bytes > largest[0].bytes:
            name = part.files[0].name
            largest[:] = [LargestPart(name=name, bytes=part.disk_bytes, items=part.items)]
        yield part


def _restore_list(
    name: str, pinned: PinnedSource, store: ObjectStore, open_source: Opening, on_read: OnRead
) -> None:
    """Write a list again that is missing, or that another pin has written."""
    source = pinned.source
    if _list_digest(name, store) == source.digest:
        return
    with _temporary() as file:
        then = pinned.requested.model_copy(update={"revision": source.revision})
        again = _pin(then, file, open_source, on_read)
        if again.pinned.source.digest != source.digest:
            raise SourceChangedError(
                f"{source.url} has changed since the run began",
                why=f"{layout.items_key(name)} is missing, and cannot be written again as it was",
                fix="restore the source, or begin a new run (metadata.name) or import (--output)",
            )
        _put_list(name, again, store)


def _put_list(name: str, pin: _Pin, store: ObjectStore) -> None:
    key, sha256 = layout.items_key(name), sha256_file(pin.file)
    if store.put_new(key, pin.file, sha256=sha256):
        return
    if _list_digest(name, store) != pin.pinned.source.digest:
        store.delete(key)
        store.put_new(key, pin.file, sha256=sha256)


def _list_digest(name: str, store: ObjectStore) -> str:
    """The digest of the stored list; "" if there is none, or it is damaged."""
    key = layout.items_key(name)
    info = store.head(key)
    if info is None:
        return ""
    try:
        return list_digest(cast("BinaryIO", StoredFile(store, key, info.size)))
    except (pa.ArrowException, OSError):
        return ""
