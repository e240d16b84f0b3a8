"""The dataset card: the columns with which `datasets` reads a run."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from support.builders import build_finished_run, make_plan
from support.memorystore import MemoryStore
from vrdata.dataset import layout
from vrdata.dataset.finish.card import card
from vrdata.dataset.finish.summary import MAX_FILE_NAMES, DatasetSummary, FileNames
from vrdata.dataset.verify.run import verify
from vrdata.model import OutputFormat
from vrdata.plan.sources import PlannedPlace

NAME = "O-1_maze"
REGULAR = [
    "__key__",
    "__url__",
    "final_frame.png",
    "first_frame.png",
    "ground_truth.mp4",
    "metadata.json",
    "prompt.txt",
]


def finished(output_format: OutputFormat = "webdataset") -> tuple[MemoryStore, DatasetSummary]:
    """A run whose last sample has two more files."""

    def add(index: int, files: dict[str, bytes]) -> None:
        if index == 4:
            files |= {"hint.png": files["first_frame.png"], "layout.json.txt": b"{}", "on": b"x"}

    store = MemoryStore()
    plan = make_plan({NAME: 5}, output_format=output_format)
    return store, build_finished_run(store, plan, change=add)


def front_matter(body: bytes) -> Any:
    return yaml.safe_load(body.decode().split("---\n")[1])


def test_the_card_lists_every_file_of_every_sample_with_its_type() -> None:
    store, summary = finished()
    front = front_matter(store.objects[layout.CARD])
    features = {one["name"]: one for one in front["dataset_info"]["features"]}
    assert list(features) == sorted([*REGULAR, "hint.png", "layout.json.txt", "on"])
    types = {name: one.get("dtype", "struct") for name, one in features.items()}
    assert types["hint.png"] == "image"
    assert types["ground_truth.mp4"] == "video"
    assert types["layout.json.txt"] == types["prompt.txt"] == "string"
    assert types["on"] == "binary"
    assert types["metadata.json"] == "struct"
    assert front["configs"][0]["data_files"] == [{"split": "train", "path": "shards/*/*.tar"}]
    assert store.objects[layout.CARD] == card(summary)


@pytest.mark.parametrize("output_format", ["tar", "files"])
def test_the_card_of_another_format_names_the_index(output_format: OutputFormat) -> None:
    store, _ = finished(output_format)
    front = front_matter(store.objects[layout.CARD])
    assert front["configs"][0]["data_files"] == [{"split": "train", "path": "index/*.parquet"}]
    assert "dataset_info" not in front


def changed(store: MemoryStore) -> None:
    store.objects[layout.CARD] += b"more\n"


def removed(store: MemoryStore) -> None:
    del store.objects[layout.CARD]


@pytest.mark.parametrize("damage", [changed, removed])
def test_verify_finds_a_damaged_card(damage: Callable[[MemoryStore], None]) -> None:
    store, _ = finished()
    damage(store)
    (problem,) = verify(store, decode=False).problems
    assert (problem.kind, problem.where) == ("DamagedSummary", layout.CARD)


def test_verify_finds_a_summary_with_other_file_names() -> None:
    store, summary = finished()
    other = summary.model_copy(update={"file_names": summary.file_names[1:]})
    store.objects[layout.DATASET] = other.to_json()
    store.objects[layout.CARD] = card(other)
    (problem,) = verify(store, decode=False).problems
    assert (problem.kind, problem.where) == ("DamagedSummary", layout.DATASET)


def test_the_first_names_are_kept_in_whatever_order_they_come() -> None:
    names = [f"n{number:05d}.png" for number in range(MAX_FILE_NAMES + 50)]
    kept = []
    for order in (names, names[::-1], names[500:] + names[:500]):
        found = FileNames()
        for name in order * 2:
            found.add(name)
        assert found.unlisted
        kept.append(found.sorted())
    assert kept[0] == kept[1] == kept[2] == tuple(names[:MAX_FILE_NAMES])


def test_a_card_says_that_it_does_not_list_every_file() -> None:
    _, summary = finished()
    assert b"other names" not in card(summary)
    assert b"other names" in card(summary.model_copy(update={"unlisted_file_names": True}))


SOURCE = {
    "place": "raw",
    "url": "/home/someone/scans",
    "revision": "c" * 40,
    "items": 5,
    "bytes": 500,
    "digest": "sha256:" + "a" * 64,
    "licence": "cc-by-4.0",
    "terms": "No faces.\n# Not | <b>a heading</b>",
}


def with_places(*places: dict[str, Any]) -> tuple[MemoryStore, DatasetSummary]:
    """A finished run whose first generator is a pipeline."""
    plan = make_plan({"M-1": 2, "O-1": 1})
    found = tuple(PlannedPlace.model_validate(one) for one in places)
    first = plan.generators[0].model_copy(update={"places": found})
    store = MemoryStore()
    planned = plan.model_copy(update={"generators": (first, *plan.generators[1:])})
    return store, build_finished_run(store, planned)


def test_the_sources_of_a_pipeline_are_in_the_summary_without_folders_of_a_machine() -> None:
    other = {"place": "b", "url": "s3://bucket/b", "items": 1, "digest": SOURCE["digest"]}
    store, summary = with_places(other, SOURCE)
    stored = json.loads(store.objects[layout.DATASET])
    assert summary.to_dict() == stored
    sources = {one["name"]: one.get("sources") for one in stored["generators"]}
    assert sources == {
        "M-1": [
            {
                "place": "b",
                "url": "s3://bucket/b",
                "digest": SOURCE["digest"],
                "files": 1,
                "bytes": 0,
            },
            {key: value for key, value in SOURCE.items() if key != "items"}
            | {"url": "scans", "files": 5},
        ],
        "O-1": None,
    }
    assert verify(store).ok


def test_the_card_has_the_sources_of_a_pipeline_with_their_terms_as_text() -> None:
    store, _ = with_places(SOURCE)
    text = store.objects[layout.CARD].decode()
    revision, digest = SOURCE["revision"], SOURCE["digest"]
    assert (
        f"## Sources\n\n- M-1 reads `scans` at `{revision}` as `raw`, digest `{digest}`, "
        "licence `cc-by-4.0`\n    - terms: `No faces. # Not | <b>a heading</b>`\n\nDataset hash"
    ) in text


def test_long_terms_are_not_cut_in_the_card() -> None:
    terms = "Ask the owner of each scan. " * 100
    store, _ = with_places(SOURCE | {"terms": terms})
    assert terms.strip() in store.objects[layout.CARD].decode()
