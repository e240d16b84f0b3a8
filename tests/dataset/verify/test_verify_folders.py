"""Sample folders of any layout are found; the report counts what a person would count by hand."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import pytest
from click.testing import Result
from PIL import Image
from typer.testing import CliRunner

from support.memorystore import MemoryStore
from support.objects import put
from support.trees import write_tree
from vrdata.cli.main import app
from vrdata.dataset.verify.tree import verify_tree
from vrdata.errors import NotFoundError
from vrdata.store.file.store import FileStore

QUESTIONS = "data/questions/puzzle_task"


def png(width: int, height: int, mode: str) -> bytes:
    """An encoded image."""
    body = io.BytesIO()
    Image.new(mode, (width, height)).save(body, "PNG")
    return body.getvalue()


def sample(prompt: str = "Solve it.") -> dict[str, bytes]:
    """The files of one sample."""
    return {
        "final_frame.png": png(4, 4, "RGB"),
        "first_frame.png": png(4, 4, "RGB"),
        "prompt.txt": prompt.encode(),
    }


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    """Three samples: the second has another size and mode, the third no final frame."""
    for index, prompt in enumerate(("Solve it.", "Solve the größte puzzle.", "Go.")):
        files = sample(prompt)
        if index == 1:
            files["first_frame.png"] = png(8, 2, "RGBA")
        if index == 2:
            del files["final_frame.png"]
        folder = f"{QUESTIONS}/vtb_test_{index:05d}"
        write_tree(tmp_path, {f"{folder}/{name}": body for name, body in files.items()})
    return tmp_path / "data/questions"


def verify(*arguments: object) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(app, ["verify", *map(str, arguments)])


@pytest.mark.parametrize("folder", ["", "puzzle_task", "../..", ".."])
def test_the_counts_sizes_modes_and_prompts_are_printed(questions: Path, folder: str) -> None:
    ran = verify(questions / folder)
    assert ran.exit_code == 0, ran.output
    lines = ran.stdout.splitlines()
    assert "files: 2 final_frame.png, 3 first_frame.png, 3 prompt.txt" in lines
    assert "images: final_frame.png: 2 4x4 RGB" in lines
    assert "images: first_frame.png: 2 4x4 RGB, 1 8x2 RGBA" in lines
    assert "prompts: 3 of 3 to 24 characters" in lines
    assert "without final_frame.png: 1 sample" in lines


def test_the_json_report_has_them(questions: Path) -> None:
    report = verify_tree(FileStore(questions)).to_dict()
    assert report["images"] == {"4x4 RGB": 4, "8x2 RGBA": 1}
    assert report["imageFiles"]["first_frame.png"] == {"4x4 RGB": 2, "8x2 RGBA": 1}
    assert report["prompts"] == {"count": 3, "shortest": 3, "longest": 24}
    assert report["files"]["final_frame.png"] == 2


def test_a_prompt_with_a_problem_is_not_measured(questions: Path) -> None:
    (questions / "puzzle_task/vtb_test_00001/prompt.txt").write_text(" \n")
    report = verify_tree(FileStore(questions))
    assert (report.problem_counts, report.prompts.count) == ({"BadPrompt": 1}, 2)


def test_a_sample_folder_can_have_any_name_and_place(questions: Path, tmp_path: Path) -> None:
    shutil.copytree(questions / "puzzle_task/vtb_test_00000", tmp_path / "elsewhere/one")
    report = verify_tree(FileStore(tmp_path / "elsewhere/one"))
    assert (report.ok, report.samples, report.generators) == (True, 1, {"elsewhere": 1})


def test_a_relative_path_names_the_same_sample(
    questions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(questions / "puzzle_task/vtb_test_00000")
    ran = verify(".", "-o", "json")
    assert (ran.exit_code, '"samples": 1' in ran.stdout) == (0, True)


def test_samples_below_generator_folders_without_a_task_folder_are_found(tmp_path: Path) -> None:
    for generator in ("G-1_ball", "O-2_maze"):
        for index in range(2):
            write_tree(tmp_path / f"data/v1/{generator}/{index:05d}", sample(f"{index}"))
    report = verify_tree(FileStore(tmp_path))
    assert (report.ok, report.generators) == (True, {"G-1_ball": 2, "O-2_maze": 2})


@pytest.mark.parametrize("layout", ["puzzle_task/one", "v1/O-1/00000"])
def test_folders_in_a_sample_do_not_split_or_add_samples(tmp_path: Path, layout: str) -> None:
    inner = {"frames/0.png": b"", "from/prompt.txt": b"x", "a/b/c.txt": b""}
    write_tree(tmp_path / layout, sample() | inner)
    report = verify_tree(FileStore(tmp_path))
    assert (report.ok, report.samples) == (True, 1)


def test_a_missing_first_frame_or_prompt_is_named_in_every_layout(tmp_path: Path) -> None:
    for name in ("first_frame.png", "prompt.txt"):
        files = sample()
        del files[name]
        write_tree(tmp_path / f"maze_task/no-{name}", files)
        write_tree(tmp_path / f"v1/O-1/no-{name}", files)
    report = verify_tree(FileStore(tmp_path))
    assert report.problem_counts == {"MissingFile": 4}


def test_objects_that_mark_folders_are_not_files() -> None:
    store = MemoryStore()
    for folder in ("a_task/", "a_task/one/"):
        store.objects[folder] = b""
    for name, body in sample().items():
        put(store, f"a_task/one/{name}", body)
    report = verify_tree(store)
    assert (report.ok, report.samples) == (True, 1)


def test_a_folder_without_frames_has_no_dataset(tmp_path: Path) -> None:
    write_tree(tmp_path, {"notes/prompt.txt": b"x", "dataset_info.txt": b"split: test"})
    with pytest.raises(NotFoundError, match="no dataset"):
        verify_tree(FileStore(tmp_path))


@pytest.mark.parametrize("beside", ["_classes.json", "summary.json"])
def test_files_beside_samples_are_skipped_where_the_folder_above_is_named_like_a_task(
    tmp_path: Path, beside: str
) -> None:
    task = tmp_path / "O_40_clock_task/mirror_clock_task"
    for index in (1, 2):
        write_tree(task / f"mirror_{index:04d}", sample())
    (task / beside).write_text("{}")
    report = verify_tree(FileStore(tmp_path))
    assert (report.ok, report.samples) == (True, 2)
    assert report.generators == {"O_40_clock_task": 2}


@pytest.mark.parametrize(("text", "ok"), [('{"a": 1}', True), ("[1]", True), ('{"a": NaN}', False)])
def test_metadata_of_another_name_must_be_json(tmp_path: Path, text: str, ok: bool) -> None:
    folder = tmp_path / "Multi-01_keys/Multi-01_keys_task/keys_00001"
    write_tree(folder, sample() | {"question_metadata.json": text.encode()})
    report = verify_tree(FileStore(tmp_path))
    assert report.ok is ok
    assert [problem.kind for problem in report.problems] == ([] if ok else ["BadMetadata"])
