"""What a pipeline of a run reads, and how many samples it gives. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from vrdata.api.run import GenerationRunSpec
from vrdata.api.selection import GeneratorSelection
from vrdata.errors import InvalidInputError
from vrdata.plan.catalogue import Catalogue, CatalogueEntry
from vrdata.plan.pipelines import Pipeline, PipelineSource
from vrdata.plan.planned import Plan
from vrdata.plan.sources import PinnedPlace, Places


def pipeline_of(entry: CatalogueEntry) -> Pipeline | None:
    """The facts of a pipeline; None for every other generator."""
    return (entry.pipeline or Pipeline()) if entry.kind == "pipeline" else None


def needs_ffmpeg(spec: GenerationRunSpec, catalogue: Catalogue) -> bool:
    """Whether a pipeline of a run starts ffmpeg, so that its version can change a byte."""
    names = {selection.catalogue_name for selection in spec.generators}
    found = (entry.pipeline for entry in catalogue.generators if entry.name in names)
    return any(one is not None and one.starts_ffmpeg for one in found)


def requested_places(spec: GenerationRunSpec, catalogue: Catalogue) -> Places:
    """What the pipelines of a run read, by the name of the generator, sorted by place.

    A pipeline without sources is not among them, and neither is a name that the catalogue does not
    have.

    Raises:
        InvalidInputError: the run names a place that the pipeline does not have.
    """
    found = {}
    for selection in spec.generators:
        entry = catalogue.get(selection.catalogue_name)
        places = () if entry is None else places_of(entry, selection)
        if places:
            found[selection.name] = places
    return found


def places_of(entry: CatalogueEntry, selection: GeneratorSelection) -> tuple[PipelineSource, ...]:
    """The sources of the catalogue, or of the run instead of them; none if it is no pipeline.

    Of a place, the run decides which data is read, and the catalogue what it is for.

    Raises:
        InvalidInputError: the run names a place that the pipeline does not have.
    """
    pipeline = pipeline_of(entry)
    if pipeline is None:
        return ()
    known = {one.place: one for one in pipeline.sources}
    for given in selection.sources:
        if given.place not in known:
            there = ", ".join(sorted(known))
            raise InvalidInputError(
                f"{selection.name} has no place {given.place}",
                why=f"the places of {entry.name}: {there}" if there else f"{entry.name} reads none",
                fix="name one of them in sources" if there else "remove sources",
            )
        known[given.place] = known[given.place].model_copy(
            update={
                "url": given.url,
                "config": given.config,
                "revision": given.revision,
                "include": given.include,
            }
        )
    return tuple(known[place] for place in sorted(known))


def places_of_plan(plan: Plan) -> Places:
    """What the pipelines of a plan read, with the pinned revisions, by name of the generator."""
    return {
        one.name: tuple(
            PipelineSource(
                place=place.place,
                url=place.url,
                config=place.config,
                revision=place.revision,
                include=place.include,
                unpack=place.unpack,
                ranges=place.ranges,
                serves=place.serves,
                licence=place.licence,
                terms=place.terms,
            )
            for place in one.places
        )
        for one in plan.generators
        if one.places
    }


def check_places(name: str, entry: CatalogueEntry, selection: GeneratorSelection) -> None:
    """Refuse what does not fit a pipeline, and `sources` of other generators.

    Raises:
        InvalidInputError: see the message.
    """
    pipeline = pipeline_of(entry)
    if pipeline is None:
        if selection.sources:
            raise InvalidInputError(
                f"{name} has no places for sources",
                why=f"{entry.name} is a {_kind(entry)}, and only pipelines have sources",
                fix="set source of a converter instead of sources"
                if entry.kind == "converter"
                else "remove sources, or name a pipeline: see `vrdata generators list`",
            )
        return
    if selection.source is not None:
        raise InvalidInputError(
            f"{name} has source instead of sources",
            why=f"{entry.name} is a pipeline: it reads data at the places "
            f"{', '.join(one.place for one in pipeline.sources) or 'of its own'}",
            fix="set sources, each with its place, or remove source to read the catalogue's",
        )
    places_of(entry, selection)
    _refuse_slices(name, entry, pipeline, selection)


def samples_of(
    name: str,
    pipeline: Pipeline,
    selection: GeneratorSelection,
    samples: int | None,
    pinned: Sequence[PinnedPlace] | None,
) -> int:
    """How many samples: those that the run names, or all from the first one on.

    Args:
        name: of the generator in the run.
        pipeline: it.
        selection: its entry in the run.
        samples: of each generator of the run.
        pinned: its sources; None = they are not known yet.

    Raises:
        InvalidInputError: the number is not known, or there are too few items.
    """
    start, items = selection.start or 0, pipeline.items
    wanted = selection.samples or samples
    if wanted is None:
        known = _items(pipeline, selection)
        if known is None:
            raise _unknown(name, replaced=bool(selection.sources))
        wanted = known - start
    if wanted < 1 or (items and start + wanted > items and _as_added(pipeline, pinned)):
        asked = f"start {start} + samples {wanted}" if wanted > 0 else f"start {start}"
        raise InvalidInputError(
            f"{name}: the sources have too few items",
            why=f"a walk over them has {items}, and {asked} is more",
            fix=f"lower start or samples of {name}",
        )
    return wanted


def items_of(entry: CatalogueEntry, selection: GeneratorSelection) -> int | None:
    """How many items a pipeline has; None if it is not known, or it is no pipeline."""
    pipeline = pipeline_of(entry)
    return None if pipeline is None else _items(pipeline, selection)


def _items(pipeline: Pipeline, selection: GeneratorSelection) -> int | None:
    return None if selection.sources else pipeline.items or None


def _as_added(pipeline: Pipeline, pinned: Sequence[PinnedPlace] | None) -> bool:
    """Whether the sources have the files with which the items were counted."""
    if pinned is None:
        return not pipeline.sources
    counted = {one.place: one.digest for one in pipeline.sources}
    return all(counted.get(one.source.place) == one.source.digest for one in pinned)


def _unknown(name: str, *, replaced: bool) -> InvalidInputError:
    why = "its sources are not those of the catalogue" if replaced else "the catalogue has none"
    return InvalidInputError(
        f"{name} needs a number of samples",
        why=f"the number of items is not known: {why}",
        fix=f"set samples of {name}, at most the number of its items",
    )


def _refuse_slices(
    name: str, entry: CatalogueEntry, pipeline: Pipeline, selection: GeneratorSelection
) -> None:
    given = [
        field
        for field, value in (("blockSize", selection.block_size), ("start", selection.start))
        if value
    ]
    if given and not pipeline.sliced:
        reason = pipeline.whole or "no function that generates one sample is known"
        raise InvalidInputError(
            f"{name} has {' and '.join(given)}, and {entry.name} runs as one shard",
            why=reason,
            fix=f"remove {' and '.join(given)} of {name}",
        )


def _kind(entry: CatalogueEntry) -> str:
    return "converter" if entry.kind == "converter" else "generator"
