"""Exports are read back by the rules of the programs that they are for."""

from __future__ import annotations

from pathlib import Path

from support.builders import build_finished_run, make_plan, png
from support.cli import called
from support.exports.command import exported
from support.exports.readers import read_bench, read_jsonl, read_pro, read_vbvr
from support.exports.runs import KEY_FRAMES, SAMPLES, ids, own_metadata
from vrdata.store.file.store import FileStore


def test_vbvr_has_the_folders_files_and_metadata_of_the_generators(
    runs: dict[str, Path], tmp_path: Path
) -> None:
    exported(runs["webdataset"], tmp_path / "out", "--layout", "vbvr")
    assert called("verify", tmp_path / "out").code == 0
    found = read_vbvr(tmp_path / "out")
    assert list(found) == sorted(ids())
    for folder, metadata in found.items():
        own = own_metadata(int(folder[-8:]))
        assert metadata["parameters"] == own["parameters"]
        assert metadata["ground_truth"] == own["ground_truth"]
        names = {path.name for path in (tmp_path / "out" / folder).iterdir()}
        assert names >= {"question_metadata.json", "grid.npy", "final_frame.png"}
        assert not any(name.endswith((".json.txt", ".bin")) for name in names)


def test_bench_numbers_the_instances_of_a_task(runs: dict[str, Path], tmp_path: Path) -> None:
    exported(runs["webdataset"], tmp_path / "In-Domain_50", "--layout", "bench")
    assert called("verify", tmp_path / "In-Domain_50").code == 0
    found = read_bench(tmp_path / "In-Domain_50")
    assert {task: len(instances) for task, instances in found.items()} == SAMPLES
    assert [one["ground_truth"] for one in found["O-1_maze"]] == [
        own_metadata(at)["ground_truth"] for at in range(5)
    ]


def test_pro_has_both_sides_with_all_key_frames(runs: dict[str, Path], tmp_path: Path) -> None:
    exported(runs["webdataset"], tmp_path / "out", "--layout", "pro")
    found = {one.folder: one for one in read_pro(tmp_path / "out")}
    assert sorted(found) == sorted(ids())
    for one in found.values():
        assert len(one.frames) == KEY_FRAMES
        assert one.image_prompt.startswith("Draw step by step")
        assert one.prompt.startswith("Move the")
        assert one.frame_rate == one.video.fps
    tenth = tmp_path / "out" / ids()[3] / "image/frame_10.png"
    assert tenth.read_bytes() == png(3010)


def test_pro_takes_the_final_frame_of_a_sample_without_key_frames(tmp_path: Path) -> None:
    build_finished_run(FileStore(tmp_path / "run"), make_plan({"O-1_maze": 2}))
    exported(tmp_path / "run", tmp_path / "out", "--layout", "pro")
    for one in read_pro(tmp_path / "out"):
        final = tmp_path / "out" / one.folder / "video/final_frame.png"
        assert (tmp_path / "out" / one.folder / "image/frame_1.png").read_bytes() == (
            final.read_bytes()
        )
        assert (len(one.frames), one.image_prompt) == (1, one.prompt)
        assert one.frame_rate == one.video.fps


def test_jsonl_has_a_line_for_each_sample(runs: dict[str, Path], tmp_path: Path) -> None:
    answer = exported(runs["webdataset"], tmp_path / "out", "--layout", "jsonl")
    rows = read_jsonl(tmp_path / "out")
    assert [Path(row["video"]).parent.as_posix() for row in rows] == ids()
    assert (answer["samples"], answer["written"]) == (len(rows), 2 * len(rows) + 1)
