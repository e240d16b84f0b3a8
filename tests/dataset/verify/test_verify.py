"""Verification finds every kind of damage and names the object."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from support.builders import build_finished_run, build_run, make_plan, png
from support.cli import vrdata, write_run
from support.datasets import damage
from support.datasets.damage import MARKER, NAME, TAR
from support.memorystore import MemoryStore
from vrdata.dataset import layout
from vrdata.dataset.verify.run import verify
from vrdata.errors import InvalidInputError, NotFoundError
from vrdata.model import OutputFormat

Damage = Callable[[MemoryStore], None]


def finished(output_format: OutputFormat = "webdataset") -> MemoryStore:
    store = MemoryStore()
    build_finished_run(store, make_plan({NAME: 5}, output_format=output_format))
    return store


@pytest.mark.parametrize("output_format", ["webdataset", "tar", "files", "parquet"])
def test_an_undamaged_run_is_verified_with_the_hash_that_the_run_stored(
    output_format: OutputFormat,
) -> None:
    store = MemoryStore()
    summary = build_finished_run(store, make_plan({NAME: 5}, output_format=output_format))
    report = verify(store, deep=True)
    assert report.ok, report.problems
    assert report.samples == 5
    assert report.dataset_hash == summary.dataset_hash
    assert report.index == "verified"


def test_the_hash_does_not_depend_on_format_or_shards() -> None:
    hashes = set()
    for output_format in ("webdataset", "tar", "files", "parquet"):
        for shard_blocks in (1, 2, 3):
            store = MemoryStore()
            plan = make_plan({NAME: 5}, output_format=output_format, shard_blocks=shard_blocks)
            hashes.add(build_finished_run(store, plan).dataset_hash)
    assert len(hashes) == 1


@pytest.mark.parametrize(
    ("damaged", "kind", "where"),
    [
        (damage.flip_in_a_member, "ChecksumMismatch", TAR),
        (damage.cut, "ChecksumMismatch", TAR),
        (damage.remove_data, "MissingObject", TAR),
        (damage.remove_marker, "MissingShard", MARKER),
        (damage.add_a_shard, "ExtraObject", layout.shard_tar_key(NAME, 77)),
        (damage.add_a_marker, "ExtraMarker", layout.commit_key(NAME, 77)),
        (damage.swap_shards, "ExtraFile", TAR),
        (damage.swap_markers, "DamagedMarker", MARKER),
        (damage.break_the_marker, "DamagedMarker", MARKER),
        (damage.drop_a_sample_from_the_marker, "WrongSamples", MARKER),
        (damage.marker_of_another_plan, "ForeignPlan", MARKER),
        (damage.append_a_member, "ExtraFile", TAR),
        (damage.wrong_success, "HashMismatch", layout.SUCCESS),
        (damage.remove_success, "NotFinished", layout.SUCCESS),
        (damage.wrong_summary, "DamagedSummary", layout.DATASET),
        (damage.remove_summary, "DamagedSummary", layout.DATASET),
        (damage.break_the_index, "DamagedIndex", layout.index_key(NAME)),
        (damage.remove_the_index, "DamagedIndex", layout.index_key(NAME)),
    ],
)
def test_damage_is_found_and_named(damaged: Damage, kind: str, where: str) -> None:
    store = finished()
    damaged(store)
    report = verify(store)
    assert not report.ok
    found = {(problem.kind, problem.where.partition(":")[0]) for problem in report.problems}
    assert (kind, where) in found, report.problems


def test_where_data_is_missing_nothing_says_to_remove_the_index() -> None:
    store = finished()
    damage.remove_data(store)
    advice = [problem.message for problem in verify(store).problems if problem.where == "index/"]
    assert [message.rpartition("; ")[2] for message in advice] == ["restore the data first"]


def run_with_changed_sample(change: Callable[[dict[str, bytes]], None]) -> MemoryStore:
    """A run whose sample 3 was changed before it was packed: every checksum matches."""
    store = MemoryStore()
    plan = make_plan({NAME: 5})
    build_run(store, plan, change=lambda index, files: change(files) if index == 3 else None)
    return store


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda files: files.update({"first_frame.png": b"\x89PNG broken"}), "PngUndecodable"),
        (lambda files: files.update({"first_frame.png": b""}), "PngUndecodable"),
        (lambda files: files.update({"ground_truth.mp4": b"\0" * 500}), "VideoUndecodable"),
        (lambda files: files.update({"ground_truth.mp4": b""}), "VideoUndecodable"),
        (lambda files: files.update({"prompt.txt": b" \n"}), "BadPrompt"),
        (lambda files: files.update({"prompt.txt": b"\xff\xfe"}), "BadPrompt"),
        (lambda files: files.update({"metadata.json": b"[]"}), "BadMetadata"),
        (lambda files: files.pop("prompt.txt"), "MissingFile"),
        (lambda files: files.pop("first_frame.png"), "MissingFile"),
    ],
)
def test_a_broken_sample_with_matching_checksums_is_found(
    change: Callable[[dict[str, bytes]], None], kind: str
) -> None:
    report = verify(run_with_changed_sample(change))
    wrong = [problem for problem in report.problems if problem.kind == kind]
    assert len(wrong) == 1, report.problems
    assert "00000003" in wrong[0].where


def test_metadata_of_another_sample_is_found() -> None:
    def swap(files: dict[str, bytes]) -> None:
        metadata = json.loads(files["metadata.json"])
        metadata["task_id"] = "maze_00000001"
        files["metadata.json"] = json.dumps(metadata).encode()

    kinds = [problem.kind for problem in verify(run_with_changed_sample(swap)).problems]
    assert "BadMetadata" in kinds


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_number_that_json_does_not_have_is_found(number: str) -> None:
    def add(files: dict[str, bytes]) -> None:
        body = files["metadata.json"].rstrip().removesuffix(b"}")
        files["metadata.json"] = body + f', "deep": [{{"score": {number}}}]}}'.encode()

    problem = next(
        one for one in verify(run_with_changed_sample(add)).problems if one.kind == "BadMetadata"
    )
    assert number in problem.message


def test_a_video_with_damage_after_its_first_frame_is_found_with_deep(tmp_path: Path) -> None:
    def cut_video(files: dict[str, bytes]) -> None:
        body = bytearray(files["ground_truth.mp4"])
        start = body.index(b"mdat") + 900  # behind the first frame
        body[start : start + 200] = bytes(200)
        files["ground_truth.mp4"] = bytes(body)

    store = run_with_changed_sample(cut_video)
    deep = [problem.where for problem in verify(store, deep=True).problems]
    assert any("ground_truth.mp4" in where for where in deep)


def test_without_decoding_only_checksums_are_compared() -> None:
    def break_picture(files: dict[str, bytes]) -> None:
        files["first_frame.png"] = b"not a picture"

    report = verify(run_with_changed_sample(break_picture), decode=False)
    assert "PngUndecodable" not in report.problem_counts
    assert report.decoded == "no"


def test_all_problems_are_counted_and_the_first_of_each_kind_are_kept() -> None:
    store = MemoryStore()
    plan = make_plan({NAME: 60})
    build_run(store, plan, change=lambda _index, files: files.update({"prompt.txt": b""}))
    report = verify(store)
    assert report.problem_counts["BadPrompt"] == 60
    assert sum(problem.kind == "BadPrompt" for problem in report.problems) == 20


def test_equal_images_are_not_a_problem() -> None:
    store = MemoryStore()
    build_run(
        store,
        make_plan({NAME: 5}),
        change=lambda _index, files: files.update({"first_frame.png": png(1)}),
    )
    assert set(verify(store).problem_counts) == {"NotFinished"}


def test_a_missing_run_is_not_found() -> None:
    with pytest.raises(NotFoundError):
        verify(MemoryStore())


def test_a_damaged_plan_is_reported() -> None:
    store = finished()
    store.objects[layout.PLAN] = b"{"
    with pytest.raises(InvalidInputError, match=r"plan\.json"):
        verify(store)


@pytest.mark.slow
@pytest.mark.smoke
def test_the_command_ends_with_0_1_or_5_and_prints_the_hash(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run.yaml", {"G-pendulum": 2})
    out = tmp_path / "out"
    made = vrdata("run", run, "--local", "--out", out, "-o", "json")
    good = vrdata("verify", out, "-o", "json")
    assert (good.code, good.json["datasetHash"]) == (0, made.json["datasetHash"])
    shard = next(out.rglob("*.tar"))
    body = bytearray(shard.read_bytes())
    body[len(body) // 2] ^= 1
    shard.write_bytes(body)
    bad = vrdata("verify", out)
    assert bad.code == 1
    assert "NOT verified" in bad.out
    assert shard.name in bad.err
    nothing = vrdata("verify", tmp_path / "empty")
    assert nothing.code == 5
    assert "Traceback" not in nothing.err
