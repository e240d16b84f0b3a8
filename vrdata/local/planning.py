"""The plan of a local run: a new one, or the stored one that the run continues with."""

from __future__ import annotations

import time
from collections.abc import Callable

from vrdata.api.run import GenerationRun, GeneratorSelection
from vrdata.dataset.plans import keep_plan
from vrdata.plan.catalogue import Catalogue
from vrdata.plan.expand import expand
from vrdata.plan.planned import Plan
from vrdata.plan.sources import PinnedSources, requested_sources
from vrdata.plan.stored.continuing import Continued, begin_or_continue
from vrdata.store.port import ObjectStore
from vrdata.text import count, human_bytes
from vrdata_worker.image.versions import content_versions

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
        sources: the pinned sources of its converters; None = it has none.

    Raises:
        InvalidInputError: the run cannot be planned with this catalogue.
    """
    return begin_or_continue(
        run, catalogue, versions=content_versions(), stored=stored, sources=sources
    )


def limited(run: GenerationRun, limit: int | None) -> GenerationRun:
    """The run with at most `limit` samples of each generator; None = all."""
    if limit is None:
        return run
    spec = run.spec
    generators = tuple(_limited_selection(item, limit) for item in spec.generators)
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
    """The pinned sources of the run's converters; None = it has none.

    Args:
        run: the run.
        catalogue: the available generators.
        store: the run's own; the sources of a run that has begun are in it.
        write: store them; False = read only.
        say: prints a line for each source.
        room: scratch space for the items of a block, in bytes; 0 = it is not known.

    Raises:
        InvalidInputError: a converter is not in the catalogue, a table is damaged, or a part of a
            source is larger than `room`.
        OutputConflictError: the store has other sources.
        SourceNotFoundError, SourceAccessError, SourceUnavailableError: one cannot be listed.
        StorageError, StoreAccessError: the store cannot be used.
    """
    requested = requested_sources(run.spec)
    if not requested:
        return None
    converters = tuple(item for item in run.spec.generators if item.source is not None)
    expand(run.spec.model_copy(update={"generators": converters}), catalogue)
    from vrdata.sources.resolve import pin_sources  # noqa: PLC0415 - pulls in pyarrow

    for url in dict.fromkeys(one.url for one in requested.values()):
        say(f"resolving {url}")
    pinned = pin_sources(run.spec, store, write=write, room=room, on_read=_Reading(say))
    for name, one in pinned.sources.items() if pinned is not None else ():
        where = f" at {one.source.revision}" if one.source.revision else ""
        most = f", largest part {human_bytes(one.largest.bytes)}" if one.largest else ""
        say(f"{name}: {count(one.source.items, 'item')} in {one.source.url}{where}{most}")
    return pinned


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


def _limited_selection(item: GeneratorSelection, limit: int) -> GeneratorSelection:
    update: dict[str, object] = {}
    if item.samples is not None:
        update["samples"] = min(item.samples, limit)
    if item.source is not None:  # it is not asked for more items than that
        most = (item.start or 0) + limit
        most = most if item.source.limit is None else min(item.source.limit, most)
        update["source"] = item.source.model_copy(update={"limit": most})
    return item.model_copy(update=update)


def keep_inputs(run: GenerationRun, plan: Plan, store: ObjectStore) -> None:
    """Write what workers read again, if it was deleted or damaged: the plan, and lists of items.

    Raises:
        OutputConflictError: another plan or another source is stored; nothing was changed.
        SourceChangedError, SourceAccessError: a list cannot be written again.
        StorageError, StoreAccessError: the store cannot be used.
    """
    keep_plan(store, plan)
    if requested_sources(run.spec):
        from vrdata.sources.resolve import pin_sources  # noqa: PLC0415 - pulls in pyarrow

        pin_sources(run.spec, store, write=True)
