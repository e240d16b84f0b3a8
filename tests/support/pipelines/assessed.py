"""Assess a pipeline with the interpreter of the tests, so no environment is made."""

from __future__ import annotations

import sys
from pathlib import Path

from vrdata.plan.catalogue import Flags
from vrdata.plan.pipelines import Pipeline, PipelineSource
from vrdata_generators.adapter.pipeline.assess import Found, assess_pipeline
from vrdata_generators.adapter.pipeline.data import staged
from vrdata_worker.child.launch import Launch


def assessed(root: Path, raw: Path, place: str = "raw", serves: tuple[str, ...] = ()) -> Found:
    """What the trials of a repository show.

    Args:
        root: its folder.
        raw: the source.
        place: of the source.
        serves: URLs that the source answers.
    """
    source = PipelineSource(place=place, url=str(raw), serves=serves)
    pipeline = Pipeline(sources=(source,))
    launch = Launch(
        name="M-flip",
        kind="pipeline",
        root=str(root),
        python=sys.executable,
        mode="bare",
        flags=Flags(),
        sequential=True,
    )
    with staged("M-flip", pipeline) as data:
        return assess_pipeline(launch, pipeline, data)
