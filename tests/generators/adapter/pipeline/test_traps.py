"""Habits of public pipelines give proven slices, one shard with a reason, or an error."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from support.pipelines import flip
from support.pipelines.assessed import assessed
from support.pipelines.traps import families, habits, loops
from vrdata.errors import InvalidInputError
from vrdata.plan.pipelines import Step

pytestmark = pytest.mark.slow


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    return flip.write_pictures(tmp_path / "pictures", 4)


def test_a_writer_may_add_videos_to_samples_and_files_beside_them(
    tmp_path: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INCREMENTAL_S3_BUCKET", "results")  # it would upload each sample
    flip.write_clip(pictures / "videos" / "clip.mp4")
    root = families.core(tmp_path / "core")
    found = assessed(root, pictures, serves=("s3://original/M-1/",))
    step = ("src.pipeline", "TaskPipeline.process_sample", "path")
    assert found.pipeline.step == Step(module=step[0], name=step[1], item=step[2])
    assert found.pipeline.sliced, found.pipeline.whole
    assert {"boxes.csv", "first_video.mp4"} <= set(found.pipeline.files)
    assert found.pipeline.items == 4  # although the script ends with an error if it writes none
    assert found.warnings == (
        "1 file beside the sample folders is not stored: core_task/_class_distribution.json",
    )
    samples = [found.trial.samples[at] for at in range(4)]
    assert {sample.domain for sample in samples} == {"core"}
    assert [sample.fields.keys() for sample in samples] == [{"first", "phase"}] * 4
    assert {sample.fields["first"] for sample in samples} == {digest("000.png")}
    assert [sample.fields["phase"] for sample in samples] == [digest(at / 4) for at in range(4)]


def digest(value: object) -> str:
    """As the trials keep a field of the metadata."""
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()


def test_a_script_that_ignores_its_options_is_sliced(tmp_path: Path, pictures: Path) -> None:
    root = families.phase2(tmp_path / "phase2")
    found = assessed(root, pictures, place=families.PHASE2_DATA)
    assert found.pipeline.sliced, found.pipeline.whole
    assert found.pipeline.step == Step(module="_phase2.lesions", name="process_case", item="path")
    assert found.pipeline.output == "/home/somebody/medical/datasets/_example_output"
    assert (found.pipeline.items, sorted(found.trial.samples)) == (4, [0, 1, 2, 3])
    assert found.warnings == ()


def test_a_script_that_finds_no_data_and_exits_with_0_is_refused(
    tmp_path: Path, pictures: Path
) -> None:
    with pytest.raises(InvalidInputError) as refused:
        assessed(families.phase2(tmp_path / "phase2"), pictures)
    assert "0 cases" in str(refused.value)


def test_samples_that_depend_on_the_total_are_sliced_with_a_warning(
    tmp_path: Path, pictures: Path
) -> None:
    (pictures / "001.png").write_bytes(b"")
    found = assessed(families.one_file(tmp_path / "one"), pictures)
    assert found.pipeline.step == Step(module="__main__", name="write_sample")
    assert found.pipeline.sliced, found.pipeline.whole
    assert found.pipeline.items == 0  # as many as it is asked for, of the same pictures
    assert any("depend on how many a run has" in warning for warning in found.warnings)
    assert "an item gave no sample: GeneratorFailed: ValueError: not a picture" in found.warnings


def test_a_script_that_counts_successes_is_sliced_although_it_skips_items(tmp_path: Path) -> None:
    pictures = flip.write_pictures(tmp_path / "pictures", 8, black=(1,))
    found = assessed(loops.caps_successes(tmp_path / "caps"), pictures)
    assert found.pipeline.sliced, found.pipeline.whole
    assert (found.pipeline.items, sorted(found.trial.samples)) == (8, [0, 2, 3, 4])


def test_a_sample_that_depends_on_those_before_it_is_generated_in_one_shard(
    tmp_path: Path, pictures: Path
) -> None:
    found = assessed(loops.remembers(tmp_path / "remembers"), pictures)
    assert "Task.process: sample 2 generated alone" in found.pipeline.whole
    assert found.pipeline.whole.endswith("fields angle, growth, number")
    assert found.warnings == (f"its samples are generated in one shard: {found.pipeline.whole}",)
    assert (found.pipeline.items, sorted(found.trial.samples)) == (4, [0, 1, 2, 3])


@pytest.mark.parametrize("repository", [loops.in_threads, loops.in_processes])
def test_samples_that_are_written_beside_the_loop_are_generated_in_one_shard(
    repository: Callable[[Path], Path], tmp_path: Path, pictures: Path
) -> None:
    found = assessed(repository(tmp_path / "repository"), pictures)
    assert found.pipeline.whole
    assert found.deterministic
    assert sorted(found.trial.samples) == [0, 1, 2, 3]


def test_what_is_not_declared_is_refused_by_name(tmp_path: Path) -> None:
    pictures = flip.write_pictures(tmp_path / "pictures", 2)
    (pictures / "a b").mkdir()
    (pictures / "a b" / "c d.txt").write_text("x")
    root = habits.downloads(tmp_path / "downloads")
    found = assessed(root, pictures, serves=("s3://original/M-1/",))
    assert found.pipeline.sliced, found.pipeline.whole
    said = "\n".join(found.warnings)
    for what in (
        "read s3://secret/x, which is not a declared source",
        "upload to s3://results/000.png",
        "read the metadata of the machine at http://169.254.169.254/latest/meta-data/",
        "install packages: apt-get install -y unar",
        "write /tmp/written-outside.txt",
    ):
        assert what in said
    assert not Path("/tmp/written-outside.txt").exists()


@pytest.mark.parametrize(
    ("repository", "named"),
    [
        (
            habits.lacks,
            (
                "start ffmpeg_of_nobody, which is not installed",
                "read s3://original/000.png, which is not a declared source",
                "imports pycocotools_of_nobody, which is not installed",
                "[skip] empty mask",
            ),
        ),
        (habits.cannot_start, ("No module named 'pandas_of_nobody'",)),
    ],
)
def test_a_script_that_lacks_something_is_refused_with_its_name(
    repository: Callable[[Path], Path], named: tuple[str, ...], tmp_path: Path, pictures: Path
) -> None:
    with pytest.raises(InvalidInputError) as refused:
        assessed(repository(tmp_path / "repository"), pictures)
    said = str(refused.value)
    assert [what for what in named if what not in said] == []
