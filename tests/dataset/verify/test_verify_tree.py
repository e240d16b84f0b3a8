"""Folders of samples: the root may be their root, a task's folder or one sample."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.builders import make_plan, sample_files
from support.trees import write_tree
from vrdata.dataset.verify.tree import verify_tree
from vrdata.errors import NotFoundError
from vrdata.store.file.store import FileStore

NAME = "O-1_maze"
TASK = f"questions/{NAME}/maze_task"
PLAN = make_plan({NAME: 3})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Three samples as another tool writes them."""
    for index in range(3):
        files = sample_files(PLAN, NAME, index)
        write_tree(tmp_path, {f"{TASK}/maze_{index:04d}/{name}": files[name] for name in files})
    return tmp_path


@pytest.mark.parametrize("folder", ["", "questions", f"questions/{NAME}", TASK])
def test_all_samples_below_a_folder_are_verified(root: Path, folder: str) -> None:
    report = verify_tree(FileStore(root / folder))
    assert report.ok, report.problems
    assert report.samples == 3
    assert report.dataset_hash == verify_tree(FileStore(root)).dataset_hash


def test_one_sample_is_verified(root: Path) -> None:
    report = verify_tree(FileStore(root / TASK / "maze_0001"))
    assert (report.ok, report.samples, report.generators) == (True, 1, {NAME: 1})


@pytest.mark.parametrize("folder", [TASK, f"{TASK}/maze_0001"])
def test_a_damaged_file_is_named_with_its_sample(root: Path, folder: str) -> None:
    (root / TASK / "maze_0001/prompt.txt").write_text("\u200b")
    (problem,) = verify_tree(FileStore(root / folder)).problems
    assert problem.kind == "BadPrompt"
    assert problem.where.endswith("maze_task/maze_0001/prompt.txt")


def test_a_folder_that_only_ends_like_a_task_is_a_root(root: Path, tmp_path: Path) -> None:
    moved = tmp_path / "my_task"
    moved.mkdir()
    (root / "questions").rename(moved / "questions")
    assert verify_tree(FileStore(moved)).samples == 3


def test_an_empty_task_folder_has_no_dataset(tmp_path: Path) -> None:
    (tmp_path / "maze_task").mkdir()
    with pytest.raises(NotFoundError, match=r"data/\.vrdata/NAME; or name a folder with samples"):
        verify_tree(FileStore(tmp_path / "maze_task"))


def test_duplicates_are_counted_when_images_are_decoded(root: Path) -> None:
    for name in ("first_frame.png", "final_frame.png", "prompt.txt"):
        body = (root / TASK / "maze_0000" / name).read_bytes()
        (root / TASK / "maze_0002" / name).write_bytes(body)
    report = verify_tree(FileStore(root))
    assert (report.ok, report.duplicates) == (True, 1)
    (example,) = report.duplicate_examples
    assert example.sample == f"{NAME}/maze_0002"
    assert example.original == f"{NAME}/maze_0000"
    assert verify_tree(FileStore(root), decode=False).duplicates is None
