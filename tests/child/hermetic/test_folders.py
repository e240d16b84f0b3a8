"""Which folders below the output are samples, in which order, and what lies beside them."""

from __future__ import annotations

from pathlib import Path

from vrdata_child.hermetic.folders import Found, SampleFinder, find_samples

SAMPLE = ("first_frame.png", "prompt.txt")


def write(out: Path, *paths: str) -> None:
    """Write files; a path that ends with / is a folder with the files of a sample."""
    for path in paths:
        names = [f"{path}{name}" for name in SAMPLE] if path.endswith("/") else [path]
        for name in names:
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            (out / name).write_text(name)


def found(out: Path, *paths: str, written: tuple[str, ...] = (), ended: bool = True) -> Found:
    write(out, *paths)
    return SampleFinder(out).find(written, ended=ended)


def names(result: Found, out: Path) -> list[str]:
    return [str(sample.path.relative_to(out)) for sample in result.samples]


def test_files_beside_the_sample_folders_are_listed_and_belong_to_no_sample(tmp_path: Path) -> None:
    beside = ["README.md", "maze_task/dataset.json", "maze_task/index.csv", "maze_task/prompt.txt"]
    result = found(tmp_path, "maze_task/maze_0000/", "maze_task/maze_0001/", *beside)
    assert names(result, tmp_path) == ["maze_task/maze_0000", "maze_task/maze_0001"]
    assert result.beside == beside
    assert {sample.domain for sample in result.samples} == {"maze"}


def test_folders_of_other_files_are_not_samples(tmp_path: Path) -> None:
    result = found(tmp_path, "maze_task/maze_0000/", "maze_task/cache/a.bin", "logs/2024/run.log")
    assert names(result, tmp_path) == ["maze_task/maze_0000"]
    assert result.beside == ["logs/2024/run.log", "maze_task/cache/a.bin"]


def test_metadata_of_a_task_does_not_make_its_folder_a_sample(tmp_path: Path) -> None:
    result = found(tmp_path, "maze_task/maze_0000/", "maze_task/metadata.json")
    assert names(result, tmp_path) == ["maze_task/maze_0000"]
    assert result.beside == ["maze_task/metadata.json"]


def test_a_folder_that_describes_a_task_is_not_a_sample(tmp_path: Path) -> None:
    beside = ["keys_task/_summary/metadata.json", "stats/question_metadata.json"]
    result = found(tmp_path, "keys_task/keys_00001/", "keys_task/keys_00002/", *beside)
    assert names(result, tmp_path) == ["keys_task/keys_00001", "keys_task/keys_00002"]
    assert result.beside == beside


def test_a_numbered_folder_with_metadata_only_is_an_incomplete_sample(tmp_path: Path) -> None:
    result = found(tmp_path, "keys_task/keys_00001/", "keys_task/keys_00002/question_metadata.json")
    assert names(result, tmp_path) == ["keys_task/keys_00001", "keys_task/keys_00002"]


def test_an_empty_folder_of_a_numbered_series_is_a_sample_without_files(tmp_path: Path) -> None:
    (tmp_path / "maze_task" / "maze_0001").mkdir(parents=True)
    (tmp_path / "maze_task" / "extra").mkdir()
    result = found(tmp_path, "maze_task/maze_0000/", "maze_task/maze_0002/")
    assert [sample.path.name[-1] for sample in result.samples] == ["0", "1", "2"]
    assert not result.samples[1].names
    assert result.beside == []


def test_an_empty_folder_waits_while_the_script_still_writes(tmp_path: Path) -> None:
    (tmp_path / "maze_task" / "maze_0001").mkdir(parents=True)
    result = found(tmp_path, "maze_task/maze_0000/", ended=False)
    assert names(result, tmp_path) == ["maze_task/maze_0000"]


def test_a_sample_that_lacks_a_required_file_is_still_a_sample(tmp_path: Path) -> None:
    assert len(found(tmp_path, "maze_task/maze_0000/ground_truth.mp4").samples) == 1


def test_hidden_files_belong_to_no_sample(tmp_path: Path) -> None:
    hidden = [".DS_Store", "maze_task/.DS_Store"]
    (result,) = found(tmp_path, "maze_task/maze_0/", *hidden, "maze_task/maze_0/._a.png").samples
    assert result.names == set(SAMPLE)
    assert result.hidden == ("._a.png",)
    assert SampleFinder(tmp_path).find().beside == hidden


def test_links_are_not_followed(tmp_path: Path) -> None:
    write(tmp_path, "maze_task/maze_0000/")
    (tmp_path / "maze_task" / "latest").symlink_to("maze_0000")
    result = SampleFinder(tmp_path).find()
    assert names(result, tmp_path) == ["maze_task/maze_0000"]
    assert result.beside == ["maze_task/latest"]


def test_a_sample_with_folders_of_its_own_is_one_sample(tmp_path: Path) -> None:
    result = found(tmp_path, "maze_task/maze_0/", "maze_task/maze_0/step_1/")
    assert names(result, tmp_path) == ["maze_task/maze_0"]


def test_numbers_count_as_numbers(tmp_path: Path) -> None:
    result = found(tmp_path, *(f"2d_maze_task/2d_maze_{number}/" for number in (10, 9, 2)))
    assert [sample.number for sample in result.samples] == [2, 9, 10]
    assert {sample.domain for sample in result.samples} == {"2d_maze"}


def test_equal_names_in_two_task_folders_are_two_samples_as_the_script_wrote_them(
    tmp_path: Path,
) -> None:
    written = ("easy_task/s_0", "easy_task/s_1", "a_task/s_0", "a_task/s_1")
    paths = [f"{path}/" for path in written]
    assert names(found(tmp_path, *paths, written=written), tmp_path) == list(written)
    unknown = names(SampleFinder(tmp_path).find(), tmp_path)
    assert unknown == ["a_task/s_0", "easy_task/s_0", "a_task/s_1", "easy_task/s_1"]


def test_distinct_numbers_decide_whatever_order_the_script_wrote_in(tmp_path: Path) -> None:
    written = ("maze_task/maze_1", "maze_task/maze_0")
    result = found(tmp_path, *(f"{path}/" for path in written), written=written)
    assert names(result, tmp_path) == sorted(written)


def test_the_domain_is_that_of_the_task_folder_wherever_it_is(tmp_path: Path) -> None:
    write(tmp_path, "train/maze_task/m_0/", "maze_task/val/m_1/", "grid/g_2/", "square_3/", "4/")
    domains = [sample.domain for sample in find_samples(tmp_path)]
    assert domains == ["maze", "maze", "grid", "square", "sample"]
