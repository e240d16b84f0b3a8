"""Generated files are up to date."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import BaseModel

from vrdata.api.profile import GenerationProfile
from vrdata.api.run import GenerationRun

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "script",
    ["generate_docs.py", "generate_crds.py", "generate_dashboards.py", "generate_chart.py"],
)
def test_generated_files_are_current(script: str) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "hack" / script, "--check"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr


def models(model: type[BaseModel]) -> set[type[BaseModel]]:
    """A model and all models of its fields."""
    found, open_ = set(), [model]
    while open_:
        one = open_.pop()
        if one not in found:
            found.add(one)
            for field in one.model_fields.values():
                open_ += _inside(field.annotation)
    return found


def _inside(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [inner for part in getattr(annotation, "__args__", ()) for inner in _inside(part)]


@pytest.mark.parametrize("model", [GenerationRun, GenerationProfile])
def test_every_field_that_a_user_can_set_has_a_description(model: type[BaseModel]) -> None:
    missing = [
        f"{one.__name__}.{name}"
        for one in models(model)
        for name, field in one.model_fields.items()
        if not field.description and name not in {"api_version", "kind"}
    ]
    assert missing == []
