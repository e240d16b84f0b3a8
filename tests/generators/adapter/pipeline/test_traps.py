"""Habits of public pipelines give proven slices, one shard with a reason, or an error."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from support.pipelines import flip
from support.pipelines.assessed import assessed
from support.pipelines.traps import families, loops
from vrdata.errors import InvalidInputError
from vrdata.plan.pipelines import Step
from vrdata_child.encoders.h264 import VideoEncoder

pytestmark = pytest.mark.slow


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    return flip.write_pictures(tmp_path / "pictures", 4)


def test_a_writer_may_add_videos_to_samples_and_files_beside_them(
    tmp_path: Path, pictures: Path
) -> None:
    _write_clip(pictures / "videos" / "clip.mp4")
    root = families.core(tmp_path / "core")
    found = assessed(root, pictures, serves=("s3://original/M-1/",))
    assert found.pipeline.step == Step(module="src.pipeline", name="TaskPipeline.process_sample")
    assert found.pipeline.sliced, found.pipeline.whole
    assert {"boxes.csv", "first_video.mp4"} <= set(found.pipeline.files)
    assert found.pipeline.items == 4  # although the script ends with an error if it writes none
    assert found.warnings == (
        "1 file beside the sample folders is not stored: core_task/_class_distribution.json",
    )


def test_a_script_that_ignores_its_options_is_sliced(tmp_path: Path, pictures: Path) -> None:
    root = families.phase2(tmp_path / "phase2")
    found = assessed(root, pictures, place=families.PHASE2_DATA)
    assert found.pipeline.sliced, found.pipeline.whole
    assert found.pipeline.step == Step(module="_phase2.lesions", name="process_case")
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
    assert found.pipeline.items == 0
    assert any("depend on how many a run has" in warning for warning in found.warnings)
    assert "an item gave no sample: GeneratorFailed: ValueError: not a picture" in found.warnings


def test_a_script_that_counts_successes_is_sliced_although_it_skips_items(tmp_path: Path) -> None:
    pictures = flip.write_pictures(tmp_path / "pictures", 8, black=(1,))
    found = assessed(loops.caps_successes(tmp_path / "caps"), pictures)
    assert found.pipeline.sliced, found.pipeline.whole
    assert (found.pipeline.items, sorted(found.trial.samples)) == (8, [0, 2, 3, 4])


@pytest.mark.parametrize("repository", [loops.counts_successes, loops.compares_with_the_last])
def test_a_sample_that_depends_on_those_before_it_is_generated_in_one_shard(
    repository: Callable[[Path], Path], tmp_path: Path, pictures: Path
) -> None:
    found = assessed(repository(tmp_path / "repository"), pictures)
    assert "Task.process: sample 2 generated alone" in found.pipeline.whole
    assert found.warnings == (f"its samples are generated in one shard: {found.pipeline.whole}",)
    assert sorted(found.trial.samples) == [0, 1, 2, 3]


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
    root = loops.downloads(tmp_path / "downloads")
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


def _write_clip(path: Path) -> None:
    path.parent.mkdir()
    encoder = VideoEncoder(path, 32, 32, 8.0)
    for shade in (20, 90, 160):
        encoder.add(Image.new("RGB", (32, 32), (shade, shade, 0)))
    encoder.close()
