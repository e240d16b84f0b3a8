"""Catalogue entries of pipelines, for tests of planning."""

from __future__ import annotations

from typing import Any

from support.plans.catalogues import entry
from vrdata.plan.catalogue import CatalogueEntry
from vrdata.plan.pipelines import PipelineSource
from vrdata.plan.sources import PinnedPlace, PinnedSources, PlannedPlace

NAME = "M-100_scan"
STEP = {"module": "pipeline", "name": "Task.process"}
DIGEST = "sha256:" + "a" * 64
OTHER_DIGEST = "sha256:" + "b" * 64
WHOLE = "Its labels need the neighbours of an item."


def source(place: str = "raw", **changes: Any) -> dict[str, Any]:
    """A source of a pipeline, in camelCase."""
    return {"place": place, "url": f"s3://bucket/{place}", "digest": DIGEST} | changes


def pipeline(
    *sources: dict[str, Any], name: str = NAME, measured: Any = None, **facts: Any
) -> CatalogueEntry:
    """The entry of a pipeline with 40 items and a step; `facts` in camelCase."""
    values = {"sources": list(sources) or [source()], "items": 40, "step": STEP} | facts
    changes = {"measured": measured} if measured else {}
    return entry(name, kind="pipeline", pipeline=values, **changes)


def pinned(
    *wanted: PipelineSource, name: str = NAME, digest: str = DIGEST, **facts: Any
) -> PinnedSources:
    """The sources of one pipeline as they were pinned, with five files each."""
    places = tuple(
        PinnedPlace(
            requested=one,
            source=PlannedPlace.model_validate(
                {
                    "place": one.place,
                    "url": one.url,
                    "unpack": one.unpack,
                    "ranges": one.ranges,
                    "serves": one.serves,
                    "terms": one.terms,
                    "items": 5,
                    "bytes": 500,
                    "digest": digest,
                }
                | facts
            ),
        )
        for one in wanted
    )
    return PinnedSources(places={name: places} if places else {})
