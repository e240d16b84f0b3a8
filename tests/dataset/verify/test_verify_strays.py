"""In format files every object must be listed in a commit marker."""

from __future__ import annotations

import pytest

from support.builders import build_finished_run, build_run, make_plan, png
from support.datasets.damage import NAME
from support.markers import samples_of
from support.memorystore import MemoryStore
from vrdata.dataset.verify.run import verify
from vrdata.dataset.verify.strays import SampleFiles


def run_of_files() -> MemoryStore:
    store = MemoryStore()
    build_finished_run(store, make_plan({NAME: 5}, output_format="files"))
    return store


def add_file(store: MemoryStore, folder: str, name: str = "first_frame.png") -> str:
    key = f"questions/{NAME}/{folder}/{name}"
    store.objects[key] = png(1)
    return key


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        (
            "other_task/other_00000003",
            "first_frame.png",
        ),  # a domain that the generator does not have
        ("aaa_task/aaa_00000004", "prompt.txt"),
        ("maze_task/maze_00000005", "prompt.txt"),  # beyond the plan
        ("maze_task/maze_99999999", "prompt.txt"),  # also beyond its shards
        ("maze_task/maze_00000003", "extra.png"),
        ("maze_task/maze_00000003/deep", "prompt.txt"),
        ("maze_task", "prompt.txt"),
        ("zzz", "prompt.txt"),
    ],
)
def test_a_file_that_no_marker_lists_is_found_in_format_files(folder: str, name: str) -> None:
    store = run_of_files()
    key = add_file(store, folder, name)
    (problem,) = verify(store).problems
    assert (problem.kind, problem.where) == ("ExtraObject", key)


def test_files_of_a_failed_sample_are_found_in_format_files() -> None:
    store = MemoryStore()
    build_run(store, make_plan({NAME: 5}, output_format="files"), failed=[(NAME, 2)])
    key = add_file(store, "maze_task/maze_00000002")
    problems = {
        problem.where for problem in verify(store).problems if problem.kind != "NotFinished"
    }
    assert problems == {key}


def test_files_of_an_interrupted_attempt_are_no_strays_until_the_shard_is_committed() -> None:
    store = MemoryStore()
    plan = make_plan({NAME: 5}, output_format="files")
    build_run(store, plan, skip=[(NAME, 0)])
    add_file(store, "maze_task/maze_00000002")
    stray = add_file(store, "maze_task/maze_00000004", "extra.png")
    moved = add_file(store, "maze_task/aaa_00000001")
    found = verify(store)
    assert set(found.problem_counts) == {"MissingShard", "NotFinished", "ExtraObject"}
    assert [one.where for one in found.problems if one.kind == "ExtraObject"] == [moved, stray]


def test_missing_files_do_not_make_other_files_strays() -> None:
    store = run_of_files()
    for name in ("first_frame.png", "final_frame.png", "prompt.txt"):
        del store.objects[f"questions/{NAME}/maze_task/maze_00000001/{name}"]
    counts = verify(store).problem_counts
    assert counts["MissingObject"] == 3
    assert "ExtraObject" not in counts


def test_strays_are_found_with_few_keys_in_memory() -> None:
    store = MemoryStore()
    plan = make_plan({NAME: 5}, output_format="files")
    manifests = build_run(store, plan)
    strays = [add_file(store, folder) for folder in ("aaa", "zzz", "maze_task/maze_00000002/x")]
    with SampleFiles(plan, run_lines=3) as files:
        for manifest in reversed(manifests):
            for sample in samples_of(store, manifest):
                files.add(manifest, sample)
            files.add_shard(manifest)
        assert {problem.where for problem in files.strays(store)} == set(strays)
