"""Verification finds every kind of damage and names the object."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from support.builders import build_finished_run, build_run, make_plan, png
from support.cli import vrdata, write_run
from support.memorystore import MemoryStore
from vrdata.dataset import layout
from vrdata.dataset.verify import verify
from vrdata.errors import InvalidInputError, NotFoundError
from vrdata.model import OutputFormat

NAME = "O-1_maze"
TAR = layout.shard_tar_key(NAME, 0)
MARKER = layout.commit_key(NAME, 0)
Damage = Callable[[MemoryStore], None]


def finished(output_format: OutputFormat = "webdataset") -> MemoryStore:
    store = MemoryStore()
    build_finished_run(store, make_plan({NAME: 5}, output_format=output_format))
    return store


@pytest.mark.parametrize("output_format", ["webdataset", "tar", "files"])
def test_an_undamaged_run_is_verified_with_the_hash_it_was_given(
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
    for output_format in ("webdataset", "tar", "files"):
        for shard_blocks in (1, 2, 3):
            store = MemoryStore()
            plan = make_plan({NAME: 5}, output_format=output_format, shard_blocks=shard_blocks)
            hashes.add(build_finished_run(store, plan).dataset_hash)
    assert len(hashes) == 1


def flip(store: MemoryStore, key: str, at: int) -> None:
    body = bytearray(store.objects[key])
    body[at] ^= 1
    store.objects[key] = bytes(body)


def flip_in_a_member(store: MemoryStore) -> None:
    flip(store, TAR, store.objects[TAR].index(b"IDAT") + 6)


def cut(store: MemoryStore) -> None:
    store.objects[TAR] = store.objects[TAR][:3000]


def remove_data(store: MemoryStore) -> None:
    del store.objects[TAR]


def remove_marker(store: MemoryStore) -> None:
    del store.objects[MARKER]


def add_a_shard(store: MemoryStore) -> None:
    store.objects[layout.shard_tar_key(NAME, 77)] = b"x"


def add_a_marker(store: MemoryStore) -> None:
    store.objects[layout.commit_key(NAME, 77)] = store.objects[MARKER]


def swap_shards(store: MemoryStore) -> None:
    other = layout.shard_tar_key(NAME, 1)
    store.objects[TAR], store.objects[other] = store.objects[other], store.objects[TAR]


def swap_markers(store: MemoryStore) -> None:
    other = layout.commit_key(NAME, 1)
    store.objects[MARKER], store.objects[other] = store.objects[other], store.objects[MARKER]


def break_the_marker(store: MemoryStore) -> None:
    store.objects[MARKER] = store.objects[MARKER][:-20]


def drop_a_sample_from_the_marker(store: MemoryStore) -> None:
    marker = json.loads(store.objects[MARKER])
    marker["samples"] = marker["samples"][1:]
    store.objects[MARKER] = json.dumps(marker).encode()


def marker_of_another_plan(store: MemoryStore) -> None:
    marker = json.loads(store.objects[MARKER])
    marker["plan"] = "sha256:" + "0" * 64
    store.objects[MARKER] = json.dumps(marker).encode()


def append_a_member(store: MemoryStore) -> None:
    body = io.BytesIO(store.objects[TAR])
    with tarfile.open(fileobj=body, mode="a") as archive:
        info = tarfile.TarInfo(f"{NAME}-00000099.prompt.txt")
        info.size = 4
        archive.addfile(info, io.BytesIO(b"more"))
    store.objects[TAR] = body.getvalue()


def wrong_success(store: MemoryStore) -> None:
    store.objects[layout.SUCCESS] = b"0" * 64


def remove_success(store: MemoryStore) -> None:
    del store.objects[layout.SUCCESS]


def wrong_summary(store: MemoryStore) -> None:
    summary = json.loads(store.objects[layout.DATASET])
    summary["samples"] += 1
    store.objects[layout.DATASET] = json.dumps(summary).encode()


def remove_summary(store: MemoryStore) -> None:
    del store.objects[layout.DATASET]


def break_the_index(store: MemoryStore) -> None:
    store.objects[layout.INDEX] = b"PAR1 nothing"


def remove_the_index(store: MemoryStore) -> None:
    del store.objects[layout.INDEX]


@pytest.mark.parametrize(
    ("damage", "kind", "where"),
    [
        (flip_in_a_member, "ChecksumMismatch", TAR),
        (cut, "ChecksumMismatch", TAR),
        (remove_data, "MissingObject", TAR),
        (remove_marker, "MissingShard", MARKER),
        (add_a_shard, "ExtraObject", layout.shard_tar_key(NAME, 77)),
        (add_a_marker, "ExtraMarker", layout.commit_key(NAME, 77)),
        (swap_shards, "ExtraFile", TAR),
        (swap_markers, "DamagedMarker", MARKER),
        (break_the_marker, "DamagedMarker", MARKER),
        (drop_a_sample_from_the_marker, "WrongSamples", MARKER),
        (marker_of_another_plan, "ForeignPlan", MARKER),
        (append_a_member, "ExtraFile", TAR),
        (wrong_success, "HashMismatch", layout.SUCCESS),
        (remove_success, "NotFinished", layout.SUCCESS),
        (wrong_summary, "DamagedSummary", layout.DATASET),
        (remove_summary, "DamagedSummary", layout.DATASET),
        (break_the_index, "DamagedIndex", layout.INDEX),
        (remove_the_index, "DamagedIndex", layout.INDEX),
    ],
)
def test_damage_is_found_and_named(damage: Damage, kind: str, where: str) -> None:
    store = finished()
    damage(store)
    report = verify(store)
    assert not report.ok
    found = {(problem.kind, problem.where.partition(":")[0]) for problem in report.problems}
    assert (kind, where) in found, report.problems


def remade(change: Callable[[dict[str, bytes]], None]) -> MemoryStore:
    """A run whose sample 3 was changed before it was packed: every checksum is right."""
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
def test_a_broken_sample_with_right_checksums_is_found(
    change: Callable[[dict[str, bytes]], None], kind: str
) -> None:
    report = verify(remade(change))
    wrong = [problem for problem in report.problems if problem.kind == kind]
    assert len(wrong) == 1, report.problems
    assert "00000003" in wrong[0].where


def test_another_samples_metadata_is_found() -> None:
    def swap(files: dict[str, bytes]) -> None:
        metadata = json.loads(files["metadata.json"])
        metadata["task_id"] = "maze_00000001"
        files["metadata.json"] = json.dumps(metadata).encode()

    kinds = [problem.kind for problem in verify(remade(swap)).problems]
    assert "BadMetadata" in kinds


def test_a_video_cut_in_the_middle_is_found_only_by_a_deep_look(tmp_path: Path) -> None:
    def cut_video(files: dict[str, bytes]) -> None:
        body = bytearray(files["ground_truth.mp4"])
        start = body.index(b"mdat") + 900  # behind the first frame
        body[start : start + 200] = bytes(200)
        files["ground_truth.mp4"] = bytes(body)

    store = remade(cut_video)
    deep = [problem.where for problem in verify(store, deep=True).problems]
    assert any("ground_truth.mp4" in where for where in deep)


def test_without_decoding_only_checksums_are_compared() -> None:
    def break_picture(files: dict[str, bytes]) -> None:
        files["first_frame.png"] = b"not a picture"

    report = verify(remade(break_picture), decode=False)
    assert "PngUndecodable" not in report.problem_counts
    assert report.decoded == "no"


def test_many_problems_are_counted_and_the_first_are_kept() -> None:
    store = MemoryStore()
    plan = make_plan({NAME: 60})
    build_run(store, plan, change=lambda _index, files: files.update({"prompt.txt": b""}))
    report = verify(store)
    assert report.problem_counts["BadPrompt"] == 60
    assert sum(problem.kind == "BadPrompt" for problem in report.problems) == 20


def test_equal_pictures_are_not_a_problem() -> None:
    store = MemoryStore()
    build_run(
        store,
        make_plan({NAME: 5}),
        change=lambda _index, files: files.update({"first_frame.png": png(1)}),
    )
    assert set(verify(store).problem_counts) == {"NotFinished"}


def test_nothing_there_is_not_found() -> None:
    with pytest.raises(NotFoundError):
        verify(MemoryStore())


def test_a_damaged_plan_is_said() -> None:
    store = finished()
    store.objects[layout.PLAN] = b"{"
    with pytest.raises(InvalidInputError, match=r"plan\.json"):
        verify(store)


@pytest.mark.slow
def test_the_command_ends_with_0_1_or_5_and_prints_the_hash(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run.yaml", {"O-sliding-tiles": 5})
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
