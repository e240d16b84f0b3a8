"""The figures in the catalogue match a real run."""

from __future__ import annotations

from pathlib import Path

import pytest

from vrdata_generators.adapter.proof.sampling import run_sampling, target_of
from vrdata_generators.builtin.catalogue import builtin_names
from vrdata_worker.image.catalogues import builtin_catalogue


@pytest.mark.slow
@pytest.mark.parametrize("name", builtin_names())
def test_bytes_and_memory_are_about_what_the_catalogue_says(name: str, tmp_path: Path) -> None:
    entry = builtin_catalogue().get(name)
    assert entry is not None
    assert entry.measured is not None
    tested = run_sampling(target_of(entry, tmp_path), samples=6, seed=42)
    assert tested.passed, tested.problems
    # Bytes differ from sample to sample, memory with the versions of the libraries.
    assert 0.6 < tested.bytes_per_sample / entry.measured.bytes_per_sample < 1.6
    assert 0.5 < tested.peak_memory_bytes / entry.measured.peak_memory_bytes < 2
