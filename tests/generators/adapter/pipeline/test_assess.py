"""Trials show how a pipeline generates its samples."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.pipelines import flip
from support.pipelines.assessed import assessed
from vrdata.errors import InvalidInputError
from vrdata.plan.pipelines import Step

pytestmark = pytest.mark.slow


def test_the_method_that_generates_a_sample_is_found_and_slices_are_proven(tmp_path: Path) -> None:
    root = flip.write_repository(tmp_path / "repository")
    found = assessed(root, flip.write_pictures(tmp_path / "pictures", 6, black=(1,)))
    step = Step(module="src.pipeline", name="TaskPipeline.process_sample", item="path")
    assert found.pipeline.step == step
    assert found.pipeline.sliced, found.pipeline.whole
    assert found.deterministic
    assert found.pipeline.files == (
        "final_frame.png",
        "first_frame.png",
        "metadata.json",
        "prompt.txt",
    )
    assert sorted(found.trial.samples) == [0, 2, 3, 4]
    assert found.trial.invalid == (
        "SkippedItem: raw/001.png: the script wrote no sample; it printed: [skip] 001.png: black",
    )


def test_a_pipeline_without_its_data_is_refused_with_what_it_prints(tmp_path: Path) -> None:
    root = flip.write_repository(tmp_path / "repository")
    with pytest.raises(InvalidInputError) as refused:
        assessed(root, flip.write_pictures(tmp_path / "pictures", 2), place="elsewhere")
    assert "0 samples" in str(refused.value)
    assert "--source URL=PLACE" in str(refused.value)
