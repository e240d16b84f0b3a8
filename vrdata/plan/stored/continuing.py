"""Continue with a stored plan although the catalogue has grown since. Pure."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from functools import partial

from vrdata.api.run import GenerationRun
from vrdata.errors import InvalidInputError
from vrdata.plan.build import build_plan
from vrdata.plan.catalogue import Catalogue
from vrdata.plan.expand import glob_matches, globs_of
from vrdata.plan.planned import Plan
from vrdata.plan.sources import PinnedSources


@dataclass(frozen=True, slots=True)
class Continued:
    """A run's plan, and the generators that are dropped because the run began without it.

    Attributes:
        added: generators that its globs match now and did not then, sorted by name.
    """

    plan: Plan
    added: tuple[str, ...]


def begin_or_continue(
    run: GenerationRun,
    catalogue: Catalogue,
    *,
    versions: dict[str, str],
    stored: Plan | None,
    sources: PinnedSources | None = None,
) -> Continued:
    """The run's plan: the stored one when the run continues with it, else a new one.

    Args:
        run: the run.
        catalogue: the available generators.
        versions: as `build_plan`.
        stored: the plan that is stored in the output, if any.
        sources: as `build_plan`.

    Raises:
        InvalidInputError: the catalogue cannot serve the run.
    """
    build = partial(build_plan, run, versions=versions, adopt=stored, sources=sources)
    if stored is not None:
        begun = continue_plan(run, catalogue, versions=versions, stored=stored, sources=sources)
        if begun is not None:
            return begun
        if stored.globs is not None and stored.globs == globs_of(run.spec):
            # Generators that were added since are not why the plans differ.
            with contextlib.suppress(InvalidInputError):
                return Continued(build(_without_added(catalogue, stored)), ())
    return Continued(build(catalogue), ())


def continue_plan(
    run: GenerationRun,
    catalogue: Catalogue,
    *,
    versions: dict[str, str],
    stored: Plan,
    sources: PinnedSources | None = None,
) -> Continued | None:
    """The stored plan, when the run with unchanged globs still makes it of the same generators.

    None when the run has no globs, or differs in anything but generators that were added.
    """
    if stored.globs is None or stored.globs != globs_of(run.spec):
        return None
    known = _without_added(catalogue, stored)
    try:
        plan = build_plan(run, known, versions=versions, adopt=stored, sources=sources)
    except InvalidInputError:
        return None
    if plan.hash != stored.hash:
        return None
    matched = {entry.name for glob in stored.globs for entry in glob_matches(glob, catalogue)}
    return Continued(stored, tuple(sorted(matched - {entry.name for entry in known.generators})))


def _without_added(catalogue: Catalogue, stored: Plan) -> Catalogue:
    """The catalogue's generators that the stored plan has."""
    there = {planned.catalogue_name for planned in stored.generators}
    return Catalogue(generators=tuple(one for one in catalogue.generators if one.name in there))
