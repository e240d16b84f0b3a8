"""Compare the sources that a user declares, and ask for those that are missing."""

from __future__ import annotations

from pathlib import Path

from vrdata.plan.pipelines import Pipeline
from vrdata_generators.adapter.pipeline.proposals import proposals

_FOUND = {"digest", "licence"}  # by `vrdata generators add`


def same_sources(known: Pipeline | None, given: Pipeline | None) -> bool:
    """Whether a pipeline has the sources and the script that the user declares.

    Args:
        known: in the catalogue; None = it is no pipeline.
        given: by the user; None = nothing, so what was declared before still holds.
    """
    if known is None or given is None:
        return given is None
    ours, theirs = (
        sorted(one.model_dump_json(exclude=_FOUND) for one in pipeline.sources)
        for pipeline in (known, given)
    )
    return ours == theirs and known.script == given.script


def without_sources(root: Path) -> str:
    """A warning about a repository of class M that is added like a generator.

    Args:
        root: its folder.
    """
    found = proposals(path.read_bytes() for path in sorted(root.rglob("*.py")))
    named = f"; its code names {', '.join(found)}" if found else ""
    return f"if it converts raw data, add it again with --replace --source URL=PLACE{named}"
