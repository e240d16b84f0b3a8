"""Small catalogues, runs and plans for tests of planning."""

from __future__ import annotations

import hashlib
from typing import Any

from vrdata.api.run import GenerationRun
from vrdata.plan.build import build_plan
from vrdata.plan.catalogue import Catalogue, CatalogueEntry
from vrdata.plan.planned import Plan

VERSIONS = {"python": "3.11", "av": "14.0"}


def entry(name: str, /, **changes: Any) -> CatalogueEntry:
    """An entry whose class is the first letter of its name; `changes` in camelCase."""
    values = {
        "name": name,
        "class": name[0],
        "kind": "repository",
        "digest": "sha256:" + hashlib.sha256(name.encode()).hexdigest(),
    }
    return CatalogueEntry.model_validate(values | changes)


def catalogue(*entries: CatalogueEntry | str) -> Catalogue:
    """A catalogue of entries, or of names."""
    return Catalogue(
        generators=tuple(
            item if isinstance(item, CatalogueEntry) else entry(item) for item in entries
        )
    )


def make_run(*generators: str | dict[str, Any], **spec: Any) -> GenerationRun:
    """A run of 100 samples of each generator; `spec` in camelCase."""
    items = [{"name": item} if isinstance(item, str) else item for item in generators]
    return GenerationRun.model_validate(
        {"metadata": {"name": "demo"}, "spec": {"samples": 100, "generators": items} | spec}
    )


def planned(run: GenerationRun, *entries: CatalogueEntry | str, **options: Any) -> Plan:
    """The plan of a run with a catalogue of these entries."""
    return build_plan(run, catalogue(*entries), **({"versions": VERSIONS} | options))
