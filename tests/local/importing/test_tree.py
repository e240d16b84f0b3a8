"""The layout of an import's output: complete samples, and nothing overwritten."""

from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path

import pytest

from support.builders import build_finished_run, make_plan
from vrdata.dataset.verify.tree import verify_tree
from vrdata.errors import OutputConflictError
from vrdata.local.importing import tree as module
from vrdata.local.importing.tree import Tree, TreeSummary
from vrdata.store.opening import open_store

PLAN = make_plan({"O-1_maze": 3, "G-2_ball": 2}, output_format="files")
ORDER = ("O-1_maze", "G-2_ball")
FAILED = (("O-1_maze", 1),)
IDS = ["maze_task/vtb_00000", "maze_task/vtb_00002", "ball_task/vtb_00003", "ball_task/vtb_00004"]


class Import:
    """A finished run, and an output beside it."""

    def __init__(self, folder: Path) -> None:
        self.store = open_store(str(folder / "run"))
        self.output, self.partial = folder / "out", folder / "out/.vrdata-partial/a"

    def tree(self) -> Tree:
        root = Path(self.store.url)
        return Tree(self.store, root, PLAN, ORDER, self.output, self.partial, "vtb_{:05d}".format)

    def write(self) -> TreeSummary:
        return self.tree().write()

    def state(self) -> dict[str, tuple[int, bytes]]:
        """Inode and content of every file of the output."""
        return {
            str(path.relative_to(self.output)): (path.stat().st_ino, path.read_bytes())
            for path in sorted(self.output.rglob("*"))
            if path.is_file()
        }


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run that no test changes."""
    folder = tmp_path_factory.mktemp("finished") / "run"
    build_finished_run(open_store(str(folder)), PLAN, failed=FAILED)
    return folder


@pytest.fixture
def imported(finished: Path, tmp_path: Path) -> Import:
    shutil.copytree(finished, tmp_path / "run")
    return Import(tmp_path)


def test_samples_are_numbered_over_all_generators_in_the_order_of_the_request(
    imported: Import,
) -> None:
    summary = imported.write()
    folders = sorted(str(path.relative_to(imported.output)) for path in imported.output.glob("*/*"))
    assert folders == sorted(IDS)
    assert (summary.samples, summary.created) == (4, 4)
    assert summary.domains == {"maze_task": 2, "ball_task": 2}


def test_the_dataset_hash_is_the_one_that_verify_prints(imported: Import) -> None:
    summary = imported.write()
    report = verify_tree(open_store(str(imported.output)))
    assert report.ok
    assert report.dataset_hash == summary.dataset_hash


def test_metadata_has_the_id_of_the_folder(imported: Import) -> None:
    imported.write()
    for path in imported.output.rglob("metadata.json"):
        assert json.loads(path.read_bytes())["task_id"] == path.parent.name


def test_large_files_are_linked_and_take_no_more_space(imported: Import) -> None:
    imported.write()
    frame = imported.output / IDS[0] / "first_frame.png"
    assert frame.stat().st_nlink == 2


def test_files_are_copied_where_the_disk_has_no_links(
    imported: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

    monkeypatch.setattr(module.os, "link", refuse)
    copied = imported.write()
    assert verify_tree(open_store(str(imported.output))).dataset_hash == copied.dataset_hash
    assert imported.write().created == 0


def test_the_same_import_again_changes_nothing(imported: Import) -> None:
    first = imported.write()
    before = imported.state()
    second = imported.write()
    assert imported.state() == before
    assert (second.created, second.dataset_hash) == (0, first.dataset_hash)


def test_a_deleted_sample_and_a_deleted_file_come_back(imported: Import) -> None:
    first = imported.write()
    shutil.rmtree(imported.output / IDS[0])
    (imported.output / IDS[1] / "prompt.txt").unlink()
    (imported.output / IDS[2] / "metadata.json").unlink()
    second = imported.write()
    assert (second.created, second.dataset_hash) == (3, first.dataset_hash)
    assert verify_tree(open_store(str(imported.output))).dataset_hash == first.dataset_hash


def test_a_change_of_a_file_that_is_a_link_to_the_one_of_the_run_is_named(
    imported: Import,
) -> None:
    imported.write()
    prompt = imported.output / IDS[2] / "prompt.txt"
    prompt.write_bytes(prompt.read_bytes() + b"!")  # of both names
    with pytest.raises(OutputConflictError, match="vtb_00003"):
        imported.write()


@pytest.mark.parametrize(
    "kind", ["changed-file", "part-of-another", "file-as-folder", "link", "linked-file"]
)
def test_other_content_is_kept_and_nothing_is_written(
    kind: str, imported: Import, tmp_path: Path
) -> None:
    folder = imported.output / IDS[2]
    folder.parent.mkdir(parents=True)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    if kind == "changed-file":
        folder.mkdir()
        (folder / "prompt.txt").write_text("mine")
    elif kind == "part-of-another":  # an import that found an answer in this item, too
        folder.mkdir()
        (folder / "goal.txt").write_text("left")
    elif kind == "file-as-folder":
        folder.write_text("mine")
    elif kind == "link":
        folder.symlink_to(tmp_path / "missing")
    else:
        folder.mkdir()
        (elsewhere / "prompt.txt").write_text("mine")
        (folder / "prompt.txt").symlink_to(elsewhere / "prompt.txt")
    before = sorted(map(str, imported.output.rglob("*")))
    with pytest.raises(OutputConflictError, match=r"1 folder .*vtb_00003"):
        imported.write()
    assert sorted(map(str, imported.output.rglob("*"))) == before


def test_files_of_others_stay_where_they_are(imported: Import) -> None:
    imported.write()
    notes = [imported.output / "notes.txt", imported.output / IDS[0] / "notes.txt"]
    for path in notes:
        path.write_text("mine")
    assert imported.write().created == 0
    assert [path.read_text() for path in notes] == ["mine", "mine"]


@pytest.mark.parametrize("step", range(1, 30, 4))
def test_an_interrupted_layout_has_complete_samples_only_and_continues(
    step: int, imported: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    class KilledError(BaseException):
        pass

    left = step

    def kill(source: Path, target: Path) -> None:
        nonlocal left
        left -= 1
        if not left:
            raise KilledError
        os.link(source, target)

    monkeypatch.setattr(module, "_link", kill)
    monkeypatch.setattr(module.shutil, "rmtree", lambda *_args, **_more: None)  # as after SIGKILL
    try:
        imported.write()
    except KilledError:
        complete = {"final_frame.png", "first_frame.png", "ground_truth.mp4", "metadata.json"}
        for folder in imported.output.glob("*_task/*"):
            assert {path.name for path in folder.iterdir()} == complete | {"prompt.txt"}
    monkeypatch.undo()
    hashed = imported.write().dataset_hash
    assert verify_tree(open_store(str(imported.output))).dataset_hash == hashed
    assert not imported.partial.parent.exists()


def test_failed_items_have_the_id_that_their_sample_would_have(imported: Import) -> None:
    found = [
        (planned.name, sample, failed.index) for planned, sample, failed in imported.tree().failed()
    ]
    assert found == [("O-1_maze", "vtb_00001", 1)]
