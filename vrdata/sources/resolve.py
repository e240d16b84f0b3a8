"""Pin the sources of a run: list their parts once, and store the lists beside the plan.

The lists are written before `_vrdata/sources.json`, which is created once: whoever creates it has
pinned the sources of the run, and everyone else takes them from there. A list that does not have
the pinned digest is a leftover of a killed or slower pin, and is written again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack

from vrdata.api.run import GenerationRunSpec
from vrdata.dataset import layout
from vrdata.dataset.objects import put_model
from vrdata.dataset.reader import load_model
from vrdata.errors import InvalidInputError, OutputConflictError
from vrdata.model import Model
from vrdata.plan.sources import (
    PinnedSource,
    PinnedSources,
    Places,
    PlannedSource,
    fits,
    request_of,
    requested_sources,
)
from vrdata.sources.lists import (
    ListedSource,
    SourceList,
    put_list,
    resolve_list,
    restore_list,
    temporary,
)
from vrdata.sources.places import listed_place, pinned_place, require_place_room
from vrdata.sources.port import OnRead, ignore_reads
from vrdata.sources.room import require_room
from vrdata.store.port import ObjectNotFoundError, ObjectStore

NO_PLACES: Places = {}


def pin_sources(  # noqa: PLR0913 - one collaborator each
    spec: GenerationRunSpec,
    store: ObjectStore,
    *,
    write: bool,
    places: Places = NO_PLACES,
    room: int = 0,
    on_read: OnRead = ignore_reads,
) -> PinnedSources | None:
    """The pinned sources of a run: the stored ones, or, when it begins, what they are now.

    Args:
        spec: what the run requests.
        store: the run's store.
        write: store them; False = read only.
        places: what its pipelines read.
        room: scratch space for the items of a block, in bytes; 0 = it is not known. Only new pins
            are compared with it: parts, and the parts of a block if `spec` has its size.
        on_read: called after each read of a source.

    Returns:
        None if the run has no source.

    Raises:
        OutputConflictError: the output has the pinned sources of another run.
        InvalidInputError: a source cannot be used, a table of it is damaged, or a part of it, the
            parts of a block or the sources of a pipeline do not fit into `room`.
        SourceNotFoundError, SourceAccessError, SourceUnavailableError: a source cannot be listed.
        SourceChangedError: a list has to be written again, and the source has changed.
        StorageError, StoreAccessError: the store cannot be used.
    """
    if not requested_sources(spec) and not places:
        return None
    pinned = _stored(store, spec, places, write=write)
    if pinned is None:
        with ExitStack() as files:
            pinned, lists = _resolved(spec, places, files, on_read)
            _require_room(pinned, lists, room)
            if write:  # only now: a source that cannot be listed leaves nothing behind
                for one in lists:
                    put_list(one, store)
                if not put_model(store, layout.SOURCES, pinned):
                    pinned = _stored(store, spec, places, write=write) or pinned
    if write:
        for listed, digest in _lists(pinned):
            restore_list(listed, digest, store, on_read)
    return pinned


def _resolved(
    spec: GenerationRunSpec, places: Places, files: ExitStack, on_read: OnRead
) -> tuple[PinnedSources, list[SourceList]]:
    """The sources as they are now, and their lists in `files`."""
    lists: list[SourceList] = []

    def resolve(source: ListedSource) -> SourceList:
        lists.append(resolve_list(source, files.enter_context(temporary()), on_read))
        return lists[-1]

    sources, sizes = {}, {item.name: item.block_size or 0 for item in spec.generators}
    for name, source in requested_sources(spec).items():
        listed = ListedSource(layout.items_key(name), source, block_size=sizes[name])
        found = resolve(listed)
        planned = PlannedSource(
            url=source.url,
            config=source.config,
            split=source.split,
            revision=found.revision,
            items=found.parts.items,
            parts=found.parts.parts,
            digest=found.parts.digest,
            licence=found.licence,
        )
        sources[name] = PinnedSource(requested=source, source=planned, largest=found.needs.part)
    pinned = {
        name: tuple(
            pinned_place(name, one, resolve(listed_place(name, number, one, one.revision)))
            for number, one in enumerate(of_pipeline)
        )
        for name, of_pipeline in places.items()
    }
    return PinnedSources(sources=sources, places=pinned), lists


def _lists(pinned: PinnedSources) -> Iterator[tuple[ListedSource, str]]:
    """The stored lists with their digests."""
    for name, one in pinned.sources.items():
        then = one.requested.model_copy(update={"revision": one.source.revision})
        yield ListedSource(layout.items_key(name), then), one.source.digest
    for name, places in pinned.places.items():
        for number, place in enumerate(places):
            place_then = listed_place(name, number, place.requested, place.source.revision)
            yield place_then, place.source.digest


def _require_room(pinned: PinnedSources, lists: Iterable[SourceList], room: int) -> None:
    """Refuse what no worker can fetch, before one tries to."""
    for name, places in pinned.places.items():
        require_place_room(name, [one.source for one in places], room)
    needs = {one.key: one.needs for one in lists}
    for name in pinned.sources:
        require_room(name, needs[layout.items_key(name)], room)


def _stored(
    store: ObjectStore, spec: GenerationRunSpec, places: Places, *, write: bool
) -> PinnedSources | None:
    try:
        pinned = load_model(store, layout.SOURCES, PinnedSources)
    except ObjectNotFoundError:
        return None
    except InvalidInputError as error:
        raise OutputConflictError(
            error.what, why=error.why, fix=f"delete {layout.SOURCES} and run the same file again"
        ) from None
    if fits(pinned, spec, places):
        return pinned
    if store.head(layout.PLAN) is None:  # of a run that was refused before it had a plan
        if write:
            store.delete(layout.SOURCES)
        return None
    raise OutputConflictError(
        f"{store.url} already has other sources; nothing was changed",
        why="; ".join(_differences(pinned, spec, places)),
        fix="use another --out or metadata.name, or restore the original sources",
    )


def _differences(pinned: PinnedSources, spec: GenerationRunSpec, places: Places) -> Iterator[str]:
    before = _named((name, "source", one.requested) for name, one in pinned.sources.items())
    after = _named((name, "source", one) for name, one in requested_sources(spec).items())
    for name, of_pipeline in pinned.places.items():
        before |= _named(
            (name, f"sources[{one.source.place}]", request_of(one.requested)) for one in of_pipeline
        )
    for name, wanted in places.items():
        after |= _named((name, f"sources[{one.place}]", request_of(one)) for one in wanted)
    for key in sorted(before.keys() | after.keys()):
        there, wanted_now = before.get(key, {}), after.get(key, {})
        for field in sorted(there.keys() | wanted_now.keys()):
            old, new = there.get(field, "none"), wanted_now.get(field, "none")
            if old != new:
                yield f"{key}.{field} was {old}, now {new}"


def _named(requests: Iterable[tuple[str, str, Model]]) -> dict[str, dict[str, object]]:
    return {f"{name}: {field}": one.to_dict() for name, field, one in requests}
