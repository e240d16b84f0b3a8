"""dataset_info.txt, the parameters file and failures.jsonl."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from vrdata.local.importing.known import KNOWN
from vrdata.local.importing.places import Places, places_of
from vrdata.local.importing.records import (
    FAILURES,
    INFO,
    PARAMETERS,
    ImportRecord,
    write_records,
)
from vrdata.local.importing.request import import_request

FAILURE = {"id": "vtb_test_00003", "reason": "InvalidItem", "message": "no image"}


def record(*, limit: int = 10, date: str = "2026-01-01T00:00:00+00:00") -> ImportRecord:
    return ImportRecord(
        request=import_request(KNOWN[0], limit=limit),
        date=date,
        revision="c0ffee",
        licence="mit",
        samples=9,
        failed_samples=1,
        dataset_hash="sha256:1",
        plan="sha256:2",
        python_version="3.11.0",
        dependencies={"numpy": "2"},
    )


@pytest.fixture
def places(tmp_path: Path) -> Places:
    found = places_of(str(tmp_path / "data/questions"))
    found.output.mkdir(parents=True)
    return found


def read(places: Places) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted(places.output.iterdir())}


def parameters(places: Places) -> Any:
    return json.loads((places.output / PARAMETERS).read_bytes())


def test_memory_does_not_grow_with_the_number_of_skipped_items(places: Places) -> None:
    failures = ({"id": f"vtb_test_{at:06d}", "message": "no image" * 100} for at in range(20_000))
    tracemalloc.start()
    try:
        write_records(places, "a", record(), failures)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    found = (places.output / FAILURES).read_bytes()
    assert len(found.splitlines()) == 20_000
    assert peak < len(found) / 2


def test_the_files_name_dataset_split_date_and_revision(places: Places) -> None:
    assert write_records(places, "a", record(), [FAILURE]) == ()
    lines = (places.output / INFO).read_text().splitlines()
    assert lines[:3] == ["videothinkbench", "split: test", "date: 2026-01-01T00:00:00+00:00"]
    assert "revision: c0ffee" in lines
    found = parameters(places)
    assert (found["dataset"], found["split"], found["limit"]) == ("videothinkbench", "test", 10)
    assert (found["revision"], found["python_version"]) == ("c0ffee", "3.11.0")
    assert found["dependencies"] == {"numpy": "2"}
    assert json.loads((places.output / FAILURES).read_text()) == FAILURE


def test_a_source_without_splits_names_none(places: Places) -> None:
    known = record()
    request = known.request.model_copy(update={"split": ""})
    write_records(places, "a", known.model_copy(update={"request": request}), [])
    assert "split" not in (places.output / INFO).read_text()
    assert parameters(places)["split"] is None


def test_the_same_import_again_changes_no_byte(places: Places) -> None:
    write_records(places, "a", record(), [FAILURE])
    before = read(places)
    write_records(places, "a", record(date="2026-02-02T00:00:00+00:00"), [FAILURE])
    assert read(places) == before


def test_a_second_import_is_added_and_equal_failures_are_listed_once(places: Places) -> None:
    write_records(places, "a", record(), [FAILURE])
    later = record(limit=0, date="2026-02-02T00:00:00+00:00")
    write_records(places, "b", later, [FAILURE, FAILURE | {"id": "vtb_test_00044"}])
    assert (places.output / INFO).read_text().count("videothinkbench\n") == 2
    assert parameters(places)["limit"] is None
    assert len((places.output / FAILURES).read_text().splitlines()) == 2


def test_without_failures_there_is_no_list_of_failures(places: Places) -> None:
    write_records(places, "a", record(), [])
    assert not (places.output / FAILURES).exists()
    write_records(places, "a", record(), [FAILURE])
    write_records(places, "a", record(), [])
    assert not (places.output / FAILURES).exists()


@pytest.mark.parametrize("name", [INFO, PARAMETERS, FAILURES])
def test_a_file_that_somebody_else_wrote_is_kept_and_named(name: str, places: Places) -> None:
    (places.output / name).write_text("mine")
    assert write_records(places, "a", record(), [FAILURE]) == (places.output / name,)
    assert (places.output / name).read_text() == "mine"


def test_an_edited_file_is_kept(places: Places) -> None:
    write_records(places, "a", record(), [])
    with (places.output / INFO).open("a") as stream:
        stream.write("my note\n")
    later = record(limit=0)
    assert write_records(places, "b", later, []) == (places.output / INFO,)
    assert "my note" in (places.output / INFO).read_text()


def test_a_damaged_record_of_an_earlier_import_is_ignored(places: Places) -> None:
    write_records(places, "a", record(), [])
    (places.records / "imports/z.json").write_text("{")
    assert write_records(places, "a", record(), []) == ()
