"""The plan of a local run: a new one, or the stored one that the run continues with."""

from __future__ import annotations

from vrdata.api.run import GenerationRun, GeneratorSelection
from vrdata.plan.catalogue import Catalogue
from vrdata.plan.planned import Plan
from vrdata.plan.stored.continuing import Continued, begin_or_continue
from vrdata_worker.image.versions import content_versions


def plan_run(
    run: GenerationRun, limit: int | None, catalogue: Catalogue, stored: Plan | None
) -> Continued:
    """The run's plan, and the generators that are skipped because the run began without them.

    Args:
        run: the run.
        limit: the most samples of each generator; None = all.
        catalogue: the available generators.
        stored: the plan that is stored in the output, if any.

    Raises:
        InvalidInputError: the run cannot be planned with this catalogue.
    """
    return begin_or_continue(
        _limited(run, limit), catalogue, versions=content_versions(), stored=stored
    )


def _limited(run: GenerationRun, limit: int | None) -> GenerationRun:
    if limit is None:
        return run
    spec = run.spec
    generators = tuple(_limited_selection(item, limit) for item in spec.generators)
    samples = None if spec.samples is None else min(spec.samples, limit)
    return run.model_copy(
        update={"spec": spec.model_copy(update={"samples": samples, "generators": generators})}
    )


def _limited_selection(item: GeneratorSelection, limit: int) -> GeneratorSelection:
    update: dict[str, object] = {}
    if item.samples is not None:
        update["samples"] = min(item.samples, limit)
    if item.source is not None:  # it is not asked for more items than that
        most = (item.start or 0) + limit
        most = most if item.source.limit is None else min(item.source.limit, most)
        update["source"] = item.source.model_copy(update={"limit": most})
    return item.model_copy(update=update)
