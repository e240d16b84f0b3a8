"""Where an import writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from vrdata.errors import UsageError
from vrdata.local.importing.places import places_of


def test_the_run_is_beside_the_output_and_not_in_it(tmp_path: Path) -> None:
    places = places_of(str(tmp_path / "data/questions/"))
    assert places.runs == tmp_path / "data/.vrdata/questions/runs"
    assert not places.records.is_relative_to(places.output)


def test_a_bucket_is_refused_with_the_two_ways_that_work() -> None:
    with pytest.raises(UsageError, match=r"(?s)upload.*--format webdataset"):
        places_of("s3://bucket/data")


def test_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    with pytest.raises(UsageError, match="is a file"):
        places_of(str(tmp_path / "out"))


def test_the_root_of_the_file_system_is_refused() -> None:
    with pytest.raises(UsageError, match="cannot be the output"):
        places_of("/")
