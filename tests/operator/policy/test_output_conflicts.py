"""Outputs that hold another run: nothing is overwritten, and the difference is named."""

from __future__ import annotations

import json

import pytest

from support.lives import Life, run_object
from support.objects import put
from vrdata.dataset import layout
from vrdata.plan.waves import Wave
from vrdata_operator.observe.ledger import LIST_SECONDS


def test_another_plan_in_the_output_is_a_conflict_and_nothing_is_overwritten(life: Life) -> None:
    life.create()
    life.live()
    life.cluster.collect_garbage("team", "demo")
    objects = dict(life.store.objects)
    life.create(run_object(seed=8), uid="uid-2")
    life.live()
    assert life.reason("Succeeded") == ("False", "OutputConflict")
    found = life.condition("Succeeded")
    assert "seed" in found.message
    assert "metadata.name or output.prefix" in found.message
    assert life.store.objects == objects
    assert not any(where == "team" for where, _ in life.cluster.jobs)


def test_a_folder_that_was_copied_for_another_name_is_a_conflict_that_names_both(
    life: Life,
) -> None:
    life.create()
    life.live()
    for key, body in dict(life.store.objects).items():
        if key.startswith("team/demo/"):
            put(life.store, key.replace("team/demo/", "team/copy/"), body)
    life.create(run_object("copy"), uid="uid-2")
    for _ in range(9):
        life.turn("copy")
    found = life.condition("Succeeded", "copy")
    assert (found.status, found.reason) == ("False", "OutputConflict")
    assert "metadata.name: demo there, copy wanted" in found.message


def test_another_image_is_a_conflict_that_names_what_it_changes(life: Life) -> None:
    life.create()
    life.live()
    life.cluster.collect_garbage("team", "demo")
    plan = json.loads(life.store.objects["team/demo/_vrdata/plan.json"])
    plan["versions"] = {"av": "13"}
    life.store.objects["team/demo/_vrdata/plan.json"] = json.dumps(plan).encode()
    life.create(uid="uid-2")
    life.live()
    found = life.condition("Succeeded")
    assert (found.status, found.reason) == ("False", "OutputConflict")
    assert "av was 13, now absent" in found.message


def test_a_later_output_conflict_deletes_the_jobs(life: Life) -> None:
    life.create()
    life.live(until=lambda: life.status().phase == "Running")
    wave = Wave.model_validate_json(life.store.objects["team/demo/_vrdata/waves/0000.json"])
    other = wave.model_copy(update={"plan": "sha256:" + "0" * 64, "wave": 2})
    put(life.store, "team/demo/" + layout.wave_key(2), other.to_json())
    life.now += LIST_SECONDS
    life.turn()
    assert life.reason("Succeeded") == ("False", "OutputConflict")
    assert not any(
        where == "team" and not job["status"].get("conditions")
        for (where, _), job in life.cluster.jobs.items()
    )


@pytest.mark.parametrize(
    ("there", "words"),
    [
        ("team/_vrdata/plan.json", "team/demo/ is inside the folder of another run"),
        ("team/demo/sub/inner/_vrdata/plan.json", "already contains another run"),
    ],
)
def test_a_run_whose_folder_overlaps_with_another_runs_ends_and_writes_nothing(
    life: Life, there: str, words: str
) -> None:
    put(life.store, there, b"{}")
    life.create()
    life.live()
    found = life.condition("Succeeded")
    assert (found.status, found.reason) == ("False", "OutputConflict")
    assert words in found.message
    assert "metadata.name or output.prefix" in found.message
    assert {key for key in life.store.objects if key.startswith("team/")} == {there}


def test_a_reserved_name_is_an_invalid_spec(life: Life) -> None:
    life.create(run_object("shards"))
    life.turn("shards")
    found = life.condition("Accepted", "shards")
    assert (found.status, found.reason) == ("False", "InvalidSpec")
    assert "metadata.name" in found.message
    assert "must not be data, index, questions, report or shards" in found.message
