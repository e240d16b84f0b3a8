"""Make the plan of a run. Pure: equal arguments give an equal plan with an equal hash."""

from __future__ import annotations

from vrdata.api.run import GenerationRun
from vrdata.plan.catalogue import Catalogue
from vrdata.plan.expand import Chosen, expand, globs_of
from vrdata.plan.planned import Plan, PlannedGenerator, PlannedOutput
from vrdata.plan.sizing import automatic_shard_size, blocks_per_shard


def build_plan(
    run: GenerationRun,
    catalogue: Catalogue,
    *,
    versions: dict[str, str],
    adopt: Plan | None = None,
) -> Plan:
    """Expand a run into its plan; memory grows with generators, not with samples.

    Args:
        run: what to make.
        catalogue: the generators there are.
        versions: versions that can change a byte beside the generators' digests.
        adopt: a stored plan whose automatic shard sizes and commits are taken over, so that
            figures measured again never change a run that has begun.

    Raises:
        InvalidInputError: the catalogue cannot serve the run.
    """
    sizes = {} if adopt is None else {item.name: item for item in adopt.generators}
    return Plan(
        namespace=run.metadata.namespace,
        run=run.metadata.name,
        seed=run.spec.seed,
        output=PlannedOutput(format=run.spec.output.format, video=run.spec.output.video),
        generators=tuple(
            _planned(run, chosen, sizes.get(chosen.entry.name))
            for chosen in expand(run.spec, catalogue)
        ),
        versions=versions,
        globs=globs_of(run.spec),
    )


def _planned(
    run: GenerationRun, chosen: Chosen, stored: PlannedGenerator | None
) -> PlannedGenerator:
    entry, selection = chosen.entry, chosen.selection
    block_size = selection.block_size or entry.block_size
    samples = selection.samples or run.spec.samples
    if samples is None:  # the spec's own rule holds this
        raise ValueError(f"no samples for {entry.name}")
    begun = stored if stored is not None and stored.digest == entry.digest else None
    commit = entry.commit if begun is None else begun.commit
    if run.spec.shard_size is not None:
        shard_blocks = blocks_per_shard(run.spec.shard_size, block_size)
    elif stored is not None and stored.block_size == block_size:
        shard_blocks = stored.shard_blocks
    else:
        shard_blocks = blocks_per_shard(automatic_shard_size(entry.measured), block_size)
    return PlannedGenerator(
        name=entry.name,
        generator_class=entry.generator_class,
        digest=entry.digest,
        start=selection.start or 0,
        samples=samples,
        block_size=block_size,
        shard_blocks=shard_blocks,
        args=selection.args,
        commit=commit,
    )
