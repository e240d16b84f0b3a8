"""Whole reports of runs in every format, finished, unfinished and damaged."""

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from support.builders import build_run, make_plan, put_object
from support.markers import data_keys
from support.memorystore import MemoryStore
from vrdata.dataset import layout
from vrdata.dataset.commits import read_head
from vrdata.dataset.manifest import ShardManifest
from vrdata.dataset.outputs import write_outputs
from vrdata.dataset.report.build import make_report
from vrdata.dataset.report.cards import make as cards
from vrdata.dataset.report.cards.choose import PER_GENERATOR
from vrdata.errors import NotFoundError
from vrdata.model import OutputFormat
from vrdata.plan.planned import Plan
from vrdata.store.opening import PrefixedStore
from vrdata.store.port import StorageError

SAMPLES = {"O-1_maze": 5, "G-2_rooms": 3}
FORMATS: tuple[OutputFormat, ...] = ("webdataset", "tar", "files", "parquet")


def finished_run(plan: Plan, store: MemoryStore | None = None, **options: Any) -> MemoryStore:
    store = store or MemoryStore()
    build_run(store, plan, **options)
    write_outputs(store, plan, detect=False)
    return store


def report_of(store: MemoryStore, prefix: str = layout.REPORT) -> dict[str, bytes]:
    return {
        key.removeprefix(prefix): body
        for key, body in store.objects.items()
        if key.startswith(prefix)
    }


def cards_of(report: Mapping[str, bytes]) -> list[dict[str, Any]]:
    text = report["cards.js"].decode()
    found: list[dict[str, Any]] = json.loads(text.removeprefix("window.vrdataCards=").rstrip(";\n"))
    return found


@pytest.mark.parametrize("output_format", FORMATS)
def test_a_finished_run_has_a_report_with_every_file_that_it_names(
    output_format: OutputFormat,
) -> None:
    report = report_of(finished_run(make_plan(SAMPLES, output_format=output_format)))
    shown = cards_of(report)
    assert [card["id"] for card in shown] == [
        *(f"maze_{at:08d}" for at in range(5)),
        *(f"rooms_{at:08d}" for at in range(3)),
    ]
    named = {card[part] for card in shown for part in ("first", "final", "clip")}
    assert len(named) == 3 * 8
    assert named == {key for key in report if key.startswith("media/")}
    assert all(card["prompt"].startswith("Move the") for card in shown)
    assert not any(card["notes"] for card in shown)
    page = report["index.html"].decode()
    local = set(re.findall(r'(?:src|href)="([^"#]+)"', page))
    assert local == set(report) - named - {"index.html"}


def test_the_pictures_are_the_same_in_every_format() -> None:
    reports = [report_of(finished_run(make_plan(SAMPLES, output_format=one))) for one in FORMATS]
    media = [{k: v for k, v in one.items() if k.startswith("media/")} for one in reports]
    assert media[0] == media[1] == media[2]


def test_equal_runs_have_equal_reports() -> None:
    plan = make_plan(SAMPLES)
    assert report_of(finished_run(plan)) == report_of(finished_run(plan))


def test_success_is_written_after_the_page_and_the_page_after_its_files() -> None:
    store = finished_run(make_plan(SAMPLES))
    order = [key for key in store.objects if key.startswith((layout.REPORT, layout.SUCCESS))]
    assert order[-2:] == ["report/index.html", "_SUCCESS"]


def test_finalising_again_does_not_write_the_report_again() -> None:
    plan = make_plan(SAMPLES)
    store = finished_run(plan)
    before = dict(store.objects)
    store.requests.clear()
    write_outputs(store, plan, detect=False)
    assert store.objects == before
    assert store.requests["put_new"] == 0


def test_a_report_without_its_page_is_written_again() -> None:
    plan = make_plan(SAMPLES)
    store = finished_run(plan)
    before = dict(store.objects)
    del store.objects["report/index.html"], store.objects["report/report.css"]
    write_outputs(store, plan, detect=False)
    assert store.objects == before


def test_a_report_written_later_has_the_same_files() -> None:
    store = finished_run(make_plan(SAMPLES))
    make_report(store, PrefixedStore(store, "elsewhere/"))
    assert report_of(store, "elsewhere/") == report_of(store)


def test_an_older_report_is_replaced_and_its_previews_are_removed() -> None:
    store = finished_run(make_plan(SAMPLES))
    before = report_of(store)
    store.objects["report/index.html"] = b"old page"
    put_object(store, "report/media/O-1_maze/00000077-first.png", b"old picture")
    put_object(store, "report/notes.txt", b"of the user")
    make_report(store, PrefixedStore(store, layout.REPORT))
    assert report_of(store) == before | {"notes.txt": b"of the user"}


def test_the_number_of_cards_is_bounded() -> None:
    store = finished_run(make_plan({"O-a": 60}, block_size=10))
    report = report_of(store)
    assert len(cards_of(report)) == PER_GENERATOR
    assert len([key for key in report if key.startswith("media/")]) == 3 * PER_GENERATOR


def test_failed_samples_are_listed_with_their_reason() -> None:
    store = finished_run(make_plan(SAMPLES), failed={("O-1_maze", 1)})
    report = report_of(store)
    assert "EmptyPrompt" in report["index.html"].decode()
    assert "first at sample 1" in report["index.html"].decode()
    assert len(cards_of(report)) == 7


def test_a_run_whose_samples_all_failed_has_a_report() -> None:
    store = finished_run(make_plan({"O-a": 2}), failed={("O-a", 0), ("O-a", 1)})
    assert cards_of(report_of(store)) == []


@pytest.mark.parametrize("output_format", FORMATS)
def test_the_report_of_an_unfinished_run_shows_its_samples_and_failures(
    output_format: OutputFormat,
) -> None:
    plan = make_plan(SAMPLES, output_format=output_format)
    store = MemoryStore()
    build_run(store, plan, skip={("O-1_maze", 0)})
    record = json.dumps({"reason": "OutOfMemory", "message": "killed at 2 GiB", "sample": 1})
    put_object(store, layout.failure_key("O-1_maze", 0, 1), record.encode())
    facts = make_report(store, PrefixedStore(store, "page/"))
    assert (facts.finished, facts.dataset_hash, facts.samples, facts.shards) == (False, "", 4, 2)
    assert [(one.reason, one.sample) for one in facts.failures] == [("OutOfMemory", 1)]
    assert len(cards_of(report_of(store, "page/"))) == 4


def test_without_a_run_there_is_no_report() -> None:
    store = MemoryStore()
    with pytest.raises(NotFoundError, match="no run"):
        make_report(store, PrefixedStore(store, "page/"))
    assert store.objects == {}


@pytest.mark.parametrize("output_format", FORMATS)
def test_the_card_of_a_damaged_sample_says_so(output_format: OutputFormat) -> None:
    plan = make_plan({"O-1_maze": 2}, output_format=output_format)
    store = finished_run(plan)
    damage(store, read_head(store, "O-1_maze", 0))
    make_report(store, PrefixedStore(store, "page/"))
    card = cards_of(report_of(store, "page/"))[1]
    assert card["prompt"] == ""
    assert any("prompt.txt" in note or "archive" in note for note in card["notes"])


def damage(store: MemoryStore, manifest: ShardManifest) -> None:
    """Change a byte of the last sample's prompt, or cut the archive where that cannot be."""
    key = data_keys(store, manifest)[-1]
    body = store.objects[key]
    if manifest.format == "tar":
        store.objects[key] = body[: len(body) // 2].ljust(len(body), b"\0")
    else:
        at = body.rindex(b"Move the")
        store.objects[key] = body[:at] + b"m" + body[at + 1 :]


def test_the_card_names_a_missing_file() -> None:
    store = finished_run(make_plan({"O-1_maze": 1}, output_format="files"))
    del store.objects["questions/O-1_maze/maze_task/maze_00000000/final_frame.png"]
    make_report(store, PrefixedStore(store, "page/"))
    (card,) = cards_of(report_of(store, "page/"))
    assert card["final"] == ""
    assert card["first"]
    assert len(card["notes"]) == 1
    assert "final_frame.png cannot be read" in card["notes"][0]


def test_the_card_names_files_that_browsers_cannot_show() -> None:
    def change(_index: int, files: dict[str, bytes]) -> None:
        files["first_frame.png"] = b"GIF89a"

    store = finished_run(make_plan({"O-1_maze": 1}), change=change)
    (card,) = cards_of(report_of(store))
    assert card["first"] == ""
    assert card["notes"] == ["no preview of first_frame.png: it is not a PNG image"]


def test_huge_files_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cards, "MAX_FILE", 300)
    store = finished_run(make_plan({"O-1_maze": 1}))
    (card,) = cards_of(report_of(store))
    assert card["clip"] == ""
    assert card["prompt"]
    assert [note for note in card["notes"] if "ground_truth.mp4 is too large to show" in note]


def test_samples_without_a_video_or_metadata_have_a_card() -> None:
    def change(_index: int, files: dict[str, bytes]) -> None:
        del files["ground_truth.mp4"], files["metadata.json"], files["final_frame.png"]

    store = finished_run(make_plan({"O-1_maze": 1}), change=change)
    (card,) = cards_of(report_of(store))
    assert (card["clip"], card["video"], card["metadata"], card["final"]) == ("", "", "", "")
    assert card["first"]
    assert card["notes"] == []


def test_a_store_that_fails_ends_the_report(monkeypatch: pytest.MonkeyPatch) -> None:
    store = finished_run(make_plan(SAMPLES))

    def fail(*_args: object) -> bytes:
        raise StorageError("the disk is gone")

    monkeypatch.setattr(cards, "read_file", fail)
    with pytest.raises(StorageError, match="gone"):
        make_report(store, PrefixedStore(store, "page/"))
    assert "page/index.html" not in store.objects
