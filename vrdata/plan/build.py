"""Make the plan of a run. Pure: equal arguments give an equal plan with an equal hash."""

from __future__ import annotations

from typing import NamedTuple

from vrdata.api.run import GenerationRun, GenerationRunSpec
from vrdata.errors import InvalidInputError
from vrdata.plan.catalogue import Catalogue
from vrdata.plan.expand import Chosen, check_spec, expand, glob_matches, globs_of, is_glob
from vrdata.plan.places import needs_ffmpeg, pipeline_of, samples_of
from vrdata.plan.planned import Plan, PlannedGenerator, PlannedOutput
from vrdata.plan.sizing import automatic_shard_size, blocks_per_shard, converted_shard_size
from vrdata.plan.sources import PinnedPlace, PinnedSource, PinnedSources


def build_plan(
    run: GenerationRun,
    catalogue: Catalogue,
    *,
    versions: dict[str, str],
    adopt: Plan | None = None,
    sources: PinnedSources | None = None,
) -> Plan:
    """Expand a run into its plan; memory grows with generators, not with samples.

    Args:
        run: what to make.
        catalogue: the generators there are.
        versions: versions that can change a byte beside the generators' digests.
        adopt: a stored plan whose automatic shard sizes, commits and licences are taken over, so
            that figures measured again never change a run that has begun.
        sources: the pinned sources of its converters and pipelines; None = they are not known yet,
            so the number of items is not checked.

    Raises:
        InvalidInputError: the catalogue cannot serve the run.
    """
    pinned = sources or PinnedSources()
    sizes = {} if adopt is None else {item.name: item for item in adopt.generators}
    return Plan(
        namespace=run.metadata.namespace,
        run=run.metadata.name,
        seed=run.spec.seed,
        output=PlannedOutput(format=run.spec.output.format, video=run.spec.output.video),
        generators=tuple(
            _planned(run, chosen, sizes.get(chosen.name), _Pinned.of(pinned, chosen.name))
            for chosen in expand(run.spec, catalogue)
        ),
        versions=_of_run(versions, run.spec, catalogue),
        globs=globs_of(run.spec),
    )


def _of_run(
    versions: dict[str, str], spec: GenerationRunSpec, catalogue: Catalogue
) -> dict[str, str]:
    """The versions that can change a byte of a run.

    pyarrow writes only Parquet files, and only pipelines start ffmpeg.
    """
    needed = {
        "pyarrow": spec.output.format == "parquet",
        "ffmpeg": needs_ffmpeg(spec, catalogue),
    }
    return {name: version for name, version in versions.items() if needed.get(name, True)}


def check_run(run: GenerationRun, catalogue: Catalogue, *, complete: bool) -> tuple[str, ...]:
    """Refuse what `vrdata run` refuses, as far as the catalogue shows.

    Args:
        run: the run.
        catalogue: the known generators.
        complete: the run can use these generators only; else generators that are not known
            may exist where it runs, for example in an image.

    Returns:
        The generators, converters and globs of the run that are not in the catalogue, and so
        are not checked.

    Raises:
        InvalidInputError: the run cannot be planned.
    """
    check_spec(run.spec)
    known = {entry.name for entry in catalogue.generators}
    selected = run.spec.generators
    found = tuple(
        item
        for item in selected
        if complete
        or (
            bool(glob_matches(item.name, catalogue))
            if is_glob(item.name)
            else item.catalogue_name in known
        )
    )
    if found:
        spec = run.spec.model_copy(update={"generators": found})
        build_plan(run.model_copy(update={"spec": spec}), catalogue, versions={})
    return tuple(dict.fromkeys(item.catalogue_name for item in selected if item not in found))


class _Pinned(NamedTuple):
    """What one generator reads; None = it is not known yet, or it reads nothing."""

    source: PinnedSource | None
    places: tuple[PinnedPlace, ...] | None

    @classmethod
    def of(cls, sources: PinnedSources, name: str) -> _Pinned:
        """What the generator with this name reads."""
        return cls(sources.sources.get(name), sources.places.get(name))


def _planned(
    run: GenerationRun,
    chosen: Chosen,
    stored: PlannedGenerator | None,
    pinned: _Pinned,
) -> PlannedGenerator:
    entry, selection = chosen.entry, chosen.selection
    samples = _samples(run, chosen, pinned)
    block_size = selection.block_size or entry.block_size
    pipeline = pipeline_of(entry)
    whole = pipeline is not None and not pipeline.sliced
    if whole:
        block_size = samples
    begun = stored if stored is not None and stored.digest == entry.digest else None
    commit, licence = (
        (entry.commit, entry.license) if begun is None else (begun.commit, begun.licence)
    )
    if whole:
        shard_blocks = 1
    elif run.spec.shard_size is not None:
        shard_blocks = blocks_per_shard(run.spec.shard_size, block_size)
    elif stored is not None and stored.block_size == block_size:
        shard_blocks = stored.shard_blocks
    else:
        size = (
            automatic_shard_size(entry.measured)
            if pinned.source is None
            else converted_shard_size(entry.measured, pinned.source, block_size)
        )
        shard_blocks = blocks_per_shard(size, block_size)
    return PlannedGenerator(
        name=chosen.name,
        generator_class=entry.generator_class,
        digest=entry.digest,
        start=selection.start or 0,
        samples=samples,
        block_size=block_size,
        shard_blocks=shard_blocks,
        args=selection.args,
        commit=commit,
        licence=licence,
        converter=entry.name if entry.name != chosen.name else "",
        source=None if pinned.source is None else pinned.source.source,
        places=tuple(one.source for one in pinned.places or ()),
    )


def _samples(run: GenerationRun, chosen: Chosen, pinned: _Pinned) -> int:
    """How many samples; of a converter, all items from the first one on if the run says nothing."""
    selection, pipeline = chosen.selection, pipeline_of(chosen.entry)
    if pipeline is not None:
        return samples_of(chosen.name, pipeline, selection, run.spec.samples, pinned.places)
    if selection.source is None:
        samples = selection.samples or run.spec.samples
        if samples is None:
            raise InvalidInputError(
                f"samples is missing for {chosen.name}",
                fix="set spec.samples, or samples of each generator",
            )
        return samples
    if pinned.source is None:  # the source has not been asked yet
        return selection.samples or selection.source.limit or 1
    source = pinned.source.source
    start, items = selection.start or 0, source.items
    samples = selection.samples or items - start
    if samples < 1 or start + samples > items:
        wanted = f"start {start} + samples {samples}" if samples > 0 else f"start {start}"
        raise InvalidInputError(
            f"{chosen.name}: {source.url} has too few items",
            why=f"it has {items}, and {wanted} is more" if items else "it has none",
            fix="lower start or samples" if items else "check source.url, split and include",
        )
    return samples
