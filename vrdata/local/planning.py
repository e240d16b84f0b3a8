"""The plan of a local run: a new one, or the stored one that the run continues with."""

from __future__ import annotations

import time
from collections.abc import Callable

from vrdata.api.run import GenerationRun, GenerationRunSpec
from vrdata.api.selection import GeneratorSelection
from vrdata.dataset.plans import keep_plan
from vrdata.plan.catalogue import Catalogue
from vrdata.plan.expand import expand
from vrdata.plan.places import items_of, needs_ffmpeg, requested_places
from vrdata.plan.planned import Plan
from vrdata.plan.sources import (
    PinnedPlace,
    PinnedSources,
    PlannedSource,
    requested_sources,
    with_block_sizes,
)
from vrdata.plan.stored.continuing import Continued, begin_or_continue
from vrdata.store.port import ObjectStore
from vrdata.text import count, human_bytes
from vrdata_worker.image.versions import content_versions, ffmpeg_version

READING_SECONDS = 5.0


def plan_run(
    run: GenerationRun,
    catalogue: Catalogue,
    stored: Plan | None,
    sources: PinnedSources | None = None,
) -> Continued:
    """The run's plan, and the generators that are skipped because the run began without them.

    Args:
        run: the run.
        catalogue: the available generators.
        stored: the plan that is stored in the output, if any.
        sources: the pinned sources of its converters and pipelines; None = it has none.

    Raises:
        InvalidInputError: the run cannot be planned with this catalogue.
    """
    versions = content_versions()
    if needs_ffmpeg(run.spec, catalogue):
        versions["ffmpeg"] = ffmpeg_version()
    return begin_or_continue(run, catalogue, versions=versions, stored=stored, sources=sources)


def limited(run: GenerationRun, limit: int | None, catalogue: Catalogue) -> GenerationRun:
    """The run with at most `limit` samples of each generator; None = all.

    Args:
        run: the run.
        limit: the most samples.
        catalogue: has the number of items of pipelines.
    """
    if limit is None:
        return run
    spec = run.spec
    generators = tuple(_limited_selection(item, limit, spec, catalogue) for item in spec.generators)
    samples = None if spec.samples is None else min(spec.samples, limit)
    return run.model_copy(
        update={"spec": spec.model_copy(update={"samples": samples, "generators": generators})}
    )


def pin(  # noqa: PLR0913 - the run, and how it is said
    run: GenerationRun,
    catalogue: Catalogue,
    store: ObjectStore,
    *,
    write: bool,
    say: Callable[[str], None],
    room: int = 0,
) -> PinnedSources | None:
    """The pinned sources of the run's converters and pipelines; None = it has none.

    Args:
        run: the run.
        catalogue: the available generators.
        store: the run's own; the sources of a run that has begun are in it.
        write: store them; False = read only.
        say: prints a line for each source.
        room: scratch space for the items of a block, in bytes; 0 = it is not known.

    Raises:
        InvalidInputError: a converter is not in the catalogue, a pipeline does not have a place, a
            table is damaged, or a part of a source, the parts of a block or the sources of a
            pipeline are larger than `room`.
        OutputConflictError: the store has other sources.
        SourceNotFoundError, SourceAccessError, SourceUnavailableError: one cannot be listed.
        StorageError, StoreAccessError: the store cannot be used.
    """
    requested, places = requested_sources(run.spec), requested_places(run.spec, catalogue)
    if not requested and not places:
        return None
    readers = tuple(one for one in run.spec.generators if one.name in requested.keys() | places)
    chosen = expand(run.spec.model_copy(update={"generators": readers}), catalogue)
    spec = with_block_sizes(
        run.spec, {one.name: one.selection.block_size or one.entry.block_size for one in chosen}
    )
    from vrdata.sources.resolve import pin_sources  # noqa: PLC0415 - pulls in pyarrow

    urls = [one.url for one in requested.values()]
    urls += [one.url for of_pipeline in places.values() for one in of_pipeline]
    for url in dict.fromkeys(urls):
        say(f"resolving {url}")
    pinned = pin_sources(spec, store, write=write, places=places, room=room, on_read=_Reading(say))
    if pinned is not None:
        _say_sources(pinned, say)
    return pinned


def _say_sources(pinned: PinnedSources, say: Callable[[str], None]) -> None:
    for name, one in pinned.sources.items():
        most = f", largest part {human_bytes(one.largest.bytes)}" if one.largest else ""
        say(f"{name}: {count(one.source.items, 'item')} in {_where(one.source)}{most}")
    for name, places in pinned.places.items():
        for place in places:
            say(f"{name}: {describe_place(place)}")


def describe_place(pinned: PinnedPlace) -> str:
    """What a pipeline reads at a place, and what its users have to observe."""
    found = pinned.source
    text = f"{found.place} has {count(found.items, 'file')} ({human_bytes(found.bytes)})"
    text += f" of {_where(found)}"
    if pinned.requested.digest not in {"", found.digest}:
        text += ", which are not those of `generators add`"
    text += f"; licence: {found.licence}" if found.licence else ""
    return text + (f"; terms: {found.terms}" if found.terms else "")


def _where(source: PlannedSource) -> str:
    return source.url + (f" at {source.revision}" if source.revision else "")


class _Reading:
    """Says how much of the sources was read, every READING_SECONDS.

    Args:
        say: prints a line.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._bytes = 0
        self._said = time.monotonic()

    def __call__(self, name: str, size: int) -> None:
        self._bytes += size
        now = time.monotonic()
        if now - self._said >= READING_SECONDS:
            self._said = now
            self._say(f"reading {name}: {human_bytes(self._bytes)} of the sources so far")


def within(run: GenerationRun, sources: PinnedSources, total: int | None) -> GenerationRun:
    """The run with at most `total` items of all its sources together, in their order.

    A converter without an item left is not part of it.
    """
    if total is None:
        return run
    kept, left = [], total
    for item in run.spec.generators:
        if item.source is None:
            kept.append(item)
            continue
        samples = min(sources.sources[item.name].source.items - (item.start or 0), left)
        if left:
            kept.append(item.model_copy(update={"samples": max(samples, 0) or None}))
        left -= max(samples, 0)
    spec = run.spec.model_copy(update={"generators": tuple(kept)})
    return run.model_copy(update={"spec": spec})


def _limited_selection(
    item: GeneratorSelection, limit: int, spec: GenerationRunSpec, catalogue: Catalogue
) -> GeneratorSelection:
    update: dict[str, object] = {}
    samples = item.samples
    if samples is None and spec.samples is None:
        entry = catalogue.get(item.catalogue_name)
        samples = items_of(entry, item) if entry is not None else None
    if samples is not None:
        update["samples"] = min(samples, limit)
    if item.source is not None:  # it is not asked for more items than that
        most = (item.start or 0) + limit
        most = most if item.source.limit is None else min(item.source.limit, most)
        update["source"] = item.source.model_copy(update={"limit": most})
    return item.model_copy(update=update)


def keep_inputs(run: GenerationRun, catalogue: Catalogue, plan: Plan, store: ObjectStore) -> None:
    """Write what workers read again, if it was deleted or damaged: the plan, and lists of items.

    Raises:
        OutputConflictError: another plan or another source is stored; nothing was changed.
        SourceChangedError, SourceAccessError: a list cannot be written again.
        StorageError, StoreAccessError: the store cannot be used.
    """
    keep_plan(store, plan)
    places = requested_places(run.spec, catalogue)
    if requested_sources(run.spec) or places:
        from vrdata.sources.resolve import pin_sources  # noqa: PLC0415 - pulls in pyarrow

        pin_sources(run.spec, store, write=True, places=places)
