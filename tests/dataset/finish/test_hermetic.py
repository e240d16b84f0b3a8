"""dataset.json and the report say how far the kernel sandboxed the generators."""

from __future__ import annotations

import json

import pytest

from support.builders import build_run, make_plan
from support.markers import Change, change_marker
from support.memorystore import MemoryStore
from vrdata.contract.groups import FailureGroups
from vrdata.dataset import layout
from vrdata.dataset.finish.summary import DatasetSummary
from vrdata.dataset.outputs import summarise
from vrdata.dataset.report.facts import report_facts
from vrdata.dataset.report.render import render_page
from vrdata.hermetic import Hermetic, HermeticShards
from vrdata.plan.catalogue import Catalogue

Level = dict[str, object]
KERNEL_4: Level = {"level": "kernel", "landlock": 4, "missing": ""}
KERNEL_7: Level = {"level": "kernel", "landlock": 7, "missing": ""}
PYTHON: Level = {"level": "python", "landlock": 0, "missing": "the kernel has no Landlock"}


def recording(level: Level) -> Change:
    return lambda head, _: head["attempt"].update(hermetic=level)


def finished(*levels: Level | None) -> tuple[DatasetSummary, str]:
    """A run whose shards have these records; None = a marker of an earlier version."""
    store = MemoryStore()
    plan = make_plan({"O-1_maze": 2 * len(levels)}, shard_blocks=1)
    build_run(store, plan)
    for shard, level in enumerate(levels):
        key = layout.commit_key("O-1_maze", shard)
        if level is not None:
            store.objects[key] = change_marker(store.objects[key], recording(level))
    summary, _ = summarise(store, plan, detect=False)
    facts = report_facts(plan, summary, FailureGroups(), ())
    return summary, render_page(facts, "digest").decode()


@pytest.mark.parametrize(
    ("levels", "recorded", "shown"),
    [
        (
            (KERNEL_7, KERNEL_7),
            {"kernel": 2, "python": 0, "landlock": [7]},
            "kernel (Landlock 7)",
        ),
        (
            (KERNEL_7, PYTHON, KERNEL_4, None),
            {"kernel": 2, "python": 1, "landlock": [0, 4, 7]},
            "kernel in 2 shards; python in 1 shard; not recorded in 1 shard (Landlock none, 4, 7)",
        ),
        ((PYTHON,), {"kernel": 0, "python": 1, "landlock": [0]}, "python (Landlock none)"),
        ((None,), {"kernel": 0, "python": 0, "landlock": []}, "not recorded"),
    ],
    ids=["one level", "mixed", "python", "earlier version"],
)
def test_the_levels_of_all_shards_are_counted(
    levels: tuple[Level | None, ...], recorded: object, shown: str
) -> None:
    summary, report = finished(*levels)
    assert summary.to_dict()["hermetic"] == recorded
    assert f"<dt>generators sandboxed by</dt><dd>{shown}</dd>" in report


def test_the_level_does_not_change_the_dataset_hash() -> None:
    assert finished(KERNEL_7)[0].dataset_hash == finished(PYTHON)[0].dataset_hash


def test_a_summary_of_an_earlier_version_is_read() -> None:
    summary, _ = finished(KERNEL_7)
    earlier = summary.to_dict()
    del earlier["hermetic"]
    assert DatasetSummary.model_validate(earlier).hermetic == HermeticShards()


def test_a_catalogue_of_an_earlier_version_is_read() -> None:
    entry = {"name": "O-a", "class": "O", "kind": "builtin", "digest": "sha256:" + "0" * 64}
    earlier = Catalogue.model_validate_json(json.dumps({"generators": [entry]}))
    assert earlier.generators[0].hermetic is None
    assert "hermetic" not in earlier.to_dict()["generators"][0]


def test_a_level_says_what_it_means_and_how_to_get_a_better_one() -> None:
    files = Hermetic.model_validate(PYTHON)
    assert "the kernel has no Landlock" in files.effect
    assert "read and write your files" in files.effect
    assert "Linux 5.13" in files.fix
    network = Hermetic(level="python", landlock=7, missing="seccomp cannot report refused calls")
    assert "network" in network.effect
    assert "seccomp" in network.fix
    closed = Hermetic.model_validate(KERNEL_7)
    assert (closed.effect, closed.fix) == ("", "")
