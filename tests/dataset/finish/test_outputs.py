"""Outputs of a finished run that are missing or damaged are restored; whole ones are kept."""

from collections.abc import Callable

import pytest

from support.builders import build_run, make_plan, put_object
from support.memorystore import MemoryStore
from vrdata.dataset import layout
from vrdata.dataset.outputs import write_outputs
from vrdata.errors import OutputConflictError
from vrdata.plan.planned import Plan

PLAN = make_plan({"O-1_maze": 5, "G-2_rooms": 3})
INDEX = layout.index_key("O-1_maze")
CLIP = "report/media/O-1_maze/00000000-clip.mp4"


@pytest.fixture
def run() -> MemoryStore:
    """A finished run with all its outputs."""
    store = MemoryStore()
    build_run(store, PLAN)
    write_outputs(store, PLAN, detect=False)
    return store


def removed(store: MemoryStore, key: str) -> None:
    del store.objects[key]


def truncated(store: MemoryStore, key: str) -> None:
    store.objects[key] = store.objects[key][:-20]


def replaced(store: MemoryStore, key: str) -> None:
    store.objects[key] = b"{}"


REPORT = ("report/index.html", "report/cards.js", "report/report.css", CLIP)
DERIVED = (INDEX, layout.DATASET, layout.CARD, *REPORT)


@pytest.mark.parametrize("damage", [removed, truncated, replaced])
@pytest.mark.parametrize("key", [*DERIVED, layout.SUCCESS])
def test_a_missing_or_damaged_output_is_restored(
    run: MemoryStore, key: str, damage: Callable[[MemoryStore, str], None]
) -> None:
    before = dict(run.objects)
    damage(run, key)
    write_outputs(run, PLAN, detect=False)
    assert run.objects == before


def test_all_outputs_together_are_restored(run: MemoryStore) -> None:
    before = dict(run.objects)
    for key in DERIVED:
        removed(run, key)
    write_outputs(run, PLAN, detect=False)
    assert run.objects == before


def test_whole_outputs_are_kept_and_neither_markers_nor_data_are_read(run: MemoryStore) -> None:
    before = dict(run.objects)
    run.requests.clear()
    summary = write_outputs(run, PLAN, detect=False)
    assert run.objects == before
    assert run.requests["put_new"] == 0
    assert run.requests.total() <= 14
    assert f"{summary.dataset_hash}\n".encode() == run.objects[layout.SUCCESS]


def test_files_that_a_user_adds_to_the_report_do_not_matter(run: MemoryStore) -> None:
    put_object(run, "report/notes.txt", b"mine")
    before = dict(run.objects)
    run.requests.clear()
    write_outputs(run, PLAN, detect=False)
    assert run.objects == before
    assert run.requests["put_new"] == 0


def test_a_success_of_other_data_is_a_conflict_and_nothing_changes(run: MemoryStore) -> None:
    run.objects[layout.SUCCESS] = f"sha256:{'0' * 64}\n".encode()
    removed(run, layout.DATASET)
    before = dict(run.objects)
    with pytest.raises(OutputConflictError, match="have changed since this run finished"):
        write_outputs(run, PLAN, detect=False)
    assert run.objects == before


def test_a_dataset_json_of_other_data_is_replaced(run: MemoryStore) -> None:
    before = dict(run.objects)
    body = run.objects[layout.DATASET]
    run.objects[layout.DATASET] = body.replace(b'"samples":5', b'"samples":4')
    assert run.objects[layout.DATASET] != body
    write_outputs(run, PLAN, detect=False)
    assert run.objects == before


def test_over_the_failure_budget_there_is_no_success() -> None:
    plan: Plan = make_plan({"O-1_maze": 4})
    store = MemoryStore()
    build_run(store, plan, failed=[("O-1_maze", 1)])
    write_outputs(store, plan, detect=False, max_failed=0)
    assert layout.SUCCESS not in store.objects
    assert "report/index.html" in store.objects
    write_outputs(store, plan, detect=False, max_failed=1)
    assert layout.SUCCESS in store.objects
